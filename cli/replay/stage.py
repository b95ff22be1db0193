"""All orders in the order of their purchase, so many at once, with a live display."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn

from cli.calling import Refused
from cli.replay.differences import Difference, amount, in_the_shop
from cli.replay.files import CURRENCY
from cli.replay.memory import Memory
from cli.replay.playing import Player
from cli.replay.script import PlayedOrder
from cli.replay.stocking import side_by_side

_LINE_EVERY = 10.0
"""Seconds between two lines where there is no terminal to draw on."""


class Pace:
    """When an order may begin: as soon as the shop takes it, or at its time in a day that runs `factor` times as fast."""

    def __init__(self, factor: float | None, begins_at: datetime) -> None:
        self._factor = factor
        self._begins_at = begins_at
        self._began = time.monotonic()

    async def until(self, moment: datetime) -> None:
        """Wait for this moment of the files' time."""
        if self._factor is not None:
            due = self._began + (moment - self._begins_at).total_seconds() / self._factor
            await asyncio.sleep(max(0.0, due - time.monotonic()))


@dataclass
class Played:
    """How the play went: what the shop refused, how many orders were played now, and how long that took."""

    refused: list[Difference] = field(default_factory=list)
    orders: int = 0
    seconds: float = 0.0


@asynccontextmanager
async def display(console: Console, what: str, total: int) -> AsyncIterator["Display"]:
    """A bar while the block runs; without a terminal a plain line now and then."""
    shown = Display(console, what, total)
    with shown.progress:
        yield shown


class Display:
    """Orders done, orders per second, the time in the files, money."""

    def __init__(self, console: Console, what: str, total: int) -> None:
        self._console = console
        self.progress = Progress(*_columns(), console=console, disable=not console.is_terminal)
        self._task = self.progress.add_task(what, total=total, note="")
        self._began = self._line_at = time.monotonic()
        self._done_now = 0

    def skip(self, done: int) -> None:
        """So many were done by an earlier run."""
        self.progress.update(self._task, completed=done)

    def order_done(self, moment: datetime, money: int) -> None:
        """One more."""
        self._done_now += 1
        seconds = max(time.monotonic() - self._began, 0.001)
        note = f"{self._done_now / seconds:.1f} orders/s   {moment:%a %d %b %Y %H:%M}   {amount(money)} {CURRENCY}"
        self.progress.update(self._task, advance=1, note=note)
        if not self._console.is_terminal and time.monotonic() - self._line_at >= _LINE_EVERY:
            self._line_at = time.monotonic()
            self._console.print(f"{self._done_now} orders   {note}", highlight=False)


def _columns() -> Iterator[ProgressColumn]:
    yield SpinnerColumn()
    yield TextColumn("{task.description}")
    yield BarColumn(bar_width=30)
    yield MofNCompleteColumn()
    yield TextColumn("{task.fields[note]}")


async def play_all(
    console: Console,
    orders: tuple[PlayedOrder, ...],
    player: Player,
    memory: Memory,
    *,
    speed: float | None,
    at_once: int,
) -> Played:
    """Play every order that has not ended yet. What the shop refuses is kept and tried again by the next run."""
    facts = memory.all("order")
    left = [order for order in orders if not facts.get(order.order_id, {}).get("ended")]
    stands = {order.order_id: asyncio.Event() for order in orders}
    for order in orders:
        if facts.get(order.order_id, {}).get("placed"):
            stands[order.order_id].set()
    result = Played()
    if not left:
        return result
    pace = Pace(speed, left[0].bought_at)

    async def play(order: PlayedOrder) -> None:
        await pace.until(order.bought_at)
        for earlier in order.waits_for:
            await stands[earlier].wait()
        try:
            await player.play(order, stands[order.order_id].set)
        except Refused as refusal:
            result.refused.append(in_the_shop(order.order_id, "refused by the shop", str(refusal)))
        finally:
            stands[order.order_id].set()

    paid_before = {order.order_id for order in orders if facts.get(order.order_id, {}).get("paid")}
    money = sum(order.total for order in orders if order.order_id in paid_before)
    began = time.perf_counter()
    async with display(console, "Orders", len(orders)) as shown:
        shown.skip(len(orders) - len(left))
        async for order in side_by_side(left, play, at_once):
            money += order.total if order.payments and order.order_id not in paid_before else 0
            shown.order_done(order.bought_at, money)
    result.orders, result.seconds = len(left), time.perf_counter() - began
    return result
