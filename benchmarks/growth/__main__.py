"""`make bench-growth`: a shop with a past beside an empty one, in one run.

    python -m benchmarks.growth [--orders 1000000] [--skus 100000] [--rounds 5] [--seconds 8] [--crowds 1 4 16]

Orders a second, in turn; every list of buyers and operators with deep pages and filters; what schedules look for; the audit. Exit
code 1 when the past breaks an invariant or an audit does not end.
"""

import argparse
import asyncio
import json
import logging
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.growth.comparing import Plan, Results, compare, give_a_past, two_shops
from benchmarks.growth.table import show
from benchmarks.machine import machine

_WIDE = 200
_ROWS_AN_ORDER = 24
"""About, for the bar alone."""


async def run(plan: Plan, results: Path, console: Console) -> int:
    """The whole of it; answers with the exit code."""
    before = machine()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TimeElapsedColumn(),
    )
    with (
        tempfile.TemporaryDirectory(prefix="hanse-growth-", ignore_cleanup_errors=True) as folder,
        Progress(*columns, console=console) as progress,
    ):
        bar = progress.add_task(f"two shops, {plan.skus:,} SKUs in one", total=plan.orders * _ROWS_AN_ORDER)
        rows = 0

        def tell(what: str, more: int) -> None:
            nonlocal rows
            rows += more
            progress.update(bar, description=what, completed=rows)
            if not console.is_terminal and not more:
                console.print(f"· {what}", style="dim")

        async with two_shops(plan, Path(folder)) as shops:
            begun = time.perf_counter()
            await give_a_past(shops["grown"], plan.orders, tell)
            took = time.perf_counter() - begun
            found = await compare(plan, shops, tell)
            found.fill_seconds, found.rows = took, rows
    show(found, console)
    return _keep(found, plan, before, results, console)


def _keep(found: Results, plan: Plan, before: dict[str, object], results: Path, console: Console) -> int:
    file = results / f"growth-{found.at:%Y-%m-%dT%H%M}.json"
    told = {"plan": asdict(plan), "machine": before, **asdict(found)}
    file.write_text(json.dumps(told, indent=1, default=str) + "\n")
    console.print(f"Every round is in {file}; load average before {before['load average before']}", highlight=False)
    return 1 if any(one.broken or one.failed or one.command_exit_code for one in found.audit.values()) else 0


def main() -> int:
    """Read the command line."""
    asked = argparse.ArgumentParser(
        prog="make bench-growth", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("--orders", type=int, default=1_000_000)
    asked.add_argument("--skus", type=int, default=100_000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--seconds", type=float, default=8.0)
    asked.add_argument("--crowds", type=int, nargs="+", default=[1, 4, 16])
    asked.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    told = vars(asked.parse_args())
    results = told.pop("results")
    results.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    return asyncio.run(run(Plan(**{**told, "crowds": tuple(told["crowds"])}), results, console))


if __name__ == "__main__":
    raise SystemExit(main())
