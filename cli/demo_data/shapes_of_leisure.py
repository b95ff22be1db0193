"""Things to work, play, read and travel with, as shapes that fill the middle of a picture."""

from collections.abc import Callable, Mapping

from cli.demo_data.drawing import Paint, Pen, curve, shade


def _tent(pen: Pen, paint: Paint) -> None:
    pen.shape([(50, 20), (88, 80), (12, 80)], paint.main)
    pen.shape([(50, 20), (28, 80), (12, 80)], paint.dark)
    pen.shape([(50, 38), (64, 80), (40, 80)], paint.accent)
    pen.shape([(50, 38), (64, 80), (57, 80)], shade(paint.accent, 0.7))
    pen.line([(50, 20), (46, 15)], paint.dark, 1.4)
    pen.line([(50, 20), (54, 15)], paint.dark, 1.4)


def _bottle(pen: Pen, paint: Paint) -> None:
    pen.box(44, 14, 56, 26, paint.dark, 2)
    pen.shape(
        [
            (43, 26),
            (57, 26),
            *curve((57, 26), (66, 32), (66, 42)),
            (66, 42),
            (34, 42),
            *curve((34, 42), (34, 32), (43, 26)),
        ],
        paint.main,
    )
    pen.box(34, 38, 66, 83, paint.main, 5)
    pen.box(38, 42, 43, 78, paint.light, 2.4)
    pen.box(34, 54, 66, 66, paint.accent)


def _phone(pen: Pen, paint: Paint) -> None:
    pen.box(31, 13, 69, 84, paint.dark, 6)
    pen.box(33, 15, 67, 82, shade(paint.main, 1.1), 5)
    pen.shape([(33, 60), *curve((33, 60), (46, 36), (67, 54)), (67, 77), (33, 77)], paint.accent)
    pen.oval(50, 26, 60, 36, shade(paint.accent, 3))
    pen.box(45, 17, 55, 19.4, paint.dark, 1.2)
    pen.box(43, 79, 57, 80.2, paint.light, 0.6)


def _keyboard(pen: Pen, paint: Paint) -> None:
    pen.box(10, 34, 90, 78, paint.dark, 4)
    for row in range(4):
        for column in range(11):
            x, y = 13.5 + column * 6.7, 37.5 + row * 8
            colour = paint.accent if (row, column) in ((0, 0), (2, 10), (3, 9)) else shade(paint.main, 1.7)
            pen.box(x, y, x + 5.7, y + 6.6, colour, 1)
    pen.box(28, 69.5, 66, 75.5, paint.main, 1)


def _speaker(pen: Pen, paint: Paint) -> None:
    pen.box(28, 14, 72, 83, paint.main, 7)
    pen.oval(34, 40, 66, 72, paint.dark)
    pen.oval(40, 46, 60, 66, paint.accent)
    pen.oval(46, 52, 54, 60, paint.dark)
    pen.oval(42, 20, 58, 36, paint.dark)
    pen.oval(46, 24, 54, 32, paint.accent)


def _camera(pen: Pen, paint: Paint) -> None:
    pen.box(38, 22, 62, 38, paint.dark, 3)
    pen.box(14, 32, 86, 80, paint.main, 6)
    pen.box(14, 42, 86, 68, paint.dark)
    pen.oval(32, 36, 68, 72, shade(paint.main, 1.6))
    pen.oval(36, 40, 64, 68, shade(paint.dark, 0.6))
    pen.oval(42, 46, 58, 62, paint.accent)
    pen.oval(45, 48, 50, 53, shade(paint.accent, 3))
    pen.oval(72, 35, 79, 40, paint.accent)


def _headphones(pen: Pen, paint: Paint) -> None:
    pen.bow(22, 16, 78, 84, 180, 360, paint.dark, 5)
    pen.bow(24, 18, 76, 82, 200, 250, paint.light, 1.4)
    pen.box(16, 46, 36, 80, paint.main, 8)
    pen.box(64, 46, 84, 80, paint.main, 8)
    pen.box(32, 50, 40, 76, paint.accent, 4)
    pen.box(60, 50, 68, 76, paint.accent, 4)


