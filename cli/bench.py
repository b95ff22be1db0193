"""`hanse bench`: what the shop costs, as ratios to floors of the same run."""

import asyncio
import importlib.util
import logging
from pathlib import Path
from typing import Annotated

import typer

from cli.console import console
from hanse.stack.part import StackError


def bench(
    quick: Annotated[
        bool, typer.Option(help="One round of what matters most, in about two minutes; figures are rough.")
    ] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON file and the plot go.")] = Path("benchmarks/results"),
    markdown: Annotated[bool, typer.Option(help="Print the table as Markdown, too.")] = False,
) -> None:
    """Measure the shop on a throw-away stack beside its floors; prints a table and keeps figures and a plot. Exit code 1 when
    the audit afterwards finds something lost."""
    if importlib.util.find_spec("benchmarks") is None:
        raise StackError("the benchmarks are not part of an installed package; run `make bench` in a checkout")
    from benchmarks import report
    from benchmarks.suite import FULL, QUICK, run_suite

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    found = asyncio.run(run_suite(QUICK if quick else FULL, lambda what: console.print(f"· {what}", style="dim")))
    file = report.write(found, results)
    report.show(found, console)
    if markdown:
        print(report.markdown(found))
    console.print(f"Every round is in {file}, drawn in {file.with_suffix('.svg').name}", highlight=False)
    if found.broken or found.units_astray or any(one.sold_out.astray for one in found.orders.values()):
        raise typer.Exit(1)
