"""The books, and what writes into them beside captures and refunds: the schema, in its written form. Part of `tables.py`."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text

from models.payments.database import PaymentsTable
from models.shared.columns import counting, identifier, moment, whole, words

_ACCOUNT = "^(channel:.+|customer_deposits|surplus_deposits|refunds_payable|fees|other_means|chargebacks|adjustments)$"


class LedgerTable(PaymentsTable, table=True):
    """The books: one transfer a row, append-only by a trigger."""

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("kind", "reference", name="ledger_once"),
        CheckConstraint(
            "kind IN ('capture', 'surplus', 'fee', 'unkeep', 'refund_hold', 'refund_release', 'refund', 'other_means', "
            "'fee_correction', 'chargeback', 'chargeback_cover', 'adjustment')",
            name="ledger_kind",
        ),
        CheckConstraint("amount_minor > 0", name="ledger_amount"),
        CheckConstraint("debit <> credit", name="ledger_two_accounts"),
        CheckConstraint(
            "(kind = 'adjustment') = (payment_id IS NULL) AND (kind = 'adjustment') = (order_id IS NULL)",
            name="ledger_of_a_payment",
        ),
        CheckConstraint(f"debit ~ '{_ACCOUNT}' AND credit ~ '{_ACCOUNT}'", name="ledger_accounts"),
        Index("ledger_by_payment", "payment_id", "number"),
        Index("ledger_by_time", "at"),
        Index("ledger_seldom", "number", postgresql_where=text("kind NOT IN ('capture', 'fee')")),
    )

    number: int = counting()
    kind: str = words()
    reference: str = identifier()
    debit: str = words()
    credit: str = words()
    amount_minor: int = whole()
    currency: str = words()
    payment_id: str | None = identifier(nullable=True)
    order_id: str | None = identifier(nullable=True)
    at: datetime = moment()


class ChargebackTable(PaymentsTable, table=True):
    """Money that a channel took back. `covered_minor` is what was kept and pays for it; the rest is the shop's loss."""

    __tablename__ = "chargebacks"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="chargebacks_amount"),
        CheckConstraint("covered_minor BETWEEN 0 AND amount_minor", name="chargebacks_covered"),
        CheckConstraint("source IN ('statement', 'operator')", name="chargebacks_source"),
        UniqueConstraint("channel", "reference", name="chargebacks_booked_once"),
        Index("chargebacks_by_attempt", "attempt_id"),
        Index("chargebacks_by_payment", "payment_id", "chargeback_id"),
    )

    chargeback_id: str = identifier(key=True)
    attempt_id: str = identifier(ForeignKey("attempts.attempt_id", name="chargebacks_of_attempt"))
    payment_id: str = identifier()
    order_id: str = identifier()
    channel: str = words()
    reference: str = words()
    """The channel's number of the case."""
    amount_minor: int = whole()
    covered_minor: int = whole(default=0)
    currency: str = words()
    reason: str = words()
    source: str = words()
    actor: str = words()
    occurred_at: datetime = moment()
    booked_at: datetime = moment()


class AdjustmentTable(PaymentsTable, table=True):
    """Who wrote an adjustment into the books, and why; append-only by a trigger."""

    __tablename__ = "adjustments"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="adjustments_amount"),)

    adjustment_id: str = identifier(key=True)
    debit: str = words()
    credit: str = words()
    amount_minor: int = whole()
    currency: str = words()
    reason: str = words()
    actor: str = words()
    at: datetime = moment()
