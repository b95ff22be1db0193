"""Import and export of a large catalogue: lines a second, memory, and what checkout and buyers then wait for.

    python -m benchmarks.import_catalogue [--skus 100000]

Beside it, in the same run: the plainest load there is, COPY of the same SKU rows into a table without indexes.
"""

import argparse
import asyncio
import csv
import io
import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hanse.database import Database
from hanse.stack.embedded import EmbeddedStack
from models.products.files import read_file, write_page
from models.products.types import Merchant, ProductFilter
from models.shared.ids import CategoryId, MerchantId, SkuId
from stores.migrations import migrate
from stores.products import BulkStore, ProductStore, TaxonomyStore

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HEADER = [
    "merchant_code",
    "spu_code",
    "sku_code",
    "title",
    "description",
    "category_code",
    "options",
    "weight_g",
    "price",
    "published",
]


def write_file(path: Path, skus: int) -> None:
    """Products of four SKUs each, of ten merchants."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for number in range(skus):
            spu, variant = divmod(number, 4)
            title = f"商品 {spu} Product number {spu}"
            words = "一段说明文字，长短适中。A description of ordinary length, in two languages."
            options, price = f"Size={'SMLX'[variant]};Colour=Red", f"{10 + spu % 990}.{variant}0"
            rows.writerow(
                [f"m{spu % 10}", f"p{spu}", f"p{spu}-{variant}", title, words, "all", options, 250, price, "yes"]
            )


async def measure(db: Database, path: Path, skus: int) -> dict[str, Any]:
    """Everything, in order."""
    taxonomy, bulk, products = TaxonomyStore(db), BulkStore(db), ProductStore(db)
    await taxonomy.create_category(CategoryId.derive(NOW, "all"), code="all", name="All")
    for number in range(10):
        merchant_id = MerchantId.derive(NOW, str(number))
        told = {"code": f"m{number}", "name": "M", "city": "Shanghai", "region": "Shanghai"}
        await taxonomy.create_merchant(Merchant(merchant_id=merchant_id, version=1, **told))
    before = _peak_mb()
    results: dict[str, Any] = {"skus": skus, "file MB": round(path.stat().st_size / 1e6, 1)}  # noqa: ASYNC240
    results["raw COPY rows/s"] = round(skus / await _timed(lambda: _copy(db, skus)))
    results["import lines/s"] = round(skus / await _timed(lambda: _import(bulk, path, NOW)))
    again = await _timed(lambda: _import(bulk, path, NOW + timedelta(hours=1), unchanged=skus))
    results["import again (no change) lines/s"] = round(skus / again)
    results["export lines/s"] = round(skus / await _timed(lambda: _export(bulk, skus)))
    results["memory growth MB"] = round(_peak_mb() - before, 1)
    async with db.reader() as connection:
        await connection.execute("VACUUM ANALYZE")
        sku_ids = [SkuId(row["id"]) for row in await connection.fetch("SELECT id FROM skus")]
    chance = random.Random(7)
    results["sellable(20 SKUs) p50 ms"] = await _p50(lambda: products.sellable(chance.sample(sku_ids, 20), NOW))
    results["browse first page p50 ms"] = await _p50(lambda: products.browse(ProductFilter(), NOW, limit=20))
    rare = ProductFilter(text=f"number {skus // 8}")
    results["browse rare text p50 ms"] = await _p50(lambda: products.browse(rare, NOW, limit=20), 20)
    return results


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def _p50(ask: Callable[[], Awaitable[object]], times: int = 300) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        await ask()
        taken.append(time.perf_counter() - started)
    return round(statistics.median(taken) * 1000, 2)


async def _copy(db: Database, skus: int) -> None:
    async with db.transaction() as tx:
        await tx.execute(
            "CREATE TEMP TABLE raw (code text, title text, options text, weight_g bigint, price bigint) ON COMMIT DROP"
        )
        records = ((f"p{number}", f"商品 {number}", '{"Size": "M"}', 250, number) for number in range(skus))
        await tx.copy_records_to_table("raw", records=records)


async def _import(bulk: BulkStore, path: Path, now: datetime, unchanged: int = 0) -> None:
    same = 0
    with path.open("rb") as file:  # the benchmark reads as the command line does
        async for done in bulk.import_lines(read_file(file, "csv"), now=now, decided_by="bench"):
            assert not done.faults, done.faults[0]
            same += done.unchanged
    assert same == unchanged, f"{same} lines unchanged, expected {unchanged}"


async def _export(bulk: BulkStore, skus: int) -> None:
    out, written = io.StringIO(), 0
    async for page in bulk.export(NOW):
        out.seek(0)
        out.write(write_page(page, "csv", first=False))
        written += len(page)
    assert written == skus


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main() -> None:
    """Start a PostgreSQL, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--skus", type=int, default=100_000)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="hanse-bench-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "catalogue.csv"
        write_file(path, asked.skus)
        async with EmbeddedStack(Path(folder), parts=("postgres",)) as settings:
            await migrate(settings, "products")
            db = await Database(settings.dsn("products")).open()
            try:
                print(json.dumps(await measure(db, path, asked.skus), indent=2))  # noqa: T201
            finally:
                await db.close()


if __name__ == "__main__":
    asyncio.run(main())
