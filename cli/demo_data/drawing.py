"""A pen, paints and curves for the demo shop's pictures. Coordinates are per cent of the picture's side."""

import colorsys
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import ImageDraw, ImageFont

DRAWN = 960
Colour = tuple[int, int, int]
Point = tuple[float, float]
_STEPS = 24


def shade(colour: Colour, lightness: float) -> Colour:
    """The same hue, lighter (above 1) or darker (below 1)."""
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    light = min(1.0, light * lightness) if lightness <= 1 else 1 - (1 - light) / lightness
    red, green, blue = colorsys.hls_to_rgb(hue, light, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def from_hex(text: str) -> Colour:
    """`c96f4a` as a colour."""
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


@dataclass(frozen=True)
class Paint:
    """The colours of one product."""

    main: Colour
    accent: Colour

    @property
    def light(self) -> Colour:
        """The lit side."""
        return shade(self.main, 1.5)

    @property
    def dark(self) -> Colour:
        """The side away from the light."""
        return shade(self.main, 0.68)


class Pen:
    """Draws in per cent of the side."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def _at(self, *values: float) -> list[float]:
        return [value * DRAWN / 100 for value in values]

    def oval(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        fill: Colour | None,
        line: Colour | None = None,
        width: float = 0,
    ) -> None:
        """An ellipse in that box."""
        self._draw.ellipse(
            self._at(left, top, right, bottom), fill=fill, outline=line, width=round(width * DRAWN / 100)
        )

    def box(self, left: float, top: float, right: float, bottom: float, fill: Colour, round_by: float = 0) -> None:
        """A rectangle, its corners rounded."""
        self._draw.rounded_rectangle(self._at(left, top, right, bottom), radius=round_by * DRAWN / 100, fill=fill)

    def shape(self, points: Sequence[Point], fill: Colour) -> None:
        """A polygon."""
        self._draw.polygon(self._at(*(value for point in points for value in point)), fill=fill)

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """A line with round joints and ends."""
        thick = width * DRAWN / 100
        flat = self._at(*(value for point in points for value in point))
        self._draw.line(flat, fill=fill, width=round(thick), joint="curve")
        for x, y in (flat[:2], flat[-2:]):
            self._draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=fill)

    def bow(
        self, left: float, top: float, right: float, bottom: float, start: float, end: float, fill: Colour, width: float
    ) -> None:
        """A part of an ellipse's rim, in degrees clockwise from three o'clock."""
        self._draw.arc(self._at(left, top, right, bottom), start, end, fill=fill, width=round(width * DRAWN / 100))

    def words(self, text: str, y: float, size: float, fill: Colour) -> None:
        """A centred line of Latin text."""
        font = ImageFont.load_default(size * DRAWN / 100)
        self._draw.text((DRAWN / 2, y * DRAWN / 100), text, font=font, fill=fill, anchor="mm")


def curve(start: Point, bend: Point, end: Point) -> list[Point]:
    """Points along a quadratic Bézier curve."""
    found = []
    for step in range(_STEPS + 1):
        t = step / _STEPS
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        found.append((a * start[0] + b * bend[0] + c * end[0], a * start[1] + b * bend[1] + c * end[1]))
    return found


def star(x: float, y: float, radius: float, points: int = 5, inner: float = 0.45) -> list[Point]:
    """The corners of a star."""
    turns = [(math.pi * step / points - math.pi / 2, 1 if step % 2 == 0 else inner) for step in range(points * 2)]
    return [(x + math.cos(turn) * radius * far, y + math.sin(turn) * radius * far) for turn, far in turns]
