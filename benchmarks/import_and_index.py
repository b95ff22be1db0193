"""A large catalogue imported into a running shop, with search index and Kafka following: how long, how fast, in how much memory.

    python -m benchmarks.import_and_index [--data-dir .hanse] [--skus 100000]

Needs `hanse up`. It uses `hanse import` itself, in this process. The same file again, and a rebuild of the index, are timed as
well. The goods stay in the shop: use a data folder that nobody minds.
"""

import argparse
import asyncio
import json
import resource
import secrets
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activities.following import Reindexing
from benchmarks.import_catalogue import write_file
from cli.console import settings_for
from cli.import_ import import_file
from hanse.database import Database
from hanse.settings import Settings
from hanse.stack.state import read_state
from hanse.temporal import connect
from models.products.errors import CodeTaken
from models.products.types import Merchant
from models.shared.ids import CategoryId, MerchantId
from search.configured import open_engine
from search.engine import SearchEngine
from search.query import SearchQuery
from stores.products import TaxonomyStore


async def _shelves(settings: Settings) -> None:
    """The merchants and the category that the file names."""
    now = datetime.now(UTC)
    database = await Database(settings.dsn("products"), max_size=1).open()
    taxonomy = TaxonomyStore(database)
    try:
        await taxonomy.create_category(CategoryId.mint(now, secrets.token_bytes(10)), code="all", name="All")
        for number in range(10):
            merchant_id = MerchantId.mint(now, secrets.token_bytes(10))
            told = {"code": f"m{number}", "name": "M", "city": "Shanghai", "region": "Shanghai"}
            await taxonomy.create_merchant(Merchant(merchant_id=merchant_id, version=1, **told))
    except CodeTaken:
        return  # from an earlier run
    finally:
        await database.close()


async def _found(engine: SearchEngine, title: str) -> bool:
    hits = (await engine.search(SearchQuery(text=title, correct=False, limit=5))).hits
    return any(title in hit.title for hit in hits)


async def _timed(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def _worker_mb(settings: Settings) -> float | None:
    state = read_state(settings.data_dir)
    pid = (
        next((part.process.pid for part in state.parts if part.name == "worker" and part.process), None)
        if state
        else None
    )
    if pid is None:
        return None
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


async def measure(settings: Settings, skus: int) -> dict[str, Any]:
    """Import, wait until the last product is found, import again, rebuild."""
    await _shelves(settings)
    with tempfile.TemporaryDirectory(prefix="hanse-bench-") as folder:
        path = Path(folder) / "catalogue.csv"
        write_file(path, skus)
        before = _peak_mb()
        async with open_engine(settings) as engine:
            taken = await _timed(import_file(settings, path))
            last = await _timed(_until_found(engine, f"Product number {skus // 4 - 1}"))
        again = await _timed(import_file(settings, path))
    client = await connect(settings)
    handle = await Reindexing(client).begin()
    rebuilt = await _timed(handle.result())
    products = (await handle.result()).done
    return {
        "skus": skus,
        "imported and indexed, s": round(taken, 1),
        "skus/s": round(skus / taken),
        "last one found after the end, s": round(last, 2),
        "same file again, s": round(again, 1),
        "rebuild, s": round(rebuilt, 1),
        "rebuild, products/s": round(products / rebuilt),
        "memory growth of the import, MB": round(_peak_mb() - before, 1),
        "highest memory of the worker, MB": _worker_mb(settings),
    }


async def _until_found(engine: SearchEngine, title: str) -> None:
    for _ in range(2_000):
        if await _found(engine, title):
            return
        await asyncio.sleep(0.05)
    raise SystemExit(f"{title} was not found")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data-dir", type=Path, default=None)
    options.add_argument("--skus", type=int, default=100_000)
    asked = options.parse_args()
    print(json.dumps(asyncio.run(measure(settings_for(asked.data_dir), asked.skus)), indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
