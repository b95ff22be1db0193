"""Whoever comes while others are being served is served with the next crowd."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from models.inventory.types import Reservation
from models.shared.ids import OrderId
from stores.inventory.holding import Wish

SERVED_TOGETHER = 64
"""How many orders at most share a turn; their rows are locked no longer than one statement takes."""

Serve = Callable[[Sequence[Wish]], Awaitable[Mapping[OrderId, Reservation]]]
"""Serves a crowd of different orders, in their order; answers those that it settled."""

_Waiting = tuple[Wish, "asyncio.Future[Reservation | None]"]


class Turns:
    """Serves wishes in crowds, `at_once` crowds at a time. It works only while someone waits."""

    def __init__(self, serve: Serve, at_once: int = 1) -> None:
        self._serve = serve
        self._at_once = at_once
        self._waiting: list[_Waiting] = []
        self._busy = 0
        self._at_work: set[asyncio.Task[None]] = set()

    async def ask(self, wish: Wish) -> Reservation | None:
        """What the wish's crowd came to; None for an order that must be served by itself."""
        served: asyncio.Future[Reservation | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((wish, served))
        if self._busy < self._at_once:
            self._busy += 1
            turn = asyncio.create_task(self._work())
            self._at_work.add(turn)
            turn.add_done_callback(self._at_work.discard)
        return await served  # a caller that gives up cancels it, and is not served later

    async def _work(self) -> None:
        try:
            while self._waiting:
                crowd, self._waiting = self._waiting[:SERVED_TOGETHER], self._waiting[SERVED_TOGETHER:]
                crowd = [(wish, served) for wish, served in crowd if not served.done()]
                if crowd:
                    await self._turn(crowd)
        finally:
            self._busy -= 1  # in the step that found nobody waiting: who comes next begins a new turn

    async def _turn(self, crowd: Sequence[_Waiting]) -> None:
        """A fault reaches the first of them; each of the others is left to itself."""
        first_of_each: dict[OrderId, Wish] = {}
        for wish, _ in crowd:
            first_of_each.setdefault(wish.order_id, wish)
        settled: Mapping[OrderId, Reservation] = {}
        try:
            settled = await self._serve(list(first_of_each.values()))
        except Exception as fault:
            first = next((served for _, served in crowd if not served.done()), None)
            if first is not None:
                first.set_exception(fault)
        finally:
            for wish, served in crowd:
                if not served.done():
                    served.set_result(settled.get(wish.order_id) if first_of_each[wish.order_id] is wish else None)
