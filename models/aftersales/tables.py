"""The schema of after-sales in database `aftersales`; the migration creates it, a test compares the two."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.shared.columns import counting, identifier, moment, structure, whole, words


class AftersalesDatabase(SQLModel):
    """The base of the tables of after-sales."""

    metadata = MetaData()


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

    aftersale_id: str = identifier(key=True)
    order_id: str = identifier()
    user_id: str = identifier()
    payment_id: str = identifier()
    kind: str = words()
    reason: str = words()
    description: str = words()
    state: str = words()
    lines: list[dict[str, Any]] = structure()
    accepted: list[dict[str, Any]] = structure()
    evidence: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    currency: str = words()
    proposed_minor: int = whole()
    at_most_minor: int | None = whole(nullable=True)
    lowered_because: str = words()
    automatic: bool
    escalated: bool
    appealed: bool
    decision: str = words()
    return_waybill: dict[str, Any] | None = structure(nullable=True)
    inspection: list[dict[str, Any]] = structure()
    refund_id: str | None = identifier(nullable=True)
    refunded_minor: int | None = whole(nullable=True)
    shipment_id: str | None = identifier(nullable=True)
    applied_at: datetime = moment()
    changed_at: datetime = moment()
    due_at: datetime | None = moment(nullable=True)
    version: int


class AftersaleTimelineTable(AftersalesDatabase, table=True):
    """Append-only: what happened to a case, one row for each of its versions."""

    __tablename__ = "aftersale_timeline"
    __table_args__ = (
        UniqueConstraint("aftersale_id", "version", name="aftersale_timeline_once"),
        CheckConstraint("length(detail) <= 500", name="aftersale_timeline_detail"),
    )

    number: int = counting()
    aftersale_id: str = identifier(ForeignKey("aftersales.aftersale_id"))
    version: int
    at: datetime = moment()
    state: str = words()
    actor: str = words()
    detail: str = words()


class ReturnWaybillTable(AftersalesDatabase, table=True):
    """The waybills under which goods come back: a number belongs to one case for good."""

    __tablename__ = "aftersale_waybills"
    __table_args__ = (Index("aftersale_waybills_by_case", "aftersale_id"),)

    carrier: str = identifier(key=True)
    waybill: str = identifier(key=True)
    aftersale_id: str = identifier(ForeignKey("aftersales.aftersale_id"))


class AftersaleEvidenceTable(AftersalesDatabase, table=True):
    """An uploaded picture; `aftersale_id` once a case has it."""

    __tablename__ = "aftersale_evidence"
    __table_args__ = (
        Index("aftersale_evidence_by_case", "aftersale_id"),
        Index("aftersale_evidence_by_user", "user_id", "uploaded_at"),
    )

    evidence_id: str = identifier(key=True)
    user_id: str = identifier()
    aftersale_id: str | None = identifier(ForeignKey("aftersales.aftersale_id"), nullable=True)
    name: str = words()
    small_name: str = words()
    width: int
    height: int
    uploaded_at: datetime = moment()
