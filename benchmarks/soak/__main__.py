"""`make soak`: orders at full speed for as long as told, and whether api, worker and the others stay flat.

    python -m benchmarks.soak [--minutes 120] [--orders 20000] [--clients 12] [--placement inline] [--watch] [--trace]

Ends with whichever comes first. A day is 20,000 orders, half an hour shows what leaks. Exit code 1 when one of our processes
grows, or the audit afterwards finds something. `--watch` also says which kinds of objects became more.
"""

import argparse
import asyncio
import contextlib
import json
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.machine import machine
from benchmarks.soak.day import OURS, SERVERS, Day, Plan, ground_for, spend_a_day
from benchmarks.soak.drawing import draw
from benchmarks.soak.judging import DAY_OF_ORDERS, FLAT_BELOW, Growth, growth
from benchmarks.soak.memory import Sample
from benchmarks.soak.objects import more_of_what, show_objects
from benchmarks.soak.table import show
from cli.audit import run_audit

_WIDE = 160


async def soak(plan: Plan, results: Path, console: Console) -> int:
    """The whole of it; answers with the exit code."""
    at = datetime.now(UTC)
    file = results / f"soak-{at:%Y-%m-%dT%H%M}.jsonl"
    found: dict[str, Any] = {"at": at.isoformat(), "plan": asdict(plan), "machine": machine()}
    with tempfile.TemporaryDirectory(prefix="hanse-soak-", ignore_cleanup_errors=True) as folder:
        console.print("· a throw-away stack", style="dim")
        async with ground_for(plan, Path(folder)) as ground:
            with _progress(plan, console) as tell:
                day = await spend_a_day(plan, ground, file, tell)
            console.print("· the audit", style="dim")
            broken = [
                f"{one.check}: {one.subject}" for part in await run_audit(ground.settings) for one in part.findings
            ]
        objects = more_of_what(Path(folder) / "inside") if plan.watch else {}
    growths = judged(day)
    show(day, growths, broken, console)
    show_objects(objects, console)
    found |= {
        "growth": {name: asdict(one) for name, one in growths.items() if one},
        "legs": [asdict(leg) for leg in day.legs],
        "broken": broken,
        "objects": objects,
        "load average after": machine()["load average before"],
    }
    file.with_suffix(".json").write_text(json.dumps(found, indent=1, default=str) + "\n")
    file.with_suffix(".svg").write_text(drawing(day.samples, f"Hanse, {at:%Y-%m-%d %H:%M} UTC: resident memory"))
    console.print(f"Samples, judgement and drawing: {file.with_suffix('.json')}", highlight=False)
    ours = [growths[name] for name in OURS if name in growths]
    return 1 if broken or any(one is not None and one.verdict == "grows" for one in ours) else 0


def judged(day: Day) -> dict[str, Growth | None]:
    """Ours by their resident memory over the orders; servers by what is theirs alone of it, since PostgreSQL's processes each count
    the buffers that they share."""
    found = {}
    for name in (*OURS, *SERVERS):
        seen = [sample for sample in day.samples if name in sample.memory]
        found[name] = growth([sample.orders for sample in seen], [_judged_by(name, sample) for sample in seen])
    return found


def _judged_by(name: str, sample: Sample) -> float:
    return sample.memory[name].rss if name in OURS else sample.memory[name].pss


def drawing(samples: list[Sample], title: str) -> str:
    """Every process; a part that was away for a moment keeps its last value."""
    lines: dict[str, list[float]] = {name: [] for name in (*OURS, *SERVERS)}
    for sample in samples:
        for name, line in lines.items():
            line.append(_judged_by(name, sample) if name in sample.memory else (line[-1] if line else 0.0))
    return draw([sample.orders for sample in samples], lines, title)


@contextlib.contextmanager
def _progress(plan: Plan, console: Console) -> Any:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("orders", total=1.0, said="")

        def tell(sample: Sample) -> None:
            done = max(sample.orders / plan.orders, sample.seconds / plan.minutes / 60)
            said = ", ".join(f"{name} {sample.memory[name].rss:.0f}" for name in OURS if name in sample.memory)
            progress.update(bar, completed=min(1.0, done), said=f"{sample.orders} orders; MB: {said}")

        yield tell


def main() -> int:
    """Read the command line."""
    asked = argparse.ArgumentParser(
        prog="make soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("--minutes", type=float, default=120.0)
    asked.add_argument("--orders", type=int, default=DAY_OF_ORDERS)
    asked.add_argument("--clients", type=int, default=12)
    asked.add_argument("--placement", choices=("inline", "queue"), default="inline")
    asked.add_argument("--watch", action="store_true", help="count objects in our processes, by type")
    asked.add_argument("--trace", action="store_true", help="with --watch: also where they were allocated (slow)")
    asked.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    told = vars(asked.parse_args())
    results = told.pop("results")
    results.mkdir(parents=True, exist_ok=True)
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    console.print(f"Flat is below {FLAT_BELOW:g} MB for 1,000 orders, after the first quarter.", style="dim")
    return asyncio.run(soak(Plan(**told), results, console))


if __name__ == "__main__":
    raise SystemExit(main())
