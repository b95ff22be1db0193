"""Things for a home and a kitchen, as shapes that fill the middle of a picture."""

import math
from collections.abc import Callable, Mapping

from cli.demo_data.drawing import Paint, Pen, curve, shade, star


def _mug(pen: Pen, paint: Paint) -> None:
    pen.oval(58, 40, 82, 66, None, paint.dark, 4)
    pen.box(28, 30, 68, 82, paint.main, 6)
    pen.box(28, 30, 38, 82, paint.light, 6)
    pen.oval(28, 26, 68, 36, paint.dark)
    pen.oval(31, 28, 65, 35, paint.accent)
    for x in (38, 48, 58):
        pen.line(curve((x, 22), (x + 4, 17), (x, 12)), shade(paint.accent, 2), 1.2)
    pen.box(28, 58, 68, 62, paint.accent)


def _teapot(pen: Pen, paint: Paint) -> None:
    pen.bow(60, 38, 90, 74, 250, 110, paint.dark, 4.5)
    pen.shape([*curve((34, 66), (18, 62), (10, 38)), (17, 38), *curve((17, 38), (24, 50), (38, 50))], paint.dark)
    pen.oval(26, 36, 76, 82, paint.main)
    pen.oval(31, 40, 52, 66, paint.light)
    pen.oval(33, 42, 56, 70, paint.main)
    pen.oval(36, 33, 66, 43, paint.dark)
    pen.oval(46, 25, 56, 35, paint.accent)
    pen.line([(30, 64), (72, 64)], paint.accent, 1.6)


def _tin(pen: Pen, paint: Paint) -> None:
    pen.box(30, 26, 70, 82, paint.main, 3)
    pen.box(30, 26, 40, 82, paint.light, 3)
    pen.box(28, 20, 72, 33, paint.dark, 3)
    pen.oval(36, 42, 64, 70, paint.accent)
    for turn in range(0, 360, 60):
        x, y = 50 + 7 * math.cos(math.radians(turn)), 56 + 7 * math.sin(math.radians(turn))
        pen.oval(x - 4, y - 4, x + 4, y + 4, shade(paint.accent, 1.8))
    pen.oval(46, 52, 54, 60, paint.main)


def _bowl(pen: Pen, paint: Paint) -> None:
    pen.shape(
        [(18, 46), (82, 46), *curve((82, 46), (78, 78), (58, 80)), *curve((42, 80), (22, 78), (18, 46))], paint.main
    )
    pen.oval(18, 38, 82, 54, paint.dark)
    pen.oval(21, 40, 79, 53, shade(paint.accent, 1.6))
    pen.box(40, 78, 60, 83, paint.dark, 1)
    pen.line(curve((23, 60), (50, 76), (77, 60)), paint.accent, 2)


def _vase(pen: Pen, paint: Paint) -> None:
    for x, y, bend in ((36, 20, 40), (50, 14, 50), (64, 20, 60)):
        pen.line(curve((50, 46), (bend, 34), (x, y)), shade(paint.accent, 0.6), 1.3)
        pen.shape(star(x, y, 8, 6, 0.6), paint.accent)
        pen.oval(x - 2, y - 2, x + 2, y + 2, shade(paint.accent, 2.4))
    body = [(44, 42), *curve((44, 46), (20, 60), (40, 83)), (60, 83), *curve((60, 83), (80, 60), (56, 46)), (56, 42)]
    pen.shape(body, paint.main)
    pen.shape([(44, 42), *curve((44, 46), (24, 60), (41, 82)), *curve((41, 82), (36, 60), (48, 42))], paint.light)
    pen.oval(43, 40, 57, 45, paint.dark)


def _lamp(pen: Pen, paint: Paint) -> None:
    pen.shape([(38, 22), (62, 22), (76, 50), (24, 50)], paint.main)
    pen.shape([(38, 22), (46, 22), (36, 50), (24, 50)], paint.light)
    pen.oval(24, 46, 76, 54, shade(paint.accent, 2.2))
    pen.box(48, 50, 52, 78, paint.dark)
    pen.oval(34, 75, 66, 83, paint.dark)
    pen.oval(44, 48, 56, 60, shade(paint.accent, 4))


