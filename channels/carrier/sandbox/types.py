"""What the sandbox carriers remember, as values."""

from datetime import datetime

from channels.carrier.sandbox.wire import Code, Company, Kind, Party
from models.shared import Frozen

OVER: frozenset[Code] = frozenset({"signed", "lost", "damaged", "cancelled", "brought_back"})
"""After these the carrier does nothing more for a parcel by itself, and redirects it nowhere."""
IN_THE_HOUSE: frozenset[Code] = frozenset({"booked"})
"""The carrier does not have it yet: it can still be cancelled."""


class Parcel(Frozen):
    """A parcel at the carrier. `number` counts them from 1; `next_code` happens by itself at `next_at`."""

    number: int
    company: Company
    waybill: str
    reference: str
    kind: Kind
    sender: Party
    recipient: Party
    weight_g: int
    pieces: int
    notify_url: str
    status: Code
    booked_at: datetime
    estimated_at: datetime
    pickup_at: datetime | None
    next_code: Code | None
    next_at: datetime | None


class Happening(Frozen):
    """An entry of a parcel's history."""

    event_id: str
    waybill: str
    code: Code
    at: datetime
    place: str
    detail: str