def _book(pen: Pen, paint: Paint) -> None:
    pen.shape([(28, 16), (70, 16), (76, 20), (76, 84), (34, 84), (28, 80)], shade(paint.accent, 5))
    pen.box(26, 14, 70, 80, paint.main, 1.5)
    pen.box(26, 14, 32, 80, paint.dark, 1.5)
    pen.box(38, 26, 64, 29, shade(paint.accent, 2))
    pen.box(38, 33, 58, 35, shade(paint.accent, 2))
    pen.oval(40, 46, 62, 68, paint.accent)
    pen.shape(
        [
            (40, 57),
            *curve((40, 57), (48, 48), (62, 60)),
            *curve((62, 60), (58, 69), (51, 68)),
            *curve((51, 68), (41, 68), (40, 57)),
        ],
        paint.dark,
    )


def _notebook(pen: Pen, paint: Paint) -> None:
    pen.box(28, 16, 74, 83, paint.main, 3)
    pen.box(28, 16, 36, 83, paint.dark, 3)
    pen.box(64, 16, 67, 83, paint.accent)
    pen.box(42, 30, 60, 42, shade(paint.accent, 4), 1)
    for y in range(22, 82, 8):
        pen.oval(25, y, 31, y + 3, shade(paint.main, 2.4))


def _pen(pen: Pen, paint: Paint) -> None:
    pen.line([(24, 78), (66, 28)], paint.main, 9)
    pen.line([(26, 72), (64, 27)], paint.light, 1.6)
    pen.shape([(19.5, 75), (28, 81.5), (14, 88)], (214, 184, 108))
    pen.line([(56, 40), (74, 18)], paint.dark, 9.6)
    pen.line([(58, 44), (72, 27)], paint.accent, 1.6)


def _puzzle(pen: Pen, paint: Paint) -> None:
    for x, y, colour in ((22, 22, paint.main), (50, 22, paint.accent), (22, 50, paint.dark), (50, 50, paint.light)):
        pen.box(x, y, x + 27, y + 27, colour, 2)
    pen.oval(46, 31, 56, 41, paint.main)
    pen.oval(31, 46, 41, 56, paint.dark)
    pen.oval(59, 45, 69, 55, paint.accent)
    pen.oval(44, 59, 54, 69, paint.light)


def _kite(pen: Pen, paint: Paint) -> None:
    pen.line(curve((48, 62), (60, 74), (46, 84)), paint.dark, 1)
    pen.shape([(50, 12), (76, 36), (48, 64), (24, 36)], paint.main)
    pen.shape([(50, 12), (76, 36), (49, 36)], paint.accent)
    pen.shape([(24, 36), (49, 36), (48, 64)], paint.dark)
    for x, y in ((55, 70), (53, 78)):
        pen.shape([(x, y), (x - 6, y - 3), (x - 6, y + 3)], paint.accent)
        pen.shape([(x, y), (x + 6, y - 3), (x + 6, y + 3)], paint.accent)


def _bear(pen: Pen, paint: Paint) -> None:
    for x in (30, 58):
        pen.oval(x, 14, x + 12, 26, paint.main)
        pen.oval(x + 3, 17, x + 9, 23, paint.accent)
    pen.oval(30, 44, 70, 84, paint.main)
    pen.oval(38, 54, 62, 80, shade(paint.accent, 2))
    pen.oval(20, 50, 36, 66, paint.dark)
    pen.oval(64, 50, 80, 66, paint.dark)
    pen.oval(30, 16, 70, 54, paint.main)
    pen.oval(42, 36, 58, 50, shade(paint.accent, 2))
    for x in (41, 56):
        pen.oval(x, 30, x + 4, 34.5, (50, 40, 36))
    pen.oval(47, 38, 53, 42, (50, 40, 36))


SHAPES: Mapping[str, Callable[[Pen, Paint], None]] = {
    "tent": _tent,
    "bottle": _bottle,
    "phone": _phone,
    "keyboard": _keyboard,
    "speaker": _speaker,
    "camera": _camera,
    "headphones": _headphones,
    "book": _book,
    "notebook": _notebook,
    "pen": _pen,
    "puzzle": _puzzle,
    "kite": _kite,
    "bear": _bear,
}
