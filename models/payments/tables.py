"""The schema of database `payments`, in its written form. The migration creates it; a test compares the two.

Not tables to work with: stores speak SQL, and values that travel are in `types.py`. Amounts are minor units. The books are in
`ledger_tables.py`, statements and reconciliations in `statement_tables.py`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from models.payments.database import PaymentsTable
from models.payments.ledger_tables import AdjustmentTable, ChargebackTable, LedgerTable
from models.payments.statement_tables import (
    DifferenceTable,
    ReconciliationTable,
    RepairTable,
    StatementLineTable,
    StatementTable,
)
from models.shared.columns import counting, identifier, moment, structure, whole, words

__all__ = [
    "AdjustmentTable",
    "AmountChangeTable",
    "AttemptTable",
    "CallbackTable",
    "ChargebackTable",
    "DifferenceTable",
    "LedgerTable",
    "MismatchTable",
    "PaymentTable",
    "PaymentsTable",
    "ReconciliationTable",
    "RefundLegTable",
    "RefundTable",
    "RepairTable",
    "StatementLineTable",
    "StatementTable",
    "ToldEventTable",
]


class PaymentTable(PaymentsTable, table=True):
    """What is owed, one row an order. Its row lock is the lock of everything that belongs to the payment."""

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("order_id", name="payments_one_per_order"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="payments_currency"),
        CheckConstraint("amount_minor > 0", name="payments_amount"),
        CheckConstraint("captured_minor >= 0", name="payments_captured"),
        CheckConstraint("refunded_minor >= 0", name="payments_refunded"),
        CheckConstraint("held_minor >= 0", name="payments_held"),
        CheckConstraint("charged_back_minor >= 0", name="payments_charged_back"),
        CheckConstraint("state IN ('pending', 'paid', 'closed')", name="payments_state"),
        CheckConstraint("closed_as IN ('expired', 'cancelled')", name="payments_closed_as"),
        CheckConstraint("captured_minor <= amount_minor", name="payments_never_more_than_owed"),
        CheckConstraint(
            "refunded_minor + held_minor + charged_back_minor <= captured_minor",
            name="payments_never_more_back_than_came",
        ),
        CheckConstraint("(state = 'paid') = (captured_minor = amount_minor)", name="payments_paid_is_complete"),
        CheckConstraint("state <> 'closed' OR captured_minor = 0", name="payments_closed_keeps_nothing"),
        CheckConstraint("(state = 'closed') = (closed_as IS NOT NULL)", name="payments_closed_says_how"),
        CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name="payments_settled_says_when"),
        Index("payments_by_user", "user_id", "payment_id"),
        Index("payments_by_state", "state", "payment_id"),
    )

    payment_id: str = identifier(key=True)
    order_id: str = identifier()
    user_id: str = identifier()
    currency: str = words()
    amount_minor: int = whole()
    captured_minor: int = whole(default=0)
    """Kept captures only; a surplus never counts here."""
    refunded_minor: int = whole(default=0)
    held_minor: int = whole(default=0)
    charged_back_minor: int = whole(default=0)
    state: str = words()
    closed_as: str | None = words(nullable=True)
    due_at: datetime = moment()
    created_at: datetime = moment()
    settled_at: datetime | None = moment(nullable=True)
    """When it became paid or closed."""


class AmountChangeTable(PaymentsTable, table=True):
    """Each change of what is owed; a payment that was never changed has none. `change_key` names the wish."""

    __tablename__ = "amount_changes"
    __table_args__ = (
        CheckConstraint("was_minor > 0", name="amount_changes_was"),
        CheckConstraint("amount_minor > 0", name="amount_changes_amount"),
    )

    change_key: str = identifier(key=True)
    payment_id: str = identifier(ForeignKey("payments.payment_id", name="amount_changes_of_payment"))
    was_minor: int = whole()
    amount_minor: int = whole()
    at: datetime = moment()


class AttemptTable(PaymentsTable, table=True):
    """Tries to pay. A capture is the attempt's one channel transaction, kept (`captured`) or going back whole (`surplus`)."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("channel", "channel_transaction", name="attempts_transaction_booked_once"),
        CheckConstraint("instalments BETWEEN 1 AND 48", name="attempts_instalments"),
        CheckConstraint("amount_minor > 0", name="attempts_amount"),
        CheckConstraint("refunded_minor >= 0", name="attempts_refunded"),
        CheckConstraint("held_minor >= 0", name="attempts_held"),
        CheckConstraint("charged_back_minor >= 0", name="attempts_charged_back"),
        CheckConstraint("state IN ('pending', 'captured', 'surplus', 'closed')", name="attempts_state"),
        CheckConstraint(
            "(state IN ('captured', 'surplus')) = (channel_transaction IS NOT NULL AND captured_at IS NOT NULL)",
            name="attempts_money_has_a_transaction",
        ),
        CheckConstraint("(state = 'surplus') = (surplus_reason IS NOT NULL)", name="attempts_surplus_says_why"),
        CheckConstraint(
            "refunded_minor + held_minor + charged_back_minor <= "
            "CASE WHEN channel_transaction IS NULL THEN 0 ELSE amount_minor END",
            name="attempts_never_more_back_than_came",
        ),
        Index("attempts_by_payment", "payment_id", "attempt_id"),
        Index("attempts_pending", "created_at", "attempt_id", postgresql_where=text("state = 'pending'")),
    )

    attempt_id: str = identifier(key=True)
    payment_id: str = identifier(ForeignKey("payments.payment_id", name="attempts_of_payment"))
    order_id: str = identifier()
    channel: str = words()
    method: str = words()
    instalments: int = Field(sa_column=Column(Integer, nullable=False))
    currency: str = words()
    amount_minor: int = whole()
    refunded_minor: int = whole(default=0)
    held_minor: int = whole(default=0)
    charged_back_minor: int = whole(default=0)
    state: str = words()
    surplus_reason: str | None = words(nullable=True)
    channel_reference: str | None = words(nullable=True)
    cashier_url: str | None = words(nullable=True)
    channel_transaction: str | None = words(nullable=True)
    captured_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()


