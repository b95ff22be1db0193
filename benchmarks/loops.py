"""Two ways to load: as fast as so many clients can (closed), or at a rate that does not wait for answers (open)."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from benchmarks.figures import Run, percentile, summarise

_log = logging.getLogger(__name__)
_THIRDS = 3


class Refused(Exception):
    """The shop said no: an answer, counted apart. Its text is the status and the code."""

    def __init__(self, said: str, again_in: float | None = None) -> None:
        super().__init__(said)
        self.again_in = again_in
        """When to come again, in seconds, if the shop said so in its document."""


Work = Callable[[], Awaitable[float | None]]
"""One piece of work; answers with the seconds until the answer that counts, or None when that is all of it."""


class Tally:
    """What came of the work of one round."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.refused_as: Counter[str] = Counter()
        self.failed = 0
        self._kinds: set[type[Exception]] = set()

    async def once(self, work: Work, counted_from: float) -> float | None:
        """Do it and count it, its time from this moment on; answers in how many seconds to come again, if the shop says so."""
        begun = time.perf_counter()
        try:
            inner = await work()
        except Refused as refusal:
            self.refused_as[str(refusal)] += 1
            return refusal.again_in
        except Exception as fault:  # a benchmark reports what fails under load; it does not stop for it
            self.failed += 1
            if type(fault) not in self._kinds:
                self._kinds.add(type(fault))
                _log.warning("failed under load (the first of its kind; others are counted): %r", fault)
        else:
            answered = time.perf_counter() if inner is None else begun + inner
            self.took.append(answered - counted_from)
        return None


async def closed_loop(work: Work, clients: int, seconds: float, warm_up: float = 0.0) -> Run:
    """So many clients, each with one piece of work at a time; who is told when to come again comes then. Work begun before the end
    is finished and counted, and so is the time it took."""
    if warm_up:
        await closed_loop(work, clients, warm_up)
    tally = Tally()
    begun = time.perf_counter()

    async def client() -> None:
        while (now := time.perf_counter()) < begun + seconds:
            again_in = await tally.once(work, now)
            if again_in is not None:
                await asyncio.sleep(min(again_in, max(0.0, begun + seconds - time.perf_counter())))

    await asyncio.gather(*(client() for _ in range(clients)))
    return summarise(tally.took, tally.refused_as, tally.failed, time.perf_counter() - begun)


async def open_loop(work: Work, per_second: float, seconds: float) -> Run:
    """A piece of work every 1/rate seconds whether or not earlier ones have been answered; each answer's time is counted from
    the moment it should have been asked, so that a stall is paid for by everything it held up."""
    number = max(1, round(per_second * seconds))
    thirds = [Tally() for _ in range(_THIRDS)]
    late: list[float] = []
    begun = time.perf_counter()
    at_work: list[asyncio.Task[float | None]] = []
    for turn in range(number):
        intended = begun + turn / per_second
        await asyncio.sleep(max(0.0, intended - time.perf_counter()))
        late.append(max(0.0, time.perf_counter() - intended))
        at_work.append(asyncio.create_task(thirds[turn * _THIRDS // number].once(work, intended)))
    await asyncio.gather(*at_work)
    took = time.perf_counter() - begun
    return replace(
        summarise(*_together(thirds), took),
        asked_per_second=per_second,
        p50_ms_by_third=tuple(percentile(third.took, 0.5) * 1000 for third in thirds),
        asked_late_p99_ms=percentile(late, 0.99) * 1000,
    )


def _together(tallies: Sequence[Tally]) -> tuple[list[float], Counter[str], int]:
    took = [one for tally in tallies for one in tally.took]
    refused: Counter[str] = sum((tally.refused_as for tally in tallies), Counter())
    return took, refused, sum(tally.failed for tally in tallies)
