"""Load that does not wait for answers: at several rates, one of them above what the shop can do, and a crowd on few units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.driver import LoadProcess
from benchmarks.figures import Run
from benchmarks.ground import Ground
from benchmarks.rush import BUSY, Rush
from hanse.database import Database

SHARES = (0.3, 0.6, 0.9, 1.2)
"""Of what the closed loop reached; the last is an overload."""
_SLOWEST = 0.5
"""A second, whatever the share says."""
_CLIENTS = 16
_ARRIVE = 2.0
"""How many times faster than orders can be placed a rush arrives, and how many times more people than units."""

OpenLoops = dict[float, dict[str, Run]]
"""Share, then job."""


async def open_loops(
    load: LoadProcess, most: Mapping[str, float], shares: Sequence[float], seconds: float
) -> OpenLoops:
    """Each job at each share of the most it was seen to reach a second, lowest first. An overload's queue is worked off before the
    next begins, since a loop ends with its last answer."""
    return {
        share: {job: await load.open(job, max(_SLOWEST, rate * share), seconds) for job, rate in most.items()}
        for share in shares
    }


@dataclass(frozen=True)
class SoldOutFigures:
    """What became of few units and a crowd."""

    units: int
    placed_per_second: float
    """Orders a second that can be placed when there is enough."""
    rush: Rush
    answered_per_second: float
    """Sold-out answers a second afterwards, closed loop."""
    calm: Run
    """Sold-out answers afterwards, open loop at 0.6 of that: the plain answer."""
    units_sold: int
    """As the inventory's books have it."""

    @property
    def astray(self) -> int:
        """Units sold twice, lost, or sold to somebody who was told no. Who was answered that the shop is busy, or not at all, may have
        got one: the same Idempotency-Key would tell."""
        unknown = self.rush.failed + self.rush.others.get(BUSY, 0)
        untold = self.units_sold - self.rush.winners
        return abs(self.units_sold - self.units) + max(0, untold - unknown, -untold)


async def sell_out(ground: Ground, load: LoadProcess, sku_id: str, seconds: float) -> SoldOutFigures:
    """Twice as many people as units, twice as fast as orders can be placed; then the answer that there is none any more."""
    units = ground.shop.few
    capacity = (await load.closed("place", _CLIENTS, seconds, warm_up=1.0)).per_second
    rush = await load.rush(sku_id, max(_SLOWEST, capacity * _ARRIVE), int(units * _ARRIVE))
    answering = (await load.closed("sold_out", _CLIENTS, seconds, warm_up=0.5)).per_second
    calm = await load.open("sold_out", max(_SLOWEST, answering * 0.6), seconds * 2)
    return SoldOutFigures(units, capacity, rush, answering, calm, await _sold(ground, sku_id))


async def _sold(ground: Ground, sku_id: str) -> int:
    inventory = await Database(ground.settings.dsn("inventory")).open()
    try:
        async with inventory.reader() as connection:
            sold: int = await connection.fetchval(
                "SELECT coalesce(sum(quantity), 0)::bigint FROM reservation_lines JOIN reservations USING (order_id) "
                "WHERE sku_id = $1 AND state <> 'released'",
                sku_id,
            )
    finally:
        await inventory.close()
    return sold
