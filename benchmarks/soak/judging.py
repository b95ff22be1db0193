"""What is flat. Pure.

A process is flat when a day of orders adds less to it than anybody would notice. What leaks in a shop leaks by the order: one order
kept whole in Python (its lines, quote, answers) weighs 5 to 20 KB, the memory of a cached workflow a hundred. So the limit is
1 KB an order, which is 1 MB for 1,000 orders: less than anything that is really kept, more than an allocator's noise over
a few thousand orders. Over a day of 20,000 orders it is 20 MB.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

DAY_OF_ORDERS = 20_000
"""A good shop's day: at the evening's peak of twice the mean that is one order in two seconds."""
FLAT_BELOW = 1.0
"""MB for 1,000 orders."""
WARM_UP = 0.25
"""Share of the run in which caches fill and code is seen for the first time: not judged."""

Verdict = Literal["flat", "grows", "cannot be told"]
_BLOCKS = 8


@dataclass(frozen=True)
class Growth:
    """How memory follows orders after the warm-up, by a line of least squares."""

    first_mb: float
    """At the end of the warm-up (median of the next tenth)."""
    last_mb: float
    """At the end (median of the last tenth)."""
    most_mb: float
    per_thousand_mb: float
    give_or_take_mb: float
    """Two standard errors of the slope, from blocks, since neighbouring samples are alike."""
    a_day_mb: float
    verdict: Verdict


def growth(orders: Sequence[float], mb: Sequence[float]) -> Growth | None:
    """None for fewer than a dozen samples after the warm-up."""
    start = next((n for n, done in enumerate(orders) if done >= orders[-1] * WARM_UP), 0) if orders else 0
    x, y = orders[start:], mb[start:]
    if len(x) < 12 or x[-1] <= x[0]:
        return None
    slope = statistics.linear_regression(x, y).slope * 1000
    error = 2 * _standard_error(x, y)
    tenth = max(1, len(y) // 10)
    return Growth(
        first_mb=statistics.median(y[:tenth]),
        last_mb=statistics.median(y[-tenth:]),
        most_mb=max(y),
        per_thousand_mb=slope,
        give_or_take_mb=error,
        a_day_mb=slope * DAY_OF_ORDERS / 1000,
        verdict=_verdict(slope, error),
    )


def _verdict(slope: float, error: float) -> Verdict:
    if slope + error < FLAT_BELOW:
        return "flat"
    return "grows" if slope - error > FLAT_BELOW else "cannot be told"


def _standard_error(x: Sequence[float], y: Sequence[float]) -> float:
    """Of the slope in MB for 1,000 orders, by leaving out one block after another (a jackknife over time)."""
    size = len(x) / _BLOCKS
    slopes = []
    for block in range(_BLOCKS):
        left_out = range(round(block * size), round((block + 1) * size))
        kept = [n for n in range(len(x)) if n not in left_out]
        slopes.append(statistics.linear_regression([x[n] for n in kept], [y[n] for n in kept]).slope * 1000)
    mean = statistics.fmean(slopes)
    return float(((_BLOCKS - 1) / _BLOCKS * sum((slope - mean) ** 2 for slope in slopes)) ** 0.5)
