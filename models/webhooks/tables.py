"""The schema of outgoing webhooks in database `notifications`; the migrations create it, a test holds the two together."""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from models.notifications.tables import NotificationsDatabase
from models.shared.columns import identifier, moment, words


class WebhookEndpointTable(NotificationsDatabase, table=True):
    """Places outside that are told of events."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (CheckConstraint("enabled = (disabled_why IS NULL)", name="webhook_endpoints_disabled_why"),)

    endpoint_id: str = identifier(key=True)
    url: str = words()
    description: str = words()
    event_types: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    enabled: bool = Field(sa_column=Column(Boolean, nullable=False))
    disabled_why: str | None = words(nullable=True)
    failing_since: datetime | None = moment(nullable=True)
    created_by: str = identifier()
    created_at: datetime = moment()
    version: int = Field(sa_column=Column(Integer, nullable=False))


class WebhookSecretTable(NotificationsDatabase, table=True):
    """What signs: sealed for its endpoint, so a copy of the database gives none away."""

    __tablename__ = "webhook_secrets"

    endpoint_id: str = identifier(ForeignKey("webhook_endpoints.endpoint_id"), key=True)
    number: int = Field(sa_column=Column(Integer, primary_key=True))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = moment()
    expires_at: datetime | None = moment(nullable=True)


class WebhookDeliveryTable(NotificationsDatabase, table=True):
    """One event for one endpoint, once."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "message_id", name="webhook_deliveries_once"),
        CheckConstraint("state IN ('pending', 'delivered', 'failed', 'dropped')", name="webhook_deliveries_state"),
        CheckConstraint("(state = 'pending') = (finished_at IS NULL)", name="webhook_deliveries_finished"),
        Index("webhook_deliveries_by_endpoint", "endpoint_id", "delivery_id"),
    )

    delivery_id: str = identifier(key=True)
    endpoint_id: str = identifier(ForeignKey("webhook_endpoints.endpoint_id"))
    message_id: str = identifier()
    event_type: str = words()
    event_id: str = words()
    body: str = words()
    occurred_at: datetime = moment()
    state: str = words()
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    created_at: datetime = moment()
    finished_at: datetime | None = moment(nullable=True)


class WebhookAttemptTable(NotificationsDatabase, table=True):
    """Every try of a delivery and what came of it."""

    __tablename__ = "webhook_attempts"

    delivery_id: str = identifier(ForeignKey("webhook_deliveries.delivery_id"), key=True)
    number: int = Field(sa_column=Column(Integer, primary_key=True))
    at: datetime = moment()
    status: int | None = Field(sa_column=Column(Integer, nullable=True))
    failure: str | None = words(nullable=True)
    duration_ms: int = Field(sa_column=Column(Integer, nullable=False))
    excerpt: str = words()
