"""What a day left behind, as a table."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.soak.day import Day
from benchmarks.soak.judging import Growth

_COLOURS = {"flat": "green", "grows": "red", "cannot be told": "yellow"}


def show(day: Day, growths: Mapping[str, Growth | None], broken: Sequence[str], console: Console) -> None:
    """Each process, what was counted beside, the load and the audit."""
    table = Table("process", "after warm-up", "at the end", "most", "MB / 1,000 orders", "a day", "verdict")
    for name, one in growths.items():
        if one is None:
            table.add_row(name, "", "", "", "", "", "too few samples")
            continue
        slope = f"{one.per_thousand_mb:+.2f} ± {one.give_or_take_mb:.2f}"
        figures = (
            f"{one.first_mb:.0f} MB",
            f"{one.last_mb:.0f} MB",
            f"{one.most_mb:.0f} MB",
            slope,
            f"{one.a_day_mb:+.0f} MB",
        )
        table.add_row(name, *figures, f"[{_COLOURS[one.verdict]}]{one.verdict}[/]")
    console.print(table)
    if day.samples:
        last = day.samples[-1]
        console.print(f"{last.orders:,} orders in {last.seconds / 60:.0f} minutes", highlight=False)
        for name, value in last.counts.items():
            console.print(f"  {name}: {value:,.0f}", style="dim", highlight=False)
    refused: dict[str, int] = {}
    for leg in day.legs:
        for code, many in leg.refused_as.items():
            refused[code] = refused.get(code, 0) + many
    visits, failed = sum(leg.count for leg in day.legs), sum(leg.failed for leg in day.legs)
    console.print(f"{visits:,} visits ended well, {failed} failed, refused: {refused or 'none'}", highlight=False)
    if broken:
        console.print(f"[bold red]The audit found {len(broken)} broken invariants[/]: {'; '.join(broken[:10])}")
    else:
        console.print("[green]The audit holds after all of it[/]")
