"""The schema of database `ops` in written form; the migrations create it, a test holds the two together."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import CIDR
from sqlmodel import Field, SQLModel

from models.shared.columns import identifier, moment, structure, whole, words


class OpsTable(SQLModel):
    """The base of every table in database `ops`."""

    metadata = MetaData()


class AuditLogTable(OpsTable, table=True):
    """What operators did. Triggers refuse every change of a row once it is written."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("audit_log_one_end", "intent", unique=True),
        Index("audit_log_operator", "operator_id", "id"),
        Index("audit_log_subject", "subject", "id"),
    )

    id: int = whole(key=True)
    at: datetime = moment()
    operator_id: str = words()
    session_id: str = words()
    action: str = words()
    subject: str = words()
    phase: str = words()
    details: dict[str, Any] = structure()
    address: str = words()
    trace_id: str | None = words(nullable=True)
    intent: int | None = Field(sa_type=BigInteger, sa_column_args=[ForeignKey("audit_log.id")])


class IdempotencyKeyTable(OpsTable, table=True):
    """Remembered requests. `scope` is a digest of caller, method, path and key; without a status the work still runs."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        CheckConstraint(
            "(status IS NULL) = (media_type IS NULL) AND (status IS NULL) = (body IS NULL)",
            name="idempotency_keys_answer_is_whole",
        ),
        Index("idempotency_keys_age", "first_seen_at"),
    )

    scope: bytes = Field(sa_type=LargeBinary, primary_key=True)
    fingerprint: bytes = Field(sa_type=LargeBinary)
    first_seen_at: datetime = moment()
    lease_until: datetime = moment()
    status: int | None = Field(sa_type=SmallInteger)
    media_type: str | None = words(nullable=True)
    body: bytes | None = Field(sa_type=LargeBinary)


class ListEntryTable(OpsTable, table=True):
    """Black and white lists. Phones and addresses are here as keyed digests only."""

    __tablename__ = "list_entries"
    __table_args__ = (
        CheckConstraint("kind IN ('black', 'white')", name="list_entries_kind"),
        CheckConstraint(
            "CASE subject WHEN 'user' THEN value IS NOT NULL WHEN 'device' THEN value IS NOT NULL "
            "WHEN 'ip' THEN network IS NOT NULL WHEN 'phone' THEN digest IS NOT NULL "
            "WHEN 'address' THEN digest IS NOT NULL ELSE false END AND num_nonnulls(value, digest, network) = 1",
            name="list_entries_value",
        ),
        CheckConstraint("starts_at < ends_at", name="list_entries_window"),
        Index("list_entries_by_value", "value", postgresql_where=text("value IS NOT NULL")),
        Index("list_entries_by_digest", "digest", postgresql_where=text("digest IS NOT NULL")),
        Index(
            "list_entries_by_network",
            "network",
            postgresql_using="gist",
            postgresql_ops={"network": "inet_ops"},
            postgresql_where=text("network IS NOT NULL"),
        ),
    )

    entry_id: str = identifier(key=True)
    version: int
    kind: str = words()
    subject: str = words()
    value: str | None = words(nullable=True)
    """Of a user or device."""
    digest: bytes | None = Field(sa_type=LargeBinary)
    """Of a phone or address."""
    network: Any = Field(sa_column=Column(CIDR, nullable=True))
    shown: str = words()
    reason: str = words()
    note: str = words()
    starts_at: datetime = moment()
    ends_at: datetime | None = moment(nullable=True)
    added_by: str = identifier()
    added_at: datetime = moment()
    changed_by: str = identifier()
    changed_at: datetime = moment()
