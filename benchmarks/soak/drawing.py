"""Memory over orders as one SVG: a line for each process."""

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 1100, 560, 70, 50, 190, 50
_COLOURS = (
    "#c62828",
    "#1565c0",
    "#2e7d32",
    "#6a1b9a",
    "#ef6c00",
    "#00838f",
    "#5d4037",
    "#455a64",
    "#ad1457",
    "#9e9d24",
)


def draw(orders: Sequence[float], lines: Mapping[str, Sequence[float]], title: str) -> str:
    """`lines` has a value for each of `orders`; its ends are named at the right."""
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    most_x, most_y = max(orders, default=1) or 1, max((max(line, default=0) for line in lines.values()), default=1) or 1
    most_y *= 1.05

    def point(x: float, y: float) -> str:
        return f"{_LEFT + x / most_x * width:.1f},{_TOP + height - y / most_y * height:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="16">{escape(title)}</text>',
        f'<text x="{_LEFT + width / 2}" y="{_HEIGHT - 12}" text-anchor="middle" fill="#555">orders</text>',
    ]
    for step in range(6):
        value, y = most_y * step / 5, _TOP + height - height * step / 5
        parts.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_LEFT + width}" y2="{y:.1f}" stroke="#eee"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#555">{value:,.0f} MB</text>')
        x = _LEFT + width * step / 5
        parts.append(
            f'<text x="{x:.1f}" y="{_TOP + height + 18}" text-anchor="middle" fill="#555">{most_x * step / 5:,.0f}</text>'
        )
    ends = sorted(lines.items(), key=lambda item: -(item[1][-1] if item[1] else 0))
    below = _TOP - 10.0
    for number, (name, line) in enumerate(ends):
        colour = _COLOURS[number % len(_COLOURS)]
        points = " ".join(point(x, y) for x, y in zip(orders, line, strict=False))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        at = max(_TOP + height - (line[-1] if line else 0) / most_y * height, below + 15)
        below = at
        parts.append(f'<text x="{_LEFT + width + 8}" y="{at + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
