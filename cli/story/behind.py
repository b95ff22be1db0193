"""The chapter behind the counter: what the databases and Temporal say about the first order."""

from rich.table import Table
from temporalio.client import WorkflowExecution

from cli.settling import looked_at_until
from cli.story.buying import FIRST
from cli.story.telling import Story, money
from hanse.settings import Settings
from hanse.temporal import connect

_LISTED_WITHIN = 15.0
_PROCESSES = 3
"""Of one order with one parcel: checkout, payment window, parcel."""


async def look_behind(story: Story, settings: Settings) -> None:
    """Timeline, stock journal, ledger, workflows."""
    story.chapter("Behind the counter")
    order_id = story.orders[FIRST]
    await _timeline(story, order_id)
    await _books(story, order_id)
    await _workflows(story, settings, order_id)


async def _timeline(story: Story, order_id: str) -> None:
    story.step("Orders' database: each step of the order, and the workflow that took it.")
    table = Table(box=None, show_header=False)
    for entry in await story.operate("GET", f"/v1/orders/{order_id}/timeline"):
        table.add_row("    ", entry["at"][11:19], entry["step"], entry["detail"], entry["workflow_id"] or "")
    story.console.print(table)


async def _books(story: Story, order_id: str) -> None:
    journal = (await story.operate("GET", f"/v1/inventory/journal?reference={order_id}"))["items"]
    moved = ", ".join(f"{line['reason']} {line['delta']:+}, {line['on_hand_after']} left" for line in journal)
    story.step("Inventory's database: the journal explains every unit.", moved)
    order = await story.operate("GET", f"/orders/{order_id}")
    payment = await story.operate("GET", f"/payments/{order['payment_id']}")
    story.same("money that came for the first order", payment["captured"], order["total"])
    transfers = await story.operate("GET", f"/v1/operators/payments/{order['payment_id']}/transfers")
    story.step(
        "Payments' database: a double-entry ledger.",
        f"{money(payment['captured'])} captured; {len(transfers)} transfer(s) booked for it",
    )


async def _workflows(story: Story, settings: Settings, order_id: str) -> None:
    client = await connect(settings)

    async def listed() -> list[WorkflowExecution]:
        return [run async for run in client.list_workflows(f"OrderId = '{order_id}'")]

    def over(runs: list[WorkflowExecution]) -> bool:
        return len(runs) >= _PROCESSES and all(run.close_time for run in runs)

    runs = await looked_at_until(listed, over, _LISTED_WITHIN)
    story.step("Temporal: the same order as durable workflows, all of them ended.")
    table = Table(box=None, show_header=False)
    for run in sorted(runs, key=lambda one: one.start_time):
        state = run.status.name.lower() if run.status else "?"
        table.add_row("    ", run.workflow_type, run.id, state, f"{run.history_length} events")
    story.console.print(table)
    story.same("every process of the first order has ended", over(runs), True)
