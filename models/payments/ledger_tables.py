"""The books, and what writes into them beside captures and refunds: the schema, in its written form. Part of `tables.py`."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text

from models.payments.columns import PaymentsTable
from models.payments.columns import id_column as _id
from models.payments.columns import minor_column as _minor
from models.payments.columns import moment_column as _moment
from models.payments.columns import number_column as _number
from models.payments.columns import text_column as _text

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

    number: int = _number()
    kind: str = _text()
    reference: str = _id()
    debit: str = _text()
    credit: str = _text()
    amount_minor: int = _minor()
    currency: str = _text()
    payment_id: str | None = _id(nullable=True)
    order_id: str | None = _id(nullable=True)
    at: datetime = _moment()


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

    chargeback_id: str = _id(key=True)
    attempt_id: str = _id(ForeignKey("attempts.attempt_id", name="chargebacks_of_attempt"))
    payment_id: str = _id()
    order_id: str = _id()
    channel: str = _text()
    reference: str = _text()
    """The channel's number of the case."""
    amount_minor: int = _minor()
    covered_minor: int = _minor(default="0")
    currency: str = _text()
    reason: str = _text()
    source: str = _text()
    actor: str = _text()
    occurred_at: datetime = _moment()
    booked_at: datetime = _moment()


class AdjustmentTable(PaymentsTable, table=True):
    """Who wrote an adjustment into the books, and why; append-only by a trigger."""

    __tablename__ = "adjustments"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="adjustments_amount"),)

    adjustment_id: str = _id(key=True)
    debit: str = _text()
    credit: str = _text()
    amount_minor: int = _minor()
    currency: str = _text()
    reason: str = _text()
    actor: str = _text()
    at: datetime = _moment()
