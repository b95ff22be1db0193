"""What two domains must agree on. No query joins their databases: both are read, and compared here."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus

from cli.auditing.findings import Finding, Section
from hanse.database import Database

_UNFINISHED = ("pending_payment", "paid")


@dataclass(frozen=True)
class _OrderRow:
    order_id: str
    status: str
    payment_status: str
    total: int
    refunded: int


async def money_of_orders(orders: Database, payments: Database) -> Section:
    """Invariant 2 across: what is kept for an order is what its state says it should hold."""
    paid = {row["order_id"]: row async for row in _payments(payments)}
    found: list[Finding] = []
    count = 0
    async for order in _orders(orders):
        count += 1
        payment = paid.pop(order.order_id, None)
        found += _money_breaks(order, payment)
    found += [
        Finding("payment_without_order", order_id, f"payment of {row['amount_minor']} for an order that does not exist")
        for order_id, row in paid.items()
        if row["captured_minor"] - row["refunded_minor"] - row["held_minor"] > 0
    ]
    return Section(
        "Money of orders: captured − refunded is what the order should hold", f"{count} orders", tuple(found)
    )


def _money_breaks(order: _OrderRow, payment: dict[str, Any] | None) -> Iterable[Finding]:
    kept = payment["captured_minor"] - payment["refunded_minor"] if payment else 0
    on_its_way = payment["held_minor"] if payment else 0
    match order.status:
        case "paid" | "completed":
            wanted = order.total - order.refunded
            if not kept - on_its_way <= wanted <= kept:
                yield Finding("kept_differs", order.order_id, f"holds {kept}, should hold {wanted} ({order.status})")
        case "cancelled":
            if kept - on_its_way > 0:
                yield Finding(
                    "cancelled_but_kept", order.order_id, f"cancelled, yet {kept} is kept and {on_its_way} goes back"
                )
        case "pending_payment":
            if payment is None and order.total > 0:
                yield Finding("payment_missing", order.order_id, "waits for a payment that was never opened")


async def orders_and_workflows(client: Client, orders: Database) -> Section:
    """Invariant 4: an unfinished order has exactly one running workflow; a closed workflow's order is final."""
    running, closed = await _checkouts(client)
    found: list[Finding] = []
    count = 0
    async for order in _orders(orders):
        count += 1
        if order.status in _UNFINISHED and order.order_id not in running:
            state = closed.get(order.order_id, "missing")
            found.append(
                Finding("order_without_workflow", order.order_id, f"is {order.status}, its workflow is {state}")
            )
        elif order.status == "cancelled" and order.order_id in running:
            found.append(Finding("workflow_of_ended_order", order.order_id, "is cancelled, its workflow still runs"))
    return Section("Orders and workflows agree", f"{count} orders, {len(running)} running checkouts", tuple(found))


async def holds_and_workflows(client: Client, inventory: Database) -> Section:
    """Stock is held only for a checkout that runs."""
    running, _ = await _checkouts(client)
    async with inventory.reader() as connection:
        rows = await connection.fetch("SELECT order_id FROM reservations WHERE state = 'held'")
    found = [
        Finding("hold_without_workflow", row["order_id"], "stock is held, but no checkout runs that would give it back")
        for row in rows
        if row["order_id"] not in running
    ]
    return Section("Holds: stock is held only for a running checkout", f"{len(rows)} holds", tuple(found))


async def _checkouts(client: Client) -> tuple[set[str], dict[str, str]]:
    running: set[str] = set()
    closed: dict[str, str] = {}
    async for execution in client.list_workflows("WorkflowType = 'Checkout'"):
        order_id = execution.id.removeprefix("checkout/")
        if execution.status is WorkflowExecutionStatus.RUNNING:
            running.add(order_id)
        elif execution.status is not None:
            closed[order_id] = execution.status.name.lower()
    return running, closed


async def _orders(db: Database) -> AsyncIterator[_OrderRow]:
    async with db.transaction() as tx:
        async for row in tx.cursor(
            "SELECT order_id, status, payment_status, total_minor, refunded_minor FROM orders ORDER BY order_id",
            prefetch=1000,
        ):
            yield _OrderRow(
                row["order_id"], row["status"], row["payment_status"], row["total_minor"], row["refunded_minor"]
            )


async def _payments(db: Database) -> AsyncIterator[dict[str, Any]]:
    async with db.transaction() as tx:
        async for row in tx.cursor("SELECT * FROM payments ORDER BY order_id", prefetch=1000):
            yield dict(row)
