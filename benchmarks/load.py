"""`make bench-load`: load that does not wait, long enough for its tails, and a crowd on few units; both placements.

    python -m benchmarks.load [--seconds 60] [--units 500] [--placements inline queue] [--shares 0.3 0.6 0.9 1.2]

What `make bench` does for seconds is done for a minute a rate here. A rate is a share of what a closed loop of 16 clients reached
just before. p99.9 is given where there were 1,000 answers or more.
"""

import argparse
import asyncio
import json
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.budget import Line, open_loop_lines, sold_out_lines
from benchmarks.crowds import SHARES, OpenLoops, SoldOutFigures, open_loops, sell_out
from benchmarks.driver import load_process
from benchmarks.goods import Stocking
from benchmarks.ground import Lay, open_ground
from benchmarks.machine import machine
from cli.audit import run_audit
from models.orders.messages import Placement

_CLIENTS = 16
_JOBS = ("product", "place", "life")
_MOST_TAKES = 6.0
_WIDE = 220


@dataclass(frozen=True)
class Plan:
    """How much."""

    seconds: float
    units: int
    placements: Sequence[Placement]
    shares: Sequence[float]


@dataclass(frozen=True)
class Found:
    """Of one placement."""

    most: dict[str, float]
    """What the closed loop reached a second, by job."""
    steady: OpenLoops
    sold_out: SoldOutFigures


async def measure(plan: Plan, progress: Progress) -> tuple[dict[Placement, Found], list[str]]:
    """Each placement in turn on one stack, then the audit: what it found, one sentence each."""
    bar = progress.add_task("a throw-away stack", total=len(plan.placements) * (2 + len(plan.shares)))
    found: dict[Placement, Found] = {}
    lay = Lay(stocking=Stocking(few=plan.units, buyers=20))
    with tempfile.TemporaryDirectory(prefix="hanse-bench-", ignore_cleanup_errors=True) as folder:
        async with open_ground(Path(folder), lay) as ground, load_process(ground.shop) as load:
            for number, placement in enumerate(plan.placements):
                if placement != ground.settings.placement or number:
                    await ground.place_store_calls(placement)
                progress.update(bar, description=f"{placement}: closed loops")
                most = {job: (await load.closed(job, _CLIENTS, _MOST_TAKES, 2.0)).per_second for job in _JOBS}
                progress.advance(bar)
                steady: OpenLoops = {}
                for share in plan.shares:
                    progress.update(bar, description=f"{placement}: {share:g} of the most")
                    steady |= await open_loops(load, most, [share], plan.seconds)
                    progress.advance(bar)
                progress.update(bar, description=f"{placement}: {plan.units} units and a crowd")
                rush = await sell_out(ground, load, ground.shop.scarce[number], _MOST_TAKES)
                found[placement] = Found(most, steady, rush)
                progress.advance(bar)
            broken = [
                f"{one.check}: {one.subject}" for part in await run_audit(ground.settings) for one in part.findings
            ]
    return found, broken


def lines(found: dict[Placement, Found]) -> list[Line]:
    """Every line of the table."""
    return [
        line
        for placement, one in found.items()
        for line in (*open_loop_lines(placement, one.steady), *sold_out_lines(placement, one.sold_out))
    ]


async def run(plan: Plan, results: Path, console: Console) -> int:
    """Measure, print, keep; answers with the exit code."""
    at, before = datetime.now(UTC), machine()
    with Progress(console=console) as progress:
        found, broken = await measure(plan, progress)
    table = Table("work", "measured", title=f"loadavg before {before['load average before']}")
    for line in lines(found):
        table.add_row(line.work, line.ours)
    console.print(table)
    if broken:
        console.print(f"[bold red]The audit found {len(broken)} broken invariants[/]: {'; '.join(broken[:10])}")
    else:
        console.print("[green]The audit holds after all of it[/]")
    file = results / f"load-{at:%Y-%m-%dT%H%M}.json"
    told: dict[str, Any] = {"at": at, "plan": asdict(plan), "machine": before, "broken": broken}
    told |= {placement: asdict(one) for placement, one in found.items()}
    file.write_text(json.dumps(told, indent=1, default=str) + "\n")
    console.print(f"Every figure is in {file}", highlight=False)
    return 1 if broken or any(one.sold_out.astray for one in found.values()) else 0


def main() -> int:
    """Read the command line."""
    asked = argparse.ArgumentParser(
        prog="make bench-load", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("--seconds", type=float, default=60.0, help="of each rate and kind of work")
    asked.add_argument("--units", type=int, default=500, help="in the rush")
    asked.add_argument("--placements", nargs="+", choices=("inline", "queue"), default=["inline", "queue"])
    asked.add_argument("--shares", nargs="+", type=float, default=list(SHARES))
    asked.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    told = vars(asked.parse_args())
    results = told.pop("results")
    results.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    return asyncio.run(run(Plan(**told), results, console))


if __name__ == "__main__":
    raise SystemExit(main())
