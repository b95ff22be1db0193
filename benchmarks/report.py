"""The table on the terminal, and the file beside it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.budget import Line, Verdict, lines
from benchmarks.figures import Figure
from benchmarks.plot import plot
from benchmarks.suite import Results

_WIDE = 200
"""Columns of a table that goes to a file."""
_COLOURS: dict[Verdict, str] = {"met": "green", "gap": "red", "not yet": "yellow", "for information": "dim"}


def show(results: Results, console: Console) -> None:
    """Every line with its verdict, the machine below."""
    if not console.is_terminal:
        console.width = _WIDE
    table = Table("work", "measured", "floor, same run", "ratio", "budget", "verdict")
    for line in lines(results):
        verdict = f"[{_COLOURS[line.verdict]}]{'' if line.verdict == 'for information' else line.verdict}[/]"
        table.add_row(line.work, line.ours, line.floor, ratio_text(line.ratio), line.budget, verdict)
    console.print(table)
    console.print(", ".join(f"{name}: {value}" for name, value in results.machine.items()), style="dim")
    if results.broken:
        console.print(f"[bold red]The audit found {len(results.broken)} broken invariants[/]")
        for sentence in results.broken[:20]:
            console.print(f"  {sentence}", highlight=False)
    else:
        console.print("[green]The audit holds after all of it[/]")


def ratio_text(found: Figure | None) -> str:
    """The median, and how far the rounds lie apart."""
    return "" if found is None else f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})"


def write(results: Results, folder: Path) -> Path:
    """`<date>.json` with every round, and a plot of the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    table = list(lines(results))
    file = folder / f"{results.at:%Y-%m-%dT%H%M}.json"
    file.write_text(
        json.dumps({"table": [_plain(line) for line in table], **_raw(results)}, indent=1, default=str) + "\n"
    )
    file.with_suffix(".svg").write_text(plot(table, f"Hanse, {results.at:%Y-%m-%d %H:%M} UTC"))
    return file


def markdown(results: Results) -> str:
    """The same table for a page of documentation."""
    rows = ["| work | measured | floor, same run | ratio | budget | verdict |", "|---|---|---|---|---|---|"]
    for line in lines(results):
        verdict = "" if line.verdict == "for information" else line.verdict
        cells = (line.work, line.ours, line.floor, ratio_text(line.ratio), line.budget, verdict)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _plain(line: Line) -> dict[str, Any]:
    return {**asdict(line), "ratio": None if line.ratio is None else round(line.ratio.median, 3)}


def _raw(results: Results) -> dict[str, Any]:
    rounded: dict[str, Any] = json.loads(
        json.dumps(asdict(results), default=str), parse_float=lambda text: round(float(text), 3)
    )
    return rounded
