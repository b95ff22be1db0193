"""Samples and what is said about them: rates, percentiles, the median of several rounds with its spread."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

ENOUGH_FOR_P999 = 1_000
"""With fewer samples the 99.9th percentile is only another name for the slowest one."""


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
    p90_ms: float = 0.0
    p999_ms: float | None = None
    """None with fewer than `ENOUGH_FOR_P999` samples."""
    most_ms: float = 0.0
    refused_as: dict[str, int] = field(default_factory=dict)
    """Refusals by status and code."""
    asked_per_second: float = 0.0
    """Of an open loop: the rate it asked at, whatever came of it."""
    p50_ms_by_third: tuple[float, ...] = ()
    """Of an open loop: the median of what should have been asked in its first, second and last third. Equal ones show a load
    that is carried; growing ones a queue that grows for as long as the load lasts."""
    asked_late_p99_ms: float = 0.0
    """Of an open loop: how much later than intended the load process asked. It is within the times above; a large one says that
    the load process itself was short of CPU."""


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


def summarise(took: Sequence[float], refused_as: Mapping[str, int], failed: int, seconds: float) -> Run:
    """A round from the seconds each granted answer took."""
    return Run(
        per_second=len(took) / seconds,
        p50_ms=percentile(took, 0.5) * 1000,
        p90_ms=percentile(took, 0.9) * 1000,
        p99_ms=percentile(took, 0.99) * 1000,
        p999_ms=percentile(took, 0.999) * 1000 if len(took) >= ENOUGH_FOR_P999 else None,
        most_ms=max(took, default=0.0) * 1000,
        count=len(took),
        refused=sum(refused_as.values()),
        refused_as=dict(refused_as),
        failed=failed,
        seconds=seconds,
    )


def over_rounds(runs: Sequence[Run], of: Callable[[Run], float]) -> Figure:
    """One property over the rounds."""
    return Figure.of([of(run) for run in runs])


def ratio(ours: Figure, floor: Figure) -> Figure:
    """Ours over the floor, round by round, since a noisy moment meets both of a round."""
    return Figure.of([mine / theirs for mine, theirs in zip(ours.rounds, floor.rounds, strict=True)])
