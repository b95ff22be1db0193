"""Budgets as bars in one SVG: how far each is from its limit, which is the line in the middle."""

import math
from collections.abc import Sequence
from html import escape

from benchmarks.budget import Line, Verdict

_WIDTH, _ROW, _LEFT, _HALF, _TOP = 1160, 24, 430, 240, 60
_WORST = 16.0
"""A bar ends where something is so many times better or worse than its budget."""
_COLOURS: dict[Verdict, str] = {"met": "#2e7d32", "gap": "#c62828"}


def plot(lines: Sequence[Line], title: str) -> str:
    """An SVG document. Right of the middle is better than the budget, left is worse; the scale is logarithmic."""
    shown = [(line, score) for line in lines if (score := _score(line)) is not None]
    height = _TOP + _ROW * len(shown) + 20
    middle = _LEFT + _HALF
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="16">{escape(title)}: distance from each budget</text>',
        f'<text x="{middle}" y="46" text-anchor="middle" fill="#555">← worse · budget · better → (factor, log scale)</text>',
    ]
    for number, (line, score) in enumerate(shown):
        parts += _bar(line, score, _TOP + number * _ROW, middle)
    parts.append(f'<line x1="{middle}" y1="{_TOP - 6}" x2="{middle}" y2="{height - 14}" stroke="#333"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(line: Line, score: float, top: float, middle: float) -> list[str]:
    length = min(abs(math.log(score, _WORST)), 1.0) * _HALF
    start = middle if score >= 1 else middle - length
    text_at = middle + _HALF + 8
    return [
        f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(line.work)}</text>',
        f'<rect x="{start:.1f}" y="{top + 3}" width="{max(length, 1):.1f}" height="14" fill="{_COLOURS[line.verdict]}"/>',
        f'<text x="{text_at}" y="{top + 14}" fill="#333">{escape(_words(line))}</text>',
    ]


def _words(line: Line) -> str:
    found = f"{line.ratio.median:.2f} ×" if line.ratio is not None else line.ours
    return f"{found} ({line.budget})"


def _score(line: Line) -> float | None:
    """Above 1 is better than the budget; None for what has no budget or was not measured."""
    if line.verdict not in _COLOURS:
        return None
    kind, limit = line.budget.split()[:2]
    value = line.ratio.median if line.ratio is not None else float(line.ours.split()[0].replace(",", ""))
    better = value / float(limit) if kind == "≥" else float(limit) / value if value else _WORST
    return max(better, 1 / _WORST)
