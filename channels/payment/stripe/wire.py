"""What Stripe answers and reports, as far as we read it; amounts in Stripe's units, times in Unix seconds."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class Charge(BaseModel):
    """The movement of money behind a payment."""

    id: str
    created: int


class PaymentIntent(BaseModel):
    """A payment in the making, or made. `latest_charge` is whole because we ask for it."""

    id: str
    status: str
    latest_charge: Charge | None = None


class Session(BaseModel):
    """A Checkout Session, asked for with its payment intent."""

    id: str
    status: str | None
    payment_status: str
    amount_total: int
    currency: str
    url: str | None = None
    client_reference_id: str | None = None
    payment_intent: PaymentIntent | None = None


class ReportedSession(BaseModel):
    """A Checkout Session inside an event: what belongs to it is named, not told."""

    id: str
    payment_status: str
    amount_total: int | None = None
    currency: str | None = None
    client_reference_id: str | None = None
    payment_intent: str | None = None


class Refund(BaseModel):
    """A refund; ours carry our ids as metadata."""

    id: str
    amount: int
    currency: str
    status: str | None
    created: int
    payment_intent: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)


class Page(BaseModel):
    """A page of a list; its entries are read by whoever asked."""

    object: Literal["list"]
    data: list[dict[str, Any]]
    has_more: bool


class EventData(BaseModel):
    """What an event is about."""

    object: dict[str, Any]


class Event(BaseModel):
    """A webhook event."""

    id: str
    object: Literal["event"]
    type: str
    created: int
    data: EventData


class Problem(BaseModel):
    """Why not."""

    type: str
    code: str | None = None
    message: str = ""


class ProblemAnswer(BaseModel):
    """An answer that is no."""

    error: Problem
