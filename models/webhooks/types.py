"""What an outgoing webhook is."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from models.shared import Frozen, Instant
from models.shared.ids import UserId, WebhookDeliveryId, WebhookEndpointId

Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=500, pattern=r"^[\x21-\x7e]+$")]
EventFilter = Annotated[str, StringConstraints(pattern=r"^hanse\.[a-z_]+(\.[a-z_]+\.v[1-9][0-9]?|\.\*)$")]
"""A type of event as CloudEvents names it, or `hanse.orders.*` for all of a domain."""

RETRY_AFTER: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Pauses after a try that failed, from Standard Webhooks' example: 75 h 35 min 5 s in all. Each is spread by a tenth."""


class EndpointState(StrEnum):
    """Whether an endpoint is told of events."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class EndpointTerms(Frozen):
    """What an operator says of an endpoint."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://warehouse.example.com/hanse",
                    "description": "The warehouse's own system",
                    "event_types": ["hanse.orders.order_paid.v1", "hanse.fulfillment.*"],
                    "enabled": True,
                }
            ]
        }
    )

    url: Url
    description: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")] = ""
    event_types: Annotated[tuple[EventFilter, ...], Field(max_length=50)] = ()
    """Which events it is told of; none named: all."""
    enabled: bool = True


class Endpoint(Frozen):
    """An endpoint as its database keeps it; its secrets stay there."""

    endpoint_id: WebhookEndpointId
    terms: EndpointTerms
    disabled_why: str | None = None
    failing_since: Instant | None = None
    """Since when every try has failed; None after one that went well."""
    secrets: int
    """How many secrets sign now: 2 while one takes the place of another."""
    created_by: UserId
    created_at: Instant
    version: int

    @property
    def state(self) -> EndpointState:
        """In one word."""
        return EndpointState.ENABLED if self.terms.enabled else EndpointState.DISABLED


class Target(Frozen):
    """Where a try goes and what signs it. Secret: it never leaves the process that sends."""

    url: str
    secrets: Annotated[tuple[bytes, ...], Field(repr=False)]


class DeliveryState(StrEnum):
    """How an event fares on its way to an endpoint."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Every try failed; it can be sent again by hand."""
    DROPPED = "dropped"
    """The endpoint was disabled meanwhile."""


class Message(Frozen):
    """What is sent: the same bytes at every try."""

    message_id: str
    """The `webhook-id`: the same for every try and every endpoint, so a receiver knows what it has seen."""
    event_type: str
    event_id: str
    body: str
    occurred_at: Instant


class Delivery(Frozen):
    """One event on its way to one endpoint."""

    delivery_id: WebhookDeliveryId
    endpoint_id: WebhookEndpointId
    message: Message
    state: DeliveryState
    attempts: int
    created_at: Instant
    finished_at: Instant | None = None


class Attempt(Frozen):
    """One try: what came back, or why nothing did."""

    number: int
    at: Instant
    status: int | None
    failure: str | None
    """`timeout`, `refused`, `forbidden_address`, `tls`, `http_…`; None when it went well."""
    duration_ms: int
    excerpt: str
    """The beginning of the answer's body."""
    retry_after_seconds: int | None = None
    """What the receiver asked for."""
