"""The label that is stuck on a parcel: 100 × 150 mm, as couriers' thermal printers take it."""

import io
from datetime import timedelta, timezone

from reportlab.graphics.barcode import code128
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from channels.carrier.sandbox.types import Parcel
from channels.carrier.sandbox.wire import Party

_WIDTH, _HEIGHT, _EDGE = 100 * mm, 150 * mm, 5 * mm
_FONT = "STSong-Light"
"""One of the CJK fonts that every PDF reader brings along: nothing is embedded, and a label stays at a few kilobytes."""
_SHANGHAI = timezone(timedelta(hours=8))
_NAMES = {"sandbox": "Sandbox Express 沙箱快递", "sandbox_relay": "Sandbox Relay 沙箱接力"}
_KINDS = {"delivery": "", "return": "RETURN 退货"}


def draw_label(parcel: Parcel) -> bytes:
    """The label as PDF; the same parcel gives the same bytes."""
    if _FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    page = io.BytesIO()
    canvas = Canvas(page, pagesize=(_WIDTH, _HEIGHT), invariant=True)
    canvas.setTitle(parcel.waybill)
    _head(canvas, parcel)
    _barcode(canvas, parcel.waybill)
    _party(canvas, (99 * mm, 58 * mm), "收 To", parcel.recipient, size=13)
    _party(canvas, (53 * mm, 28 * mm), "寄 From", parcel.sender, size=9)
    _foot(canvas, parcel)
    canvas.showPage()
    canvas.save()
    return page.getvalue()


def _head(canvas: Canvas, parcel: Parcel) -> None:
    canvas.setFont(_FONT, 14)
    canvas.drawString(_EDGE, 139 * mm, _NAMES[parcel.company])
    canvas.setFont(_FONT, 11)
    canvas.drawRightString(_WIDTH - _EDGE, 139 * mm, _KINDS[parcel.kind])
    _line(canvas, 136 * mm)


def _barcode(canvas: Canvas, waybill: str) -> None:
    """Code 128, as wide as the label has room, the number in full below it."""
    room = _WIDTH - 2 * _EDGE
    narrow = code128.Code128(waybill, barWidth=1, quiet=False)
    bars = code128.Code128(waybill, barHeight=19 * mm, barWidth=room / narrow.width, quiet=False)
    bars.drawOn(canvas, _EDGE, 114 * mm)
    canvas.setFont("Courier-Bold", 12)
    canvas.drawCentredString(_WIDTH / 2, 108 * mm, waybill)
    _line(canvas, 104 * mm)


def _party(canvas: Canvas, room: tuple[float, float], title: str, party: Party, *, size: int) -> None:
    """Name, place, street and code between these heights."""
    top, bottom = room
    canvas.setFont(_FONT, 9)
    canvas.drawString(_EDGE, top, title)
    place = " ".join(dict.fromkeys(filter(None, [party.region, party.city])))
    rows = [f"{party.name}  {party.phone}".strip(), place, party.line, f"{party.postal_code} {party.country}".strip()]
    height = top - size * 1.5
    for row in filter(None, rows):
        for piece in _broken(row, size):
            canvas.setFont(_FONT, size)
            canvas.drawString(_EDGE, height, piece)
            height -= size * 1.4
    _line(canvas, bottom)


def _broken(text: str, size: int) -> list[str]:
    """The text over at most two lines that fit the label; what is longer is cut."""
    room, pieces = _WIDTH - 2 * _EDGE, [""]
    for letter in text:
        if pdfmetrics.stringWidth(pieces[-1] + letter, _FONT, size) > room:
            if len(pieces) == 2:
                break
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _foot(canvas: Canvas, parcel: Parcel) -> None:
    booked = parcel.booked_at.astimezone(_SHANGHAI)
    canvas.setFont(_FONT, 9)
    canvas.drawString(_EDGE, 22 * mm, f"{parcel.weight_g / 1000:.2f} kg · {parcel.pieces} 件 pcs")
    canvas.drawRightString(_WIDTH - _EDGE, 22 * mm, f"{booked:%Y-%m-%d %H:%M} UTC+8")
    canvas.drawString(_EDGE, 15 * mm, parcel.reference)


def _line(canvas: Canvas, height: float) -> None:
    canvas.setLineWidth(0.6)
    canvas.line(_EDGE, height, _WIDTH - _EDGE, height)
