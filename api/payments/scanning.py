"""A payment as a code to scan: for WeChat Pay Native, and for whoever would rather pay on a phone."""

import io

from fastapi import APIRouter, Response

from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.payments.access import payment_seen_by
from models.payments.types import AttemptState
from models.shared.ids import AttemptId, PaymentId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated

router = APIRouter(prefix="/v1", tags=["payments"])

_HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'"}


@router.get(
    "/payments/{payment_id}/attempts/{attempt_id}/code.svg",
    summary="Where to pay, as a QR code",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **refusals(NotAuthenticated, NotFound)},
)
async def show_code(payment_id: PaymentId, attempt_id: AttemptId, who: CurrentUser, shop: Wired) -> Response:
    """The `cashier_url` of a try that waits for the buyer, as an SVG picture. One that begins with `weixin:` cannot be visited, only
    scanned with WeChat."""
    payment = await payment_seen_by(who, payment_id, shop)
    attempts = await shop.payments.attempts(payment.payment_id)
    waiting = [attempt for attempt in attempts if attempt.attempt_id == attempt_id and attempt.cashier_url]
    if not waiting or waiting[0].state is not AttemptState.PENDING:
        raise NotFound(f"Payment {payment_id} has no attempt {attempt_id} that waits for its buyer.")
    return Response(drawn(waiting[0].cashier_url or ""), media_type="image/svg+xml", headers=_HEADERS)


def drawn(text: str) -> bytes:
    """A QR code (ISO/IEC 18004) that still reads when a tenth of it is hidden, with the quiet zone around it."""
    import segno  # half a megabyte, for those who pay by scanning

    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="svg", scale=8, border=4, light="#fff", xmldecl=False)
    return picture.getvalue()
