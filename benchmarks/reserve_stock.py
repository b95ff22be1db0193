"""Reservations a second over many SKUs, beside one raw conditional UPDATE by the same driver in the same run.

    python -m benchmarks.reserve_stock [--clients 16] [--seconds 4] [--rounds 3] [--no-sync]

The raw statement is the simplest thing that cannot oversell. A reservation also chooses the warehouse, remembers the order
so that it counts once, and writes its line. `--no-sync` runs PostgreSQL without fsync: there the processors alone decide.
"""

import argparse
import asyncio
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from hanse.database import Database
from hanse.stack.embedded import EmbeddedStack
from models.inventory.types import Destination, SkuQuantity, WarehouseDetails
from models.shared.ids import MerchantId, OrderId, SkuId, WarehouseId
from stores.inventory import InventoryStore
from stores.migrations import migrate

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DESTINATION = Destination(country="CN", region="Jiangsu", city="Suzhou")
CITIES = ("Suzhou", "Nanjing", "Wuxi")
SKUS = [SkuId.derive(NOW, str(n)) for n in range(10_000)]
UNITS = 1_000_000

_RAW = (
    "UPDATE stock SET reserved = reserved + 1 "
    "WHERE sku_id = $1 AND warehouse_id = $2 AND on_hand - reserved - safety >= 1"
)


async def stock_up(db: Database, store: InventoryStore) -> list[WarehouseId]:
    """Three warehouses that hold every SKU."""
    merchant = MerchantId.derive(NOW, "merchant")
    warehouses = [WarehouseId.derive(NOW, city) for city in CITIES]
    for warehouse, city in zip(warehouses, CITIES, strict=True):
        details = WarehouseDetails(
            code=city, name=city, merchant_id=merchant, country="CN", region="Jiangsu", city=city
        )
        await store.add_warehouse(warehouse, details, NOW)
    async with db.transaction() as connection:
        await connection.execute("INSERT INTO skus SELECT unnest($1::text[]), $2", SKUS, merchant)
        await connection.execute(
            "INSERT INTO stock (sku_id, warehouse_id, merchant_id, on_hand, reserved, safety, low_at) "
            "SELECT s, w, $3, $4, 0, 0, 0 FROM unnest($1::text[]) s, unnest($2::text[]) w",
            SKUS,
            warehouses,
            merchant,
            UNITS,
        )
    async with db.reader() as connection:
        await connection.execute("VACUUM ANALYZE")
    return warehouses


async def rate(clients: int, seconds: float, work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """How many times a second, and the median in milliseconds."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def client() -> None:
        while (start := time.perf_counter()) < end:
            await work()
            took.append((time.perf_counter() - start) * 1000)

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return len(took) / (time.perf_counter() - begun), statistics.median(took)


async def measure(db: Database, clients: int, seconds: float, rounds: int) -> dict[str, object]:
    """Raw and reserving in turn, so that a noisy moment meets both; the median round of each counts."""
    store = InventoryStore(db)
    warehouses = await stock_up(db, store)
    chance, numbers = random.Random(1), itertools.count()

    async def raw() -> None:
        async with db.reader() as connection:
            await connection.execute(_RAW, chance.choice(SKUS), warehouses[0])

    async def reserve() -> None:
        order = OrderId.derive(NOW, str(next(numbers)))
        lines = [SkuQuantity(sku_id=chance.choice(SKUS), quantity=1)]
        await store.reserve_all_or_nothing(order, lines, DESTINATION, NOW, None)

    results: dict[str, object] = {}
    for crowd in (1, clients):
        both: dict[str, list[tuple[float, float]]] = {"raw": [], "reserve": []}
        await rate(crowd, 0.5, raw)
        await rate(crowd, 0.5, reserve)
        for _ in range(rounds):
            both["raw"].append(await rate(crowd, seconds, raw))
            both["reserve"].append(await rate(crowd, seconds, reserve))
        raw_rate, reserve_rate = (statistics.median(r for r, _ in both[name]) for name in ("raw", "reserve"))
        results[f"{crowd} clients"] = {
            "raw/s": round(raw_rate),
            "raw p50 ms": round(statistics.median(p for _, p in both["raw"]), 2),
            "reserve/s": round(reserve_rate),
            "reserve p50 ms": round(statistics.median(p for _, p in both["reserve"]), 2),
            "ratio": round(reserve_rate / raw_rate, 2),
        }
    return results


async def main() -> None:
    """Start a PostgreSQL, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clients", type=int, default=16)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--no-sync", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="hanse-bench-", ignore_cleanup_errors=True) as folder:
        async with EmbeddedStack(Path(folder), parts=("postgres",), fast=asked.no_sync) as settings:
            await migrate(settings, "inventory")
            db = await Database(settings.dsn("inventory"), max_size=asked.clients).open()
            try:
                print(json.dumps(await measure(db, asked.clients, asked.seconds, asked.rounds), indent=2))  # noqa: T201
            finally:
                await db.close()


if __name__ == "__main__":
    asyncio.run(main())
