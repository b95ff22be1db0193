"""More people than units: a crowd that arrives faster than orders can be placed, all of them for one SKU."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.figures import percentile
from benchmarks.loops import Refused, Work

_log = logging.getLogger(__name__)
SOLD_OUT = "409 sold_out"
BUSY = "503 service_busy"
"""The saga did not answer in time; what it was asked it may do all the same."""


@dataclass(frozen=True)
class Rush:
    """How a crowd was served. Every time counts from the moment someone should have asked."""

    per_second: float
    """How many arrived a second."""
    winners: int
    sold_out: int
    failed: int
    seconds_to_last_unit: float
    """From the first arrival until the last unit was answered with an order."""
    winners_per_second: float
    winner_p50_ms: float
    winner_p99_ms: float
    sold_out_p50_ms: float
    sold_out_p99_ms: float
    """Of everybody who was told so, in the queue of the rush."""
    asked_late_p99_ms: float
    others: dict[str, int] = field(default_factory=dict)
    """Other refusals, by status and code."""


class _Crowd:
    def __init__(self) -> None:
        self.won: list[tuple[float, float]] = []
        """When it was answered, and how long that took."""
        self.told: list[float] = []
        self.others: dict[str, int] = {}
        self.failed = 0

    async def one(self, work: Work, intended: float) -> None:
        try:
            await work()
        except Refused as refusal:
            if str(refusal) == SOLD_OUT:
                self.told.append(time.perf_counter() - intended)
            else:
                self.others[str(refusal)] = self.others.get(str(refusal), 0) + 1
        except Exception as fault:  # it is counted and shown, as in every other load
            self.failed += 1
            _log.warning("failed in the rush: %r", fault)
        else:
            now = time.perf_counter()
            self.won.append((now, now - intended))


async def rush(work: Work, per_second: float, arrivals: int) -> Rush:
    """So many arrivals at this rate, none of which waits for another; ends when everybody was answered."""
    crowd, late = _Crowd(), []
    begun = time.perf_counter()
    people = []
    for turn in range(arrivals):
        intended = begun + turn / per_second
        await asyncio.sleep(max(0.0, intended - time.perf_counter()))
        late.append(max(0.0, time.perf_counter() - intended))
        people.append(asyncio.create_task(crowd.one(work, intended)))
    await asyncio.gather(*people)
    return _said(crowd, per_second, begun, late)


def _said(crowd: _Crowd, per_second: float, begun: float, late: Sequence[float]) -> Rush:
    waited = [took for _, took in crowd.won]
    until_last = max((at for at, _ in crowd.won), default=begun) - begun
    return Rush(
        per_second=per_second,
        winners=len(crowd.won),
        sold_out=len(crowd.told),
        failed=crowd.failed,
        seconds_to_last_unit=until_last,
        winners_per_second=len(crowd.won) / until_last if until_last else 0.0,
        winner_p50_ms=percentile(waited, 0.5) * 1000,
        winner_p99_ms=percentile(waited, 0.99) * 1000,
        sold_out_p50_ms=percentile(crowd.told, 0.5) * 1000,
        sold_out_p99_ms=percentile(crowd.told, 0.99) * 1000,
        asked_late_p99_ms=percentile(late, 0.99) * 1000,
        others=crowd.others,
    )
