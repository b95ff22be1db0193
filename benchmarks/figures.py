"""Samples and what is said about them: rates, percentiles, the median of several rounds with its spread."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Run:
    """One round of one load. Only answers that were granted count; refusals and failures are counted apart."""

    per_second: float
    p50_ms: float
    p99_ms: float
    count: int
    refused: int
    failed: int
    seconds: float


@dataclass(frozen=True)
class Figure:
    """The median of several rounds, and the lowest and highest of them."""

    median: float
    low: float
    high: float
    rounds: tuple[float, ...] = field(default=())

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """The figure of these rounds; at least one."""
        return cls(statistics.median(values), min(values), max(values), tuple(values))

    @property
    def spread(self) -> float:
        """Highest minus lowest, as a share of the median: how far the machine can be believed."""
        return (self.high - self.low) / self.median if self.median else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed; 0 when there is none."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * round(share * 1000) // 1000) - 1)]


def summarise(took: Sequence[float], refused: int, failed: int, seconds: float) -> Run:
    """A round from the seconds each granted answer took."""
    return Run(
        per_second=len(took) / seconds,
        p50_ms=percentile(took, 0.5) * 1000,
        p99_ms=percentile(took, 0.99) * 1000,
        count=len(took),
        refused=refused,
        failed=failed,
        seconds=seconds,
    )


def over_rounds(runs: Sequence[Run], of: Callable[[Run], float]) -> Figure:
    """One property over the rounds."""
    return Figure.of([of(run) for run in runs])


def ratio(ours: Figure, floor: Figure) -> Figure:
    """Ours over the floor, round by round, since a noisy moment meets both of a round."""
    return Figure.of([mine / theirs for mine, theirs in zip(ours.rounds, floor.rounds, strict=True)])
