"""The schema of after-sales in database `aftersales`; the migration creates it, a test compares the two."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class AftersalesDatabase(SQLModel):
    """The base of the tables of after-sales."""

    metadata = MetaData()


def _identifier(*constraints: Any, nullable: bool = False, key: bool = False) -> Any:
    return Field(sa_column=Column(Text(collation="C"), *constraints, primary_key=key, nullable=nullable))


def _words(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Text, nullable=nullable))


def _moment(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=nullable))


def _amount(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(BigInteger, nullable=nullable))


def _structure(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(JSONB, nullable=nullable))


class AftersaleTable(AftersalesDatabase, table=True):
    """A case; see `AftersaleCase`."""

    __tablename__ = "aftersales"
    __table_args__ = (
        CheckConstraint("kind IN ('refund_only', 'return_refund', 'exchange')", name="aftersales_kind"),
        CheckConstraint(
            "state IN ('applied', 'auditing', 'awaiting_return', 'returning', 'received', 'replacing', 'sold_out',"
            " 'replacement_sent', 'refunding', 'refund_refused', 'rejected', 'refunded', 'exchanged', 'withdrawn',"
            " 'expired', 'closed')",
            name="aftersales_state",
        ),
        CheckConstraint("least(proposed_minor, at_most_minor, refunded_minor) >= 0", name="aftersales_amounts"),
        CheckConstraint("(at_most_minor IS NULL) = (lowered_because = '')", name="aftersales_lowered"),
        CheckConstraint("state <> 'refunded' OR refunded_minor IS NOT NULL", name="aftersales_refunded"),
        CheckConstraint("state <> 'returning' OR return_waybill IS NOT NULL", name="aftersales_returning"),
        CheckConstraint("version > 0", name="aftersales_version"),
        Index("aftersales_by_user", "user_id", "aftersale_id"),
        Index("aftersales_by_order", "order_id"),
        Index("aftersales_by_state", "state", "aftersale_id"),
    )

    aftersale_id: str = _identifier(key=True)
    order_id: str = _identifier()
    user_id: str = _identifier()
    payment_id: str = _identifier()
    kind: str = _words()
    reason: str = _words()
    description: str = _words()
    state: str = _words()
    lines: list[dict[str, Any]] = _structure()
    accepted: list[dict[str, Any]] = _structure()
    evidence: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    currency: str = _words()
    proposed_minor: int = _amount()
    at_most_minor: int | None = _amount(nullable=True)
    lowered_because: str = _words()
    automatic: bool
    escalated: bool
    appealed: bool
    decision: str = _words()
    return_waybill: dict[str, Any] | None = _structure(nullable=True)
    inspection: list[dict[str, Any]] = _structure()
    refund_id: str | None = _identifier(nullable=True)
    refunded_minor: int | None = _amount(nullable=True)
    shipment_id: str | None = _identifier(nullable=True)
    applied_at: datetime = _moment()
    changed_at: datetime = _moment()
    due_at: datetime | None = _moment(nullable=True)
    version: int


class AftersaleTimelineTable(AftersalesDatabase, table=True):
    """Append-only: what happened to a case, one row for each of its versions."""

    __tablename__ = "aftersale_timeline"
    __table_args__ = (
        UniqueConstraint("aftersale_id", "version", name="aftersale_timeline_once"),
        CheckConstraint("length(detail) <= 500", name="aftersale_timeline_detail"),
    )

    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    aftersale_id: str = _identifier(ForeignKey("aftersales.aftersale_id"))
    version: int
    at: datetime = _moment()
    state: str = _words()
    actor: str = _words()
    detail: str = _words()


class ReturnWaybillTable(AftersalesDatabase, table=True):
    """The waybills under which goods come back: a number belongs to one case for good."""

    __tablename__ = "aftersale_waybills"
    __table_args__ = (Index("aftersale_waybills_by_case", "aftersale_id"),)

    carrier: str = _identifier(key=True)
    waybill: str = _identifier(key=True)
    aftersale_id: str = _identifier(ForeignKey("aftersales.aftersale_id"))


class AftersaleEvidenceTable(AftersalesDatabase, table=True):
    """An uploaded picture; `aftersale_id` once a case has it."""

    __tablename__ = "aftersale_evidence"
    __table_args__ = (
        Index("aftersale_evidence_by_case", "aftersale_id"),
        Index("aftersale_evidence_by_user", "user_id", "uploaded_at"),
    )

    evidence_id: str = _identifier(key=True)
    user_id: str = _identifier()
    aftersale_id: str | None = _identifier(ForeignKey("aftersales.aftersale_id"), nullable=True)
    name: str = _words()
    small_name: str = _words()
    width: int
    height: int
    uploaded_at: datetime = _moment()
