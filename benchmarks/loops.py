"""Two ways to load: as fast as so many clients can (closed), or at a rate that does not wait for answers (open)."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from benchmarks.figures import Run, summarise

_log = logging.getLogger(__name__)


class Refused(Exception):
    """The shop said no: an answer, counted apart."""


Work = Callable[[], Awaitable[float | None]]
"""One piece of work; answers with the seconds until the answer that counts, or None when that is all of it."""


class _Tally:
    """What came of the work of one round."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.refused = 0
        self.failed = 0

    async def once(self, work: Work, counted_from: float) -> None:
        begun = time.perf_counter()
        try:
            inner = await work()
        except Refused:
            self.refused += 1
        except Exception as fault:  # a benchmark reports what fails under load; it does not stop for it
            self.failed += 1
            _log.warning("failed under load: %r", fault)
        else:
            answered = time.perf_counter() if inner is None else begun + inner
            self.took.append(answered - counted_from)


async def closed_loop(work: Work, clients: int, seconds: float, warm_up: float = 0.0) -> Run:
    """So many clients, each with one piece of work at a time. Work begun before the end is finished and counted, and so
    is the time it took."""
    if warm_up:
        await closed_loop(work, clients, warm_up)
    tally = _Tally()
    begun = time.perf_counter()

    async def client() -> None:
        while (now := time.perf_counter()) < begun + seconds:
            await tally.once(work, now)

    await asyncio.gather(*(client() for _ in range(clients)))
    return summarise(tally.took, tally.refused, tally.failed, time.perf_counter() - begun)


async def open_loop(work: Work, per_second: float, seconds: float) -> Run:
    """A piece of work every 1/rate seconds whether or not earlier ones have been answered; each answer's time is counted from
    the moment it should have been asked, so that a stall is paid for by everything it held up."""
    tally = _Tally()
    begun = time.perf_counter()
    at_work: list[asyncio.Task[None]] = []
    for number in range(max(1, round(per_second * seconds))):
        intended = begun + number / per_second
        await asyncio.sleep(max(0.0, intended - time.perf_counter()))
        at_work.append(asyncio.create_task(tally.once(work, intended)))
    await asyncio.gather(*at_work)
    return summarise(tally.took, tally.refused, tally.failed, time.perf_counter() - begun)
