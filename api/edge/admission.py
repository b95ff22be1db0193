"""How many new orders this process has under way at once; the others are turned away at once, before anything is begun.

A shop that takes every order in answers none in time: all of them wait for each other, until nobody waits any more and the work
is done for people who left. So a new order needs a place. There are as many as are answered within the goal, found out by
measuring (`admission_rules.py`), never fewer than `least`. Who finds none waits for a moment, which evens out who comes together,
and is then told when to come again.

Only what begins something asks for a place. What goes on with something that was begun (paying, callbacks, cancelling, placing
what was prepared, operators) never does, and goes first in this way.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import Counter, Gauge

from api.edge.admission_rules import Limit, TurnedAway
from api.edge.refusals import ServiceBusy, ShopFull
from hanse.settings import Settings
from models.shared import Refusal

_admitted = Counter("hanse_orders_admitted", "New orders that were let in to their saga")
_shed = Counter("hanse_orders_shed", "New orders that were turned away because too many were under way")
_limit = Gauge("hanse_orders_limit", "How many new orders this process lets be under way at once")
_under_way = Gauge(
    "hanse_orders_under_way", "New orders that this process has asked of their sagas and not answered yet"
)

_WAIT_SECONDS = 0.1
_FIRST_LIMIT = 4
"""Times `least`, before anything was measured."""


class Admission:
    """The places of one process. Fair: who waits is let in in the order of coming."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        least, most = settings.orders_under_way_least, settings.orders_under_way_most
        if least > most:
            raise ValueError(f"HANSE_ORDERS_UNDER_WAY_LEAST ({least}) is above HANSE_ORDERS_UNDER_WAY_MOST ({most})")
        self._goal = settings.orders_answered_within.total_seconds()
        self._limit = Limit(least, most, min(most, least * _FIRST_LIMIT))
        self._clock = clock
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._turned_away = TurnedAway()
        self._show()

    @property
    def limit(self) -> int:
        """How many may be under way now."""
        return self._limit.now

    @property
    def under_way(self) -> int:
        """How many are."""
        return self._inside

    @asynccontextmanager
    async def place(self, *, begun: bool = False) -> AsyncIterator[None]:
        """A place for one order, for as long as the block lasts; `ShopFull` when there is none.

        `begun` is for a request that came before and whose saga may run already: it is always let in. The block ends with the
        answer of the saga, which is late after the goal, or when there is none (`ServiceBusy`). A block that fails in any other
        way says nothing about how busy the shop is.
        """
        if not begun:
            await self._enter()
        else:
            self._inside += 1
        _admitted.inc()
        self._show()
        number, since = self._limit.number, self._clock()
        late: bool | None = None
        try:
            yield
            late = self._clock() - since > self._goal
        except Refusal as refusal:
            late = isinstance(refusal, ServiceBusy) or self._clock() - since > self._goal
            raise
        finally:
            if late is not None and not begun:
                self._limit = self._limit.heard(number, late=late)
            self._leave()

    async def _enter(self) -> None:
        if self._inside < self._limit.now and not self._waiting:
            self._take()
            return
        if len(self._waiting) >= self._limit.now:
            raise self._turn_away()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait([turn], timeout=_WAIT_SECONDS)
        except BaseException:
            if turn.done():  # it was given a place, and does not come for it
                self._leave()
            else:
                self._waiting.remove(turn)
            raise
        if not turn.done():
            self._waiting.remove(turn)
            raise self._turn_away()

    def _take(self) -> None:
        self._inside += 1
        if self._inside >= self._limit.now:
            self._limit = self._limit.reached()

    def _leave(self) -> None:
        self._inside -= 1
        while self._waiting and self._inside < self._limit.now:
            self._take()
            self._waiting.popleft().set_result(None)
        self._show()

    def _turn_away(self) -> ShopFull:
        _shed.inc()
        self._turned_away = self._turned_away.one_more(self._clock())
        seconds = self._turned_away.served_in(self._limit.now / self._goal)
        return ShopFull(
            f"More orders are under way than the shop can answer in time; this one was not begun. "
            f"Ask again in {seconds} s, with the same Idempotency-Key if you like.",
            retry_after=seconds,
        )

    def _show(self) -> None:
        _limit.set(self._limit.now)
        _under_way.set(self._inside)


async def _admission(request: Request) -> Admission:  # a plain function would be run in a thread
    admission: Admission = request.app.state.admission
    return admission


Admitting = Annotated[Admission, Depends(_admission)]
"""How a handler asks for a place."""
