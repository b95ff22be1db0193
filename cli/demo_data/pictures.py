"""Product pictures of the demo shop, drawn by code: nothing to download, nothing to license, nothing to store.

A picture is a soft background in the product's own hue, its shadow, its shape and its English name. It is drawn at twice
its size and scaled down, which makes the edges smooth.
"""

import io

from PIL import Image, ImageDraw, ImageFilter

from cli.demo_data import shapes_of_home, shapes_of_leisure, shapes_of_wear
from cli.demo_data.drawing import DRAWN, Paint, Pen, from_hex, shade

_SHAPES = {**shapes_of_home.SHAPES, **shapes_of_leisure.SHAPES, **shapes_of_wear.SHAPES}


def picture(kind: str, label: str, main: str, accent: str) -> bytes:
    """A PNG of a product of that kind in these colours."""
    paint = Paint(from_hex(main), from_hex(accent))
    image = _background(paint)
    pen = Pen(ImageDraw.Draw(image))
    _SHAPES[kind](pen, paint)
    pen.words(label, 93, 4.4 if len(label) < 26 else 3.6, shade(paint.main, 0.45))
    out = io.BytesIO()
    image.reduce(2).save(out, "PNG", compress_level=0)
    return out.getvalue()


def _background(paint: Paint) -> Image.Image:
    top, bottom = shade(paint.main, 6.5), shade(paint.accent, 3.2)
    small = Image.new("RGB", (1, 2))
    small.putpixel((0, 0), top)
    small.putpixel((0, 1), bottom)
    image = small.resize((DRAWN // 4, DRAWN // 4), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    quarter = DRAWN / 4
    draw.ellipse([quarter * part for part in (0.17, 0.10, 0.83, 0.76)], fill=shade(paint.accent, 4.2))
    draw.ellipse([quarter * part for part in (0.20, 0.78, 0.80, 0.86)], fill=shade(paint.main, 1.9))
    return image.filter(ImageFilter.GaussianBlur(quarter * 0.012)).resize((DRAWN, DRAWN), Image.Resampling.BILINEAR)
