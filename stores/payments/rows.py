"""From rows to values, and the one way to lock: the payment's row first."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from hanse.database import Connection
from models.payments.types import Attempt, Mismatch, Payment, Refund, RefundLeg
from models.shared import Money
from models.shared.ids import AttemptId, OrderId, PaymentId, RefundId
from models.shared.refusals import NotFound

Row = asyncpg.Record


def narrowed(conditions: Mapping[str, object]) -> tuple[str, list[object]]:
    """`WHERE …` of what was asked for alone, whose arguments are from $2 on: so each kind of search has a plan of its own. What is
    None was not asked for."""
    asked = {text: value for text, value in conditions.items() if value is not None}
    where = " AND ".join(text.format(n) for n, text in enumerate(asked, 2)) or "true"
    return f"WHERE {where}", list(asked.values())


def money(minor: int, currency: str) -> Money:
    """An amount from its two columns."""
    return Money(minor=minor, currency=currency)


def to_payment(row: Row) -> Payment:
    """A row of `payments`."""
    sums = {
        name: money(row[f"{name}_minor"], row["currency"])
        for name in ("amount", "captured", "refunded", "held", "charged_back")
    }
    same = ("payment_id", "order_id", "user_id", "state", "due_at", "created_at", "settled_at")
    return Payment.model_validate({**sums, **{name: row[name] for name in same}})


def to_attempt(row: Row) -> Attempt:
    """A row of `attempts`."""
    same = {name: row[name] for name in Attempt.model_fields if name != "amount"}
    return Attempt.model_validate({**same, "amount": money(row["amount_minor"], row["currency"])})


def to_mismatch(row: Row) -> Mismatch:
    """A row of `mismatches`."""
    same = {name: row[name] for name in Mismatch.model_fields if name not in ("expected", "reported")}
    amounts = {name: money(row[f"{name}_minor"], row[f"{name}_currency"]) for name in ("expected", "reported")}
    return Mismatch.model_validate({**same, **amounts})


def to_refund(row: Row, legs: list[Row]) -> Refund:
    """A row of `refunds` with some of its legs."""
    kept = (
        "refund_id",
        "payment_id",
        "order_id",
        "reason",
        "state",
        "lines",
        "actor",
        "created_at",
        "finished_at",
        "refusal",
    )
    values: dict[str, Any] = {name: row[name] for name in kept}
    amount = money(row["amount_minor"], row["currency"])
    return Refund.model_validate({**values, "amount": amount, "legs": tuple(map(to_leg, legs))})


def to_leg(row: Row) -> RefundLeg:
    """A leg with its attempt's channel, reference and currency."""
    return RefundLeg(
        leg_id=RefundId(row["leg_id"]),
        attempt_id=AttemptId(row["attempt_id"]),
        channel=row["channel"],
        channel_reference=row["channel_reference"] or "",
        amount=money(row["amount_minor"], row["currency"]),
    )


async def sole_row(tx: Connection, query: str, *arguments: Any) -> Row:
    """The row of a query that cannot come back empty."""
    row = await tx.fetchrow(query, *arguments)
    if row is None:
        raise LookupError(f"a row that must exist is gone: {query} {arguments}")
    return row


async def read_payment(tx: Connection, payment_id: PaymentId) -> Payment:
    """The payment as it stands. `NotFound` if there is none."""
    row = await tx.fetchrow("SELECT * FROM payments WHERE payment_id = $1", payment_id)
    return to_payment(_found(row, payment_id))


async def lock_payment(tx: Connection, payment_id: PaymentId) -> Payment:
    """The payment, locked until the transaction ends. `NotFound` if there is none."""
    row = await tx.fetchrow("SELECT * FROM payments WHERE payment_id = $1 FOR UPDATE", payment_id)
    return to_payment(_found(row, payment_id))


async def lock_payment_of_order(tx: Connection, order_id: OrderId) -> Payment | None:
    """The order's payment, locked until the transaction ends; None if it was never opened."""
    row = await tx.fetchrow("SELECT * FROM payments WHERE order_id = $1 FOR UPDATE", order_id)
    return to_payment(row) if row else None


async def read_attempt(tx: Connection, attempt_id: AttemptId) -> Attempt:
    """The attempt as it stands. `NotFound` if there is none."""
    row = await tx.fetchrow("SELECT * FROM attempts WHERE attempt_id = $1", attempt_id)
    return to_attempt(_found(row, attempt_id))


def _found(row: Row | None, key: str) -> Row:
    if row is None:
        raise NotFound(f"There is nothing to pay by the id {key}.")
    return row