def _cushion(pen: Pen, paint: Paint) -> None:
    pen.shape(
        [
            *curve((20, 26), (50, 34), (80, 26)),
            *curve((80, 26), (72, 54), (82, 82)),
            *curve((82, 82), (50, 74), (18, 82)),
            *curve((18, 82), (28, 54), (20, 26)),
        ],
        paint.main,
    )
    for x in (36, 50, 64):
        pen.line(curve((x, 32), (x + 3, 54), (x, 76)), paint.accent, 2.2)
    pen.line(curve((24, 30), (30, 54), (22, 78)), paint.light, 2)


def _candle(pen: Pen, paint: Paint) -> None:
    pen.shape([*curve((50, 14), (42, 28), (50, 34)), *curve((50, 34), (58, 28), (50, 14))], (247, 178, 72))
    pen.oval(48, 26, 52, 34, (255, 236, 170))
    pen.line([(50, 34), (50, 41)], (70, 60, 55), 1)
    pen.box(30, 44, 70, 82, paint.main, 4)
    pen.box(30, 44, 38, 82, paint.light, 4)
    pen.oval(30, 40, 70, 48, shade(paint.accent, 2.2))
    pen.box(38, 56, 62, 72, shade(paint.accent, 3), 1)
    pen.line([(43, 62), (57, 62)], paint.dark, 1)
    pen.line([(46, 66), (54, 66)], paint.dark, 1)


def _chair(pen: Pen, paint: Paint) -> None:
    for x, foot in ((32, 28), (68, 72), (40, 40), (60, 60)):
        pen.line([(x, 56), (foot, 83)], paint.dark, 2.4)
    pen.box(30, 16, 70, 50, paint.main, 8)
    pen.box(34, 20, 44, 46, paint.light, 4)
    pen.box(24, 50, 76, 60, paint.accent, 5)


def _plant(pen: Pen, paint: Paint) -> None:
    for x, y in ((26, 32), (40, 18), (58, 16), (74, 30), (50, 28)):
        pen.line(curve((50, 60), ((50 + x) / 2, 44), (x, y)), paint.dark, 1.4)
        pen.shape(
            [*curve((50, 58), (x - 9, (y + 50) / 2), (x, y)), *curve((x, y), (x + 11, (y + 54) / 2), (50, 58))],
            paint.main,
        )
        pen.line(curve((50, 58), (x + 1, (y + 52) / 2), (x, y)), paint.light, 0.9)
    pen.shape([(34, 58), (66, 58), (61, 83), (39, 83)], paint.accent)
    pen.box(32, 55, 68, 62, shade(paint.accent, 0.8), 1.5)


def _jar(pen: Pen, paint: Paint) -> None:
    pen.box(30, 30, 70, 83, shade(paint.main, 2), 9)
    pen.box(32, 42, 68, 81, paint.main, 8)
    pen.box(32, 18, 68, 31, paint.accent, 3)
    pen.box(36, 50, 64, 72, shade(paint.accent, 5), 2)
    pen.shape(star(50, 58, 5, 6, 0.6), paint.dark)
    pen.line([(42, 67), (58, 67)], paint.dark, 1)
    pen.box(34, 34, 37, 76, shade(paint.main, 3), 1.4)


def _fruit(pen: Pen, paint: Paint) -> None:
    pen.shape([(16, 58), (84, 58), (76, 83), (24, 83)], (176, 132, 86))
    for x in range(20, 84, 9):
        pen.line([(x, 60), (x * 0.84 + 8, 82)], (150, 108, 68), 1)
    for x, y in ((22, 42), (40, 40), (58, 42), (31, 28), (49, 27)):
        pen.oval(x, y, x + 20, y + 20, paint.main)
        pen.oval(x + 4, y + 4, x + 9, y + 9, paint.light)
        pen.shape(
            [
                *curve((x + 10, y + 2), (x + 14, y - 6), (x + 19, y - 3)),
                *curve((x + 19, y - 3), (x + 16, y + 3), (x + 10, y + 2)),
            ],
            paint.accent,
        )
    pen.box(14, 56, 86, 62, (160, 116, 74), 2)


SHAPES: Mapping[str, Callable[[Pen, Paint], None]] = {
    "mug": _mug,
    "teapot": _teapot,
    "tin": _tin,
    "bowl": _bowl,
    "vase": _vase,
    "lamp": _lamp,
    "cushion": _cushion,
    "candle": _candle,
    "chair": _chair,
    "plant": _plant,
    "jar": _jar,
    "fruit": _fruit,
}
