"""Two shops in one run, an empty one and one with a past, asked in turn round by round."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from benchmarks.driver import LoadProcess, load_process
from benchmarks.figures import Figure, Run
from benchmarks.goods import Stocking
from benchmarks.ground import Ground, Lay, open_ground
from benchmarks.growth.audit import AuditFigures, time_audit
from benchmarks.growth.old_orders import DATABASES, Past, Tell, make_past
from benchmarks.growth.reads import time_http, time_stores
from benchmarks.one_order import OneOrder
from hanse.temporal import connect

SHOPS = ("empty", "grown")
_SKUS_EACH = 4
_THOUSAND = 1_000


@dataclass(frozen=True)
class Plan:
    """How large the past is, and how long is measured."""

    orders: int = 1_000_000
    skus: int = 100_000
    rounds: int = 5
    seconds: float = 8.0
    crowds: tuple[int, ...] = (1, 4, 16)


@dataclass
class Results:
    """All that was found, by shop."""

    at: datetime
    fill_seconds: float
    rows: int
    size_mb: dict[str, dict[str, float]]
    orders: dict[int, dict[str, list[Run]]]
    """By number of clients."""
    place: dict[str, list[Run]]
    reads: dict[str, dict[str, Figure | None]]
    audit: dict[str, AuditFigures]


@asynccontextmanager
async def two_shops(plan: Plan, folder: Path) -> AsyncIterator[dict[str, Ground]]:
    """Both run all the time, so that each disturbs the other as much."""
    large = Stocking(products=max(1, plan.skus // _SKUS_EACH), skus_each=_SKUS_EACH)
    async with AsyncExitStack() as stack:
        empty = await stack.enter_async_context(open_ground(folder / "empty"))
        grown = await stack.enter_async_context(open_ground(folder / "grown", Lay(stocking=large)))
        yield {"empty": empty, "grown": grown}


async def give_a_past(ground: Ground, many: int, tell: Tell) -> None:
    """Take the two orders that are its models, and copy them."""
    temporal = await connect(ground.settings)
    completed = OneOrder(ground, temporal, ground.shop.skus_that_leave[0])
    cancelled = OneOrder(ground, temporal, ground.shop.skus_that_leave[0])
    try:
        await completed.until_handed_over()
        await completed.until_completed()
        await cancelled.until_cancelled()
    finally:
        await completed.close()
        await cancelled.close()
    past = await _past(ground, completed.order_id, cancelled.order_id)
    await make_past({name: ground.settings.dsn(name) for name in DATABASES}, past, many, tell)


async def _past(ground: Ground, completed: str, cancelled: str) -> Past:
    products = await asyncpg.connect(ground.settings.dsn("products"))
    orders = await asyncpg.connect(ground.settings.dsn("orders"))
    inventory = await asyncpg.connect(ground.settings.dsn("inventory"))
    try:
        goods = [(row["id"], row["spu_id"]) for row in await products.fetch("SELECT id, spu_id FROM skus ORDER BY id")]
        known = set(ground.shop.sku_ids)
        goods = [pair for pair in goods if pair[0] in known]
        line = await orders.fetchrow(
            "SELECT user_id, sku_id, spu_id, warehouse_id FROM orders JOIN order_lines USING (order_id) "
            "JOIN order_parcels USING (order_id) WHERE order_id = $1",
            completed,
        )
        manual = await inventory.fetchval("SELECT warehouse_id FROM warehouses WHERE code = 'manual'")
    finally:
        for connection in (products, orders, inventory):
            await connection.close()
    if line is None:
        raise RuntimeError(f"the model order {completed} is not there")
    whole = len(goods) // _THOUSAND * _THOUSAND or len(goods)
    return Past(
        completed=completed,
        cancelled=cancelled,
        buyer=line["user_id"],
        sku=(line["sku_id"], line["spu_id"]),
        warehouse=(line["warehouse_id"], manual),
        goods=goods[:whole],
    )


async def compare(plan: Plan, shops: dict[str, Ground], say: Tell) -> Results:
    """Orders first, since they leave lists of ordinary length in the empty shop too; then reads; then the audit."""
    async with AsyncExitStack() as stack:
        loads = {name: await stack.enter_async_context(load_process(ground.shop)) for name, ground in shops.items()}
        orders = {}
        for clients in plan.crowds:
            say(f"orders, {clients} clients", 0)
            orders[clients] = await _in_turn(loads, "life", clients, plan)
        say("POST /orders, one client", 0)
        place = await _in_turn(loads, "place", 1, plan)
    reads: dict[str, dict[str, Figure | None]] = {}
    for name, ground in shops.items():
        say(f"reads of the {name} shop", 0)
        reads[name] = {**await time_http(ground), **await time_stores(ground)}
    audit = {}
    for name, ground in shops.items():
        say(f"audit of the {name} shop", 0)
        audit[name] = await time_audit(ground)
    size = {name: await _size(ground) for name, ground in shops.items()}
    return Results(datetime.now(UTC), 0.0, 0, size, orders, place, reads, audit)


async def _in_turn(loads: dict[str, LoadProcess], job: str, clients: int, plan: Plan) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {name: [] for name in loads}
    for load in loads.values():
        await load.closed(job, clients, min(3.0, plan.seconds))
    for number in range(plan.rounds):
        # Who begins changes, so that what drifts while the machine does other things meets both.
        for name in SHOPS if number % 2 == 0 else reversed(SHOPS):
            await asyncio.sleep(0.3)
            found[name].append(await loads[name].closed(job, clients, plan.seconds))
    return found


async def _size(ground: Ground) -> dict[str, float]:
    connection = await asyncpg.connect(ground.settings.postgres_url)
    try:
        rows = await connection.fetch(
            "SELECT datname, pg_database_size(datname) AS bytes FROM pg_database WHERE datname LIKE 'hanse_%'"
        )
    finally:
        await connection.close()
    return {row["datname"]: round(row["bytes"] / 1e6, 1) for row in rows}
