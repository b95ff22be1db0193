"""What travels between the shop and the sandbox carriers."""

from typing import Annotated, Literal

from pydantic import Field

from models.shared import Frozen, Instant

Company = Literal["sandbox", "sandbox_relay"]
"""Two carriers behind one server: the first is quick, the second slower and asked when the first is silent."""
COMPANIES: tuple[Company, ...] = ("sandbox", "sandbox_relay")

Code = Literal[
    "booked",
    "cancelled",
    "picked_up",
    "in_transit",
    "out_for_delivery",
    "delivered",
    "signed",
    "address_problem",
    "refused",
    "lost",
    "damaged",
    "going_back",
    "brought_back",
]
"""The carriers' own words for what happens to a parcel."""
Operation = Literal["book", "query", "cancel", "label"]
Kind = Literal["delivery", "return"]

_Words = Annotated[str, Field(max_length=200)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s<>\"']+$", max_length=500)]


class Party(Frozen):
    """Who sends or gets a parcel, and where. Personal data."""

    name: _Words = ""
    phone: _Words = ""
    country: _Words = ""
    region: _Words = ""
    city: _Words = ""
    postal_code: _Words = ""
    line: Annotated[str, Field(max_length=400)] = ""


class BookBody(Frozen):
    """`POST /v1/{company}/waybills`; idempotent by `reference`. Another recipient under the same reference is a redirection."""

    reference: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Kind = "delivery"
    sender: Party
    recipient: Party
    weight_g: Annotated[int, Field(ge=0, le=10_000_000)]
    pieces: Annotated[int, Field(ge=1, le=100_000)] = 1
    notify_url: HttpUrl


class CancelBody(Frozen):
    """`POST /v1/{company}/cancellations`."""

    reference: Annotated[str, Field(min_length=1, max_length=100)]


class EventBody(Frozen):
    """Something that happened to a parcel: an entry of its history, and the body of a push."""

    event_id: str
    company: Company
    waybill: str
    code: Code
    at: Instant
    place: str
    detail: str = ""
    estimated_at: Instant | None = None


class WaybillAnswer(Frozen):
    """A parcel as the merchant sees it, oldest event first."""

    waybill: str
    reference: str
    kind: Kind
    status: Code
    estimated_at: Instant | None
    pickup_at: Instant | None
    events: tuple[EventBody, ...]


class ErrorAnswer(Frozen):
    """Every answer with a status of 400 or more."""

    code: str
    message: str
