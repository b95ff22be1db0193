"""Growth as tables: orders with their budget, reads, audit."""

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, over_rounds, ratio
from benchmarks.growth.comparing import Results

LEAST = 0.9
"""Of an empty shop's orders a second."""
_SLOW = 1.5
"""A read that takes so many times an empty shop's and is felt is marked."""
_FELT = 50.0
"""Milliseconds."""


def show(found: Results, console: Console) -> None:
    """Everything, with what falls marked."""
    console.print(
        f"{found.rows:,} rows of the past in {found.fill_seconds:.0f} s; databases in MB: {found.size_mb['grown']}",
        highlight=False,
    )
    console.print(_orders(found), _reads(found), _audit(found), sep="\n")
    for name, one in found.audit.items():
        for sentence in [*one.broken[:10], *one.failed]:
            console.print(f"[red]{name}: {sentence}[/]", highlight=False)


def _orders(found: Results) -> Table:
    table = Table("work", "grown", "empty", "ratio", "budget", "verdict", title="orders")
    for clients, rounds in found.orders.items():
        grown, empty = (over_rounds(rounds[name], lambda run: run.per_second) for name in ("grown", "empty"))
        share = ratio(grown, empty)
        verdict = "[green]met[/]" if share.median >= LEAST else "[red]gap[/]"
        lost = sum(run.failed + run.refused for runs in rounds.values() for run in runs)
        told = f"order to handed over, {clients} clients" + (f" ({lost} refused or failed)" if lost else "")
        figures = (f"{grown.median:.2f}/s", f"{empty.median:.2f}/s", _said(share), f"≥ {LEAST} ×", verdict)
        table.add_row(told, *figures)
    grown, empty = (over_rounds(found.place[name], lambda run: run.p50_ms) for name in ("grown", "empty"))
    table.add_row(
        "POST /orders, one client, p50", f"{grown.median:.1f} ms", f"{empty.median:.1f} ms", _said(ratio(grown, empty))
    )
    return table


def _reads(found: Results) -> Table:
    table = Table("read", "grown p50 ms", "empty p50 ms", "times", title="reads, one client")
    for name, grown in found.reads["grown"].items():
        empty = found.reads["empty"].get(name)
        if grown is None or empty is None:
            table.add_row(
                name, *("no answer" if one is None else f"{one.median:.1f}" for one in (grown, empty)), "[red]?[/]"
            )
            continue
        times = grown.median / empty.median
        slow = times > _SLOW and grown.median > _FELT
        table.add_row(
            name, f"{grown.median:.1f}", f"{empty.median:.1f}", f"[red]{times:.1f}[/]" if slow else f"{times:.1f}"
        )
    return table


def _audit(found: Results) -> Table:
    table = Table("look", "grown s", "empty s", "looked at", title="audit")
    grown, empty = found.audit["grown"], found.audit["empty"]
    for name, seconds in grown.seconds.items():
        table.add_row(
            name, f"{seconds:.1f}", f"{empty.seconds[name]:.1f}", grown.looked_at.get(name, "[red]did not end[/]")
        )
    told = f"exit code {grown.command_exit_code}, at most {grown.command_most_mb:.0f} MB (empty {empty.command_most_mb:.0f})"
    table.add_row("hanse audit, whole", f"{grown.command_seconds:.1f}", f"{empty.command_seconds:.1f}", told)
    return table


def _said(figure: Figure) -> str:
    return f"{figure.median:.2f} ({figure.low:.2f}–{figure.high:.2f})"
