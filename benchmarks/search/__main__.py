"""`make bench-search`: how well goods are found, and how fast at 100,000 SKUs. `--quick` measures quality only."""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.search.catalogue import goods, kinds
from benchmarks.search.measuring import (
    Judged,
    Quality,
    Speed,
    ask_all,
    by_how,
    fill,
    goods_in_parts,
    quality,
    search_speed,
    suggest_speed,
)  # fmt: skip
from benchmarks.search.questions import questions
from hanse.database import Database
from hanse.stack.embedded import EmbeddedStack
from search.embedded import EmbeddedEngine
from search.engine import SearchEngine
from stores.migrations import migrate

JUDGED_GOODS = 20 * len(kinds())
"""2,480 products."""
FACETS = ("brand", "category", "merchant", "in_stock", "attribute.material", "option.颜色")
_LARGE_BUILD = "large"


async def main(*, quick: bool, products: int, details: bool) -> None:
    """Run on servers of its own, and print."""
    with tempfile.TemporaryDirectory(prefix="hanse-bench-search-", ignore_cleanup_errors=True) as folder:
        stack = EmbeddedStack(Path(folder), parts=(), fast=True, settings={"environment": "test"})
        async with stack as settings:
            await stack.ensure("postgres")
            await migrate(settings, "search")
            database = await Database(settings.dsn("search")).open()
            engine = EmbeddedEngine(database)
            await _judge(engine, details=details)
            if not quick:
                await _time(engine, products)
            await database.close()


async def _judge(engine: SearchEngine, *, details: bool) -> None:
    catalogue = list(goods(JUDGED_GOODS))
    await fill(engine, catalogue)
    judged = await ask_all(engine, questions(catalogue), catalogue)
    table = Table("questions", "number", "nDCG@10", "recall@20", "corrections", title=f"{len(catalogue)} products")
    for how, means in by_how(judged).items():
        table.add_row(how, *_row(means))
    table.add_section()
    table.add_row("tuned on", *_row(quality([one for one in judged if one.question.tuned])))
    table.add_row("held out", *_row(quality([one for one in judged if not one.question.tuned])))
    table.add_row("all", *_row(quality(judged)))
    Console().print(table)
    if details:
        _tell_the_worst(judged)


def _row(means: Quality) -> tuple[str, ...]:
    corrections = "" if means.corrections is None else f"{means.corrections:.2f}"
    return str(means.questions), f"{means.ndcg:.3f}", f"{means.recall:.3f}", corrections


def _tell_the_worst(judged: list[Judged]) -> None:
    for one in sorted(judged, key=lambda one: one.ndcg):
        if one.question.tuned and (one.ndcg < 0.9 or one.correction is False):
            Console().print(
                f"{one.question.how}: {one.question.text!r} {one.ndcg:.2f} used {one.used!r}",
                *one.titles[:3],
                sep="\n  ",
            )


async def _time(engine: SearchEngine, products: int) -> None:
    started = time.perf_counter()
    await engine.begin_build(_LARGE_BUILD)
    skus = 0
    for part in track(goods_in_parts(products), total=-(-products // 500), description="Indexing"):
        skus += sum(len(good.document.skus) for good in part)
        await fill(engine, part, index=_LARGE_BUILD)
    await engine.swap_in(_LARGE_BUILD)
    took = time.perf_counter() - started
    texts = [question.text for question in questions(list(goods(JUDGED_GOODS)))]
    await search_speed(engine, texts, FACETS)  # the first round warms caches and connections
    rows = {
        "search, with six facets": await search_speed(engine, texts, FACETS),
        "suggest": await suggest_speed(engine, texts),
    }
    table = Table("", "p50 ms", "p95 ms", "most ms", title=f"{products} products, {skus} SKUs, indexed in {took:.0f} s")
    for name, speed in rows.items():
        table.add_row(name, *_speed_row(speed))
    Console().print(table)


def _speed_row(speed: Speed) -> tuple[str, ...]:
    return f"{speed.median:.1f}", f"{speed.p95:.1f}", f"{speed.worst:.1f}"


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="make bench-search", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="quality only")
    arguments.add_argument(
        "--details", action="store_true", help="the questions that are answered worst, of those tuned on"
    )
    arguments.add_argument("--products", type=int, default=50_000, help="about two SKUs each")
    chosen = arguments.parse_args()
    asyncio.run(main(quick=chosen.quick, products=chosen.products, details=chosen.details))
