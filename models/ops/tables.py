"""The schema of database `ops` in written form; the migrations create it, a test holds the two together."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


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

    id: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = Field(sa_type=DateTime(timezone=True))
    operator_id: str = Field(sa_type=Text)
    session_id: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    phase: str = Field(sa_type=Text)
    details: dict[str, Any] = Field(sa_type=JSONB)
    address: str = Field(sa_type=Text)
    trace_id: str | None = Field(sa_type=Text)
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
    first_seen_at: datetime = Field(sa_type=DateTime(timezone=True))
    lease_until: datetime = Field(sa_type=DateTime(timezone=True))
    status: int | None = Field(sa_type=SmallInteger)
    media_type: str | None = Field(sa_type=Text)
    body: bytes | None = Field(sa_type=LargeBinary)
