"""`hanse reconcile CHANNEL DAY`: hold our books against a channel's statement, now."""

import asyncio
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.console import DataDir, console, settings_for
from hanse.settings import Settings
from hanse.stack.part import StackError

if TYPE_CHECKING:
    from models.payments.reconciliation import Difference, Reconciled, Report

_SHOWN = 50


def reconcile(
    channel: Annotated[str, typer.Argument(help="The channel, for instance sandbox_card.")],
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day of the statement.")],
    data_dir: DataDir = None,
) -> None:
    """Fetch the statement of that day, compare, repair what is safe, show the rest. Waits until the statement is published. Exit
    code 0 when everything agrees, 1 when something is left for a person."""
    with console.status(f"Reconciling {channel} for {day.date()} …"):
        done, differences = asyncio.run(_reconcile(settings_for(data_dir), channel, day.date()))
    (only,) = done.days
    if only.report is None:
        raise StackError(f"there is no statement of {channel} for {only.day}: {only.missing}")
    show(only.report, differences, repaired=only.repaired)
    if only.report.outcome == "failed" or any(difference.repair is None for difference in differences):
        raise typer.Exit(1)


def show(report: "Report", differences: "tuple[Difference, ...]", *, repaired: int) -> None:
    """The sums, then every difference with the line of the statement."""
    console.print(
        f"{report.channel} {report.day}, revision {report.revision}: {report.lines} lines, [bold]{report.outcome}[/]"
    )
    if report.failure is not None:
        console.print(f"[red]The statement cannot be believed:[/] {report.failure} (line {report.failure_line})")
        return
    sums = Table("kind", "currency", "movements", "ours", "theirs")
    for total in report.totals:
        sums.add_row(total.kind, total.currency, str(total.count), str(total.ours), str(total.theirs))
    console.print(sums)
    if differences:
        table = Table("kind", "line", "theirs", "ours", "currency", "transaction", "order", "repair")
        for each in differences[:_SHOWN]:
            cells = (each.kind, each.line, each.theirs, each.ours, each.currency, each.transaction_id, each.order_id)
            table.add_row(*("" if cell is None else str(cell) for cell in cells), each.repair or "a person")
        console.print(table)
    if report.differences > len(differences[:_SHOWN]):
        console.print(
            f"… {report.differences} in all; the rest is in GET /v1/reconciliations/{report.number}/differences"
        )
    console.print(f"{repaired} repaired now, {report.repairs} in all")


async def _reconcile(settings: Settings, channel: str, day: date) -> "tuple[Reconciled, tuple[Difference, ...]]":
    from temporalio.common import WorkflowIDConflictPolicy

    from channels.payment.registry import channel_names
    from hanse.database import Database
    from hanse.temporal import connect
    from models.payments.reconciliation import ReconciliationInput, reconciliation_id
    from stores.payments import PaymentStore
    from workflows.options import TaskQueue
    from workflows.reconciliation import Reconciliation

    names = channel_names(settings)
    if channel not in names:
        raise StackError(f"there is no channel {channel!r}; there are {', '.join(names)}")
    client = await connect(settings)
    done = await client.execute_workflow(
        Reconciliation.run,
        ReconciliationInput(channel=channel, day=day, placement=settings.placement),
        id=reconciliation_id(channel, day),
        task_queue=TaskQueue.CHECKOUT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    database = await Database(settings.dsn("payments"), max_size=2).open()
    try:
        report = done.days[0].report
        found = () if report is None else await PaymentStore(database).differences(report.number, limit=_SHOWN + 1)
    finally:
        await database.close()
    return done, found
