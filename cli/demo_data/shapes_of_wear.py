"""Things to wear, as shapes that fill the middle of a picture."""

import math
from collections.abc import Callable, Mapping

from cli.demo_data.drawing import Paint, Pen, curve, shade


def _shirt(pen: Pen, paint: Paint) -> None:
    pen.shape(
        [(36, 18), (64, 18), (86, 32), (78, 48), (70, 43), (70, 82), (30, 82), (30, 43), (22, 48), (14, 32)], paint.main
    )
    pen.shape([(36, 18), (30, 43), (22, 48), (14, 32)], paint.light)
    pen.shape([(70, 43), (64, 18), (86, 32), (78, 48)], paint.dark)
    pen.shape([(36, 18), (50, 32), (64, 18), (58, 17), (50, 25), (42, 17)], paint.accent)
    pen.line([(50, 32), (50, 80)], paint.dark, 0.8)
    for y in (40, 50, 60, 70):
        pen.oval(48.8, y, 51.2, y + 2.4, paint.accent)


def _dress(pen: Pen, paint: Paint) -> None:
    pen.line([(41, 14), (43, 26)], paint.dark, 1.6)
    pen.line([(59, 14), (57, 26)], paint.dark, 1.6)
    pen.shape([(38, 24), *curve((38, 24), (50, 32), (62, 24)), (60, 46), (40, 46)], paint.main)
    pen.shape(
        [
            (40, 46),
            (60, 46),
            *curve((60, 46), (74, 66), (80, 82)),
            *curve((80, 82), (50, 88), (20, 82)),
            *curve((20, 82), (26, 66), (40, 46)),
        ],
        paint.main,
    )
    for x in (34, 50, 66):
        pen.line(curve((50 + (x - 50) * 0.4, 50), (x, 66), (50 + (x - 50) * 1.35, 82)), paint.dark, 0.8)
    pen.box(39, 43, 61, 48, paint.accent, 1)


def _scarf(pen: Pen, paint: Paint) -> None:
    pen.shape([(54, 36), (74, 38), (76, 80), (58, 80)], paint.dark)
    pen.shape([(34, 34), (54, 40), (46, 82), (26, 78)], paint.main)
    pen.oval(22, 18, 78, 48, paint.main)
    pen.oval(34, 22, 66, 38, shade(paint.dark, 0.7))
    for offset in range(0, 30, 9):
        pen.line([(31 - offset / 8 + 1, 48 + offset), (50 - offset / 8, 52 + offset)], paint.accent, 2.2)
    pen.bow(24, 20, 76, 46, 20, 160, paint.accent, 1.8)


def _hat(pen: Pen, paint: Paint) -> None:
    pen.oval(12, 56, 88, 78, paint.dark)
    pen.oval(12, 53, 88, 74, paint.main)
    pen.shape([(32, 62), *curve((32, 62), (32, 22), (50, 24)), *curve((50, 24), (68, 22), (68, 62))], paint.light)
    pen.shape([(31.5, 52), (68.5, 52), (69, 63), (31, 63)], paint.accent)


def _sneaker(pen: Pen, paint: Paint) -> None:
    pen.shape(
        [(16, 40), *curve((16, 40), (26, 50), (40, 38)), *curve((40, 38), (60, 60), (84, 62)), (86, 72), (14, 72)],
        paint.main,
    )
    pen.shape([(16, 40), (26, 44), (26, 72), (14, 72)], paint.dark)
    pen.box(11, 70, 90, 79, shade(paint.accent, 4), 4)
    pen.line([(14, 76), (87, 76)], paint.accent, 1.2)
    for step in range(4):
        pen.line([(41 + step * 6, 45 + step * 4), (34 + step * 6, 51 + step * 4)], shade(paint.accent, 3), 1.6)
    pen.line(curve((28, 66), (48, 72), (66, 60)), paint.accent, 2.4)


def _boot(pen: Pen, paint: Paint) -> None:
    pen.shape([(30, 20), (56, 20), (56, 50), *curve((56, 50), (82, 54), (84, 74)), (28, 74)], paint.main)
    pen.shape([(30, 20), (38, 20), (37, 74), (28, 74)], paint.dark)
    pen.box(26, 72, 87, 80, shade(paint.dark, 0.6), 3)
    for x in (32, 44, 56, 68, 80):
        pen.box(x - 3, 78, x + 3, 83, shade(paint.dark, 0.6), 1)
    for y in (28, 35, 42, 49):
        pen.line([(45, y), (57, y + 2)], paint.accent, 1.8)


def _backpack(pen: Pen, paint: Paint) -> None:
    pen.bow(40, 12, 60, 32, 180, 360, paint.dark, 2.6)
    pen.box(22, 44, 34, 76, paint.dark, 5)
    pen.box(66, 44, 78, 76, paint.dark, 5)
    pen.box(28, 20, 72, 82, paint.main, 13)
    pen.box(34, 52, 66, 78, paint.dark, 5)
    pen.line([(38, 58), (62, 58)], paint.accent, 1.6)
    pen.line([(33, 40), (67, 40)], paint.accent, 2.2)
    pen.box(46, 36, 54, 46, shade(paint.accent, 1.6), 1.5)


def _watch(pen: Pen, paint: Paint) -> None:
    pen.box(39, 12, 61, 86, paint.dark, 4)
    pen.oval(26, 26, 74, 74, paint.main)
    pen.oval(30, 30, 70, 70, shade(paint.accent, 5))
    for turn in range(0, 360, 30):
        x, y = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        pen.line([(50 + 17 * x, 50 + 17 * y), (50 + 18.4 * x, 50 + 18.4 * y)], paint.dark, 1)
    pen.line([(50, 50), (50, 36)], paint.dark, 1.6)
    pen.line([(50, 50), (60, 55)], paint.dark, 1.6)
    pen.line([(50, 54), (41, 40)], paint.accent, 0.8)
    pen.box(74, 47, 78, 53, paint.dark, 1)


SHAPES: Mapping[str, Callable[[Pen, Paint], None]] = {
    "shirt": _shirt,
    "dress": _dress,
    "scarf": _scarf,
    "hat": _hat,
    "sneaker": _sneaker,
    "boot": _boot,
    "backpack": _backpack,
    "watch": _watch,
}
