"""What the sandbox carriers remember, as values, and the way they say no."""

from datetime import datetime
from typing import Literal

from channels.carrier.sandbox.wire import Code, Company, Kind, Party
from models.shared import Frozen

Disguise = Literal["genuine", "forged", "stale"]
"""How the first try of a push is signed; later tries are always genuine."""
PushState = Literal["waiting", "delivered", "gave_up", "lost"]

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


class NewPush(Frozen):
    """A report to be sent. Doubled ones are several pushes of one event."""

    event_id: str
    waybill: str
    code: str
    url: str
    body: str
    send_at: datetime
    state: PushState = "waiting"
    disguise: Disguise = "genuine"
    stale_seconds: float = 0
    once: bool = False
    """Give up after the first try, whatever the answer."""
    after_next: bool = False
    """Held back until a later event of the parcel was pushed, at the latest until `send_at`."""


class Push(NewPush):
    """A report on its way or past it."""

    number: int
    tries: int
    last_answer: str | None


class CarrierSaysNo(Exception):
    """The carrier says no: an HTTP status, a stable code and a sentence for the merchant."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
