"""Statements of channels and what came of them: the schema, in its written form. Part of `tables.py`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from models.payments.database import PaymentsTable
from models.shared.columns import counting, identifier, moment, structure, whole, words


class StatementTable(PaymentsTable, table=True):
    """A channel's statement of one day, as it was fetched; another content is another revision. Append-only by a trigger, as
    are the tables below."""

    __tablename__ = "statements"
    __table_args__ = (
        CheckConstraint("state IN ('accepted', 'refused')", name="statements_state"),
        UniqueConstraint("channel", "day", "digest", name="statements_kept_once"),
        UniqueConstraint("channel", "day", "revision", name="statements_one_revision"),
    )

    number: int = counting()
    channel: str = words()
    day: date = Field(sa_column=Column(Date, nullable=False))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    digest: str = words()
    state: str = words()
    lines: int = whole()
    begins: datetime = moment()
    ends: datetime = moment()
    """When the day began and ended, in the channel's calendar."""
    fetched_at: datetime = moment()


class StatementLineTable(PaymentsTable, table=True):
    """A movement as the channel lists it. `statement` is a `statements.number`, without a foreign key: a trigger a line would
    double the time of a million of them."""

    __tablename__ = "statement_lines"
    __table_args__ = (
        CheckConstraint("kind IN ('payment', 'refund', 'fee', 'chargeback')", name="statement_lines_kind"),
        Index("statement_lines_by_transaction", "transaction_id", "kind"),
        Index("statement_lines_by_refund", "merchant_id", postgresql_where=text("kind = 'refund'")),
    )

    statement: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str = words(key=True)
    transaction_id: str = identifier()
    merchant_id: str = identifier()
    channel_reference: str = words()
    amount_minor: int = whole()
    currency: str = words()
    occurred_at: datetime = moment()


class ReconciliationTable(PaymentsTable, table=True):
    """What came of holding one statement against our books."""

    __tablename__ = "reconciliations"
    __table_args__ = (
        CheckConstraint("outcome IN ('balanced', 'differs', 'failed')", name="reconciliations_outcome"),
        CheckConstraint("(outcome = 'failed') = (failure IS NOT NULL)", name="reconciliations_failed_says_why"),
    )

    statement: int = Field(
        sa_column=Column(
            BigInteger,
            ForeignKey("statements.number", name="reconciliations_of_statement"),
            primary_key=True,
            autoincrement=False,
        )
    )
    outcome: str = words()
    failure: str | None = words(nullable=True)
    failure_line: int | None = Field(sa_column=Column(Integer, nullable=True))
    judged_from: datetime = moment()
    judged_until: datetime = moment()
    totals: list[dict[str, Any]] = structure()
    fees: list[dict[str, Any]] = structure()
    differences: int = whole()
    repairs: int = whole()
    made_at: datetime = moment()


class DifferenceTable(PaymentsTable, table=True):
    """A movement on which a channel and we disagree."""

    __tablename__ = "reconciliation_differences"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('missing_here', 'missing_there', 'amount_differs', 'duplicate', 'refund_missing_here', "
            "'refund_missing_there', 'refund_differs', 'fee_differs', 'chargeback_missing_here', "
            "'chargeback_missing_there', 'chargeback_differs')",
            name="differences_kind",
        ),
        CheckConstraint(
            "repair IN ('report_payment', 'report_refund', 'book_fee', 'book_chargeback')", name="differences_repair"
        ),
    )

    report: int = Field(
        sa_column=Column(
            BigInteger,
            ForeignKey("statements.number", name="differences_of_statement"),
            primary_key=True,
            autoincrement=False,
        )
    )
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str = words()
    line: int | None = Field(sa_column=Column(Integer, nullable=True))
    transaction_id: str | None = words(nullable=True)
    merchant_id: str | None = words(nullable=True)
    attempt_id: str | None = identifier(nullable=True)
    payment_id: str | None = identifier(nullable=True)
    order_id: str | None = identifier(nullable=True)
    currency: str = words()
    ours_minor: int | None = whole(nullable=True)
    theirs_minor: int | None = whole(nullable=True)
    occurred_at: datetime = moment()
    repair: str | None = words(nullable=True)


class RepairTable(PaymentsTable, table=True):
    """A difference about which the saga that can repair it was told."""

    __tablename__ = "reconciliation_repairs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["report", "number"],
            ["reconciliation_differences.report", "reconciliation_differences.number"],
            name="repairs_of_difference",
        ),
    )

    report: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    done_at: datetime = moment()
