"""Reservations a second, beside one raw conditional UPDATE by the same driver with as many clients.

    python -m benchmarks.reserve_stock [--clients 1 8 16] [--seconds 4] [--rounds 3] [--no-sync]

The raw statement is the simplest thing that cannot oversell. A reservation also chooses the warehouse, remembers the order
so that it counts once, and writes its line. `--no-sync` runs PostgreSQL without fsync: there the processors alone decide.
"""

import argparse
import itertools
import json
import random
import statistics
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import uvloop

from benchmarks.figures import Run
from benchmarks.loops import Work, closed_loop
from hanse.database import Database
from hanse.stack.embedded import EmbeddedStack
from models.inventory.types import Destination, SkuQuantity, WarehouseDetails
from models.shared.ids import MerchantId, OrderId, SkuId, WarehouseId
from stores.inventory import InventoryStore
from stores.migrations import migrate

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DESTINATIONS = [
    Destination(country="CN", region="Jiangsu", city="Suzhou", postal_code=f"{215000 + n}") for n in range(400)
]
"""Where buyers live: nobody shares all of them."""
CITIES = ("Suzhou", "Nanjing", "Wuxi")
MERCHANT = MerchantId.derive(NOW, "merchant")
WAREHOUSES = [WarehouseId.derive(NOW, city) for city in CITIES]
SKUS = [SkuId.derive(NOW, str(n)) for n in range(10_000)]
HOT = SKUS[0]
UNITS = 1_000_000

Shape = Literal["many SKUs", "one hot SKU"]
SHAPES: tuple[Shape, ...] = ("many SKUs", "one hot SKU")

_RAW = (
    "UPDATE stock SET reserved = reserved + 1 "
    "WHERE sku_id = $1 AND warehouse_id = $2 AND on_hand - reserved - safety >= 1"
)


async def stock_up(db: Database) -> None:
    """Three warehouses that hold every SKU."""
    store = InventoryStore(db)
    for warehouse, city in zip(WAREHOUSES, CITIES, strict=True):
        details = WarehouseDetails(
            code=city, name=city, merchant_id=MERCHANT, country="CN", region="Jiangsu", city=city
        )
        await store.add_warehouse(warehouse, details, NOW)
    async with db.transaction() as connection:
        await connection.execute("INSERT INTO skus SELECT unnest($1::text[]), $2", SKUS, MERCHANT)
        await connection.execute(
            "INSERT INTO stock (sku_id, warehouse_id, merchant_id, on_hand, reserved, safety, low_at) "
            "SELECT s, w, $3, $4, 0, 0, 0 FROM unnest($1::text[]) s, unnest($2::text[]) w",
            SKUS,
            WAREHOUSES,
            MERCHANT,
            UNITS,
        )
    async with db.reader() as connection:
        await connection.execute("VACUUM ANALYZE")


def raw(db: Database, shape: Shape) -> Work:
    """The statement alone; the hot SKU is its one row in the nearest warehouse."""
    chance = random.Random(1)

    async def work() -> None:
        async with db.reader() as connection:
            await connection.execute(_RAW, HOT if shape == "one hot SKU" else chance.choice(SKUS), WAREHOUSES[0])

    return work


def reserve(db: Database, shape: Shape) -> Work:
    """One unit for a new order, numbered by the time as orders are, to any destination; the nearest warehouse has it."""
    store, chance, numbers = InventoryStore(db), random.Random(1), itertools.count(random.getrandbits(62))

    async def work() -> None:
        now, destination = datetime.now(UTC), chance.choice(DESTINATIONS)
        order = OrderId.derive(now, str(next(numbers)))
        sku = HOT if shape == "one hot SKU" else chance.choice(SKUS)
        await store.reserve_all_or_nothing(order, [SkuQuantity(sku_id=sku, quantity=1)], destination, now, None)

    return work


async def compare(
    floor: Database, shop: Database, shape: Shape, clients: int, seconds: float, rounds: int
) -> dict[str, list[Run]]:
    """Raw and reserving in turn, so that a noisy moment meets both."""
    works = {"raw": raw(floor, shape), "reserve": reserve(shop, shape)}
    runs: dict[str, list[Run]] = {"raw": [], "reserve": []}
    for _ in range(rounds):
        for name, work in works.items():
            runs[name].append(await closed_loop(work, clients, seconds, warm_up=0.3))
    return runs


async def units_astray(db: Database) -> int:
    """How far `reserved`, less what hot stock has set aside, is from what the orders hold; 0, or units were lost or sold twice."""
    async with db.reader() as connection:
        found: int = await connection.fetchval(
            "SELECT abs((SELECT sum(reserved) FROM stock) - (SELECT coalesce(sum(free), 0) FROM stock_buckets) "
            "- (SELECT coalesce(sum(quantity), 0) FROM reservation_lines))"
        )
    return found


async def measure(settings_dsn: str, asked: argparse.Namespace) -> dict[str, object]:
    """Every shape with every crowd."""
    results: dict[str, object] = {}
    async with AsyncExitStack() as stack:
        db = await Database(settings_dsn, max_size=max(asked.clients)).open()
        stack.push_async_callback(db.close)
        await stock_up(db)
        for shape, clients in itertools.product(SHAPES, asked.clients):
            runs = await compare(db, db, shape, clients, asked.seconds, asked.rounds)
            rates = {name: statistics.median(run.per_second for run in each) for name, each in runs.items()}
            results[f"{shape}, {clients} clients"] = {
                "raw/s": round(rates["raw"]),
                "reserve/s": round(rates["reserve"]),
                "reserve p50 ms": round(statistics.median(run.p50_ms for run in runs["reserve"]), 2),
                "ratio": round(rates["reserve"] / rates["raw"], 2),
            }
    return results


async def main() -> None:
    """Start a PostgreSQL, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clients", type=int, nargs="+", default=[1, 8, 16])
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--no-sync", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="hanse-bench-", ignore_cleanup_errors=True) as folder:
        async with EmbeddedStack(Path(folder), parts=("postgres",), fast=asked.no_sync) as settings:
            await migrate(settings, "inventory")
            print(json.dumps(await measure(settings.dsn("inventory"), asked), indent=2))  # noqa: T201


if __name__ == "__main__":
    uvloop.run(main())