class MismatchTable(PaymentsTable, table=True):
    """Reports that contradict their attempt; nothing was booked for them."""

    __tablename__ = "mismatches"
    __table_args__ = (
        CheckConstraint("why IN ('amount', 'transaction')", name="mismatches_why"),
        Index("mismatches_by_time", "at"),
    )

    channel: str = words(key=True)
    channel_transaction: str = words(key=True)
    attempt_id: str = identifier(ForeignKey("attempts.attempt_id", name="mismatches_of_attempt"), key=True)
    payment_id: str = identifier()
    expected_minor: int = whole()
    expected_currency: str = words()
    reported_minor: int = whole(key=True)
    reported_currency: str = words(key=True)
    why: str = words()
    event_id: str = words()
    at: datetime = moment()


class RefundTable(PaymentsTable, table=True):
    """Money on its way back. `round_no` counts how often it was held; a refused refund may be held again."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="refunds_amount"),
        CheckConstraint("state IN ('held', 'submitted', 'succeeded', 'refused', 'other_means')", name="refunds_state"),
        CheckConstraint(
            "(state IN ('succeeded', 'other_means')) = (finished_at IS NOT NULL)", name="refunds_finished_says_when"
        ),
        Index("refunds_by_payment", "payment_id", "refund_id"),
        Index("refunds_by_state", "state", "refund_id"),
        Index("refunds_by_attempt", "attempt_id", postgresql_where=text("attempt_id IS NOT NULL")),
    )

    refund_id: str = identifier(key=True)
    payment_id: str = identifier(ForeignKey("payments.payment_id", name="refunds_of_payment"))
    order_id: str = identifier()
    currency: str = words()
    amount_minor: int = whole()
    asked_minor: int | None = whole(nullable=True)
    """What was asked; null asked for all that was left."""
    reason: str = words()
    state: str = words()
    attempt_id: str | None = identifier(ForeignKey("attempts.attempt_id", name="refunds_of_surplus"), nullable=True)
    """The surplus capture that it gives back, if it is one of those."""
    lines: list[dict[str, Any]] = structure()
    actor: str = words()
    note: str = words()
    round_no: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("1")))
    refusal: str | None = words(nullable=True)
    created_at: datetime = moment()
    finished_at: datetime | None = moment(nullable=True)


class RefundLegTable(PaymentsTable, table=True):
    """The part of a refund that goes back over one capture.

    held → processing (the channel was asked) → succeeded | refused; a refused or never sent leg is released with its
    refund; contradicted: the channel paid after the release.
    """

    __tablename__ = "refund_legs"
    __table_args__ = (
        UniqueConstraint("refund_id", "round_no", "attempt_id", name="refund_legs_once_a_round"),
        CheckConstraint("amount_minor > 0", name="refund_legs_amount"),
        CheckConstraint(
            "state IN ('held', 'processing', 'succeeded', 'refused', 'released', 'contradicted')",
            name="refund_legs_state",
        ),
        Index("refund_legs_by_attempt", "attempt_id"),
    )

    leg_id: str = identifier(key=True)
    refund_id: str = identifier(ForeignKey("refunds.refund_id", name="refund_legs_of_refund"))
    attempt_id: str = identifier(ForeignKey("attempts.attempt_id", name="refund_legs_over_attempt"))
    round_no: int = Field(sa_column=Column(Integer, nullable=False))
    amount_minor: int = whole()
    state: str = words()
    detail: str = words(default="")


class CallbackTable(PaymentsTable, table=True):
    """What came to the callback address, as it came; append-only by a trigger."""

    __tablename__ = "callbacks"
    __table_args__ = (
        CheckConstraint(
            "verdict IN ('genuine', 'signature_invalid', 'timestamp_stale', 'malformed', 'unknown_payment')",
            name="callbacks_verdict",
        ),
        CheckConstraint("octet_length(body) <= 65536", name="callbacks_body"),
        Index("callbacks_by_address", "addressed_to", "number"),
    )

    number: int = counting()
    addressed_to: str = words()
    channel: str | None = words(nullable=True)
    event_id: str | None = words(nullable=True)
    verdict: str = words()
    headers: dict[str, str] = structure()
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size: int = whole()
    """How much came, in bytes; `body` keeps at most 64 KiB of it."""
    received_at: datetime = moment()


class ToldEventTable(PaymentsTable, table=True):
    """Callback events that have reached their saga."""

    __tablename__ = "told_events"

    channel: str = words(key=True)
    event_id: str = words(key=True)
    at: datetime = moment()
