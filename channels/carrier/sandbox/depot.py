"""What the carriers do: take parcels on, move them, lose them, and report. The rules of carrying are here.

Each method is one transaction of the store: what happened and the pushes that report it are written together. No method
awaits, so two calls never interleave.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from channels.carrier.sandbox.fate import Fate
from channels.carrier.sandbox.faults import CODE_OF
from channels.carrier.sandbox.journey import PICKUP_AFTER, arrival, next_step, place_of
from channels.carrier.sandbox.pushes import plan_pushes
from channels.carrier.sandbox.store import CarrierStore
from channels.carrier.sandbox.types import IN_THE_HOUSE, OVER, Happening, Parcel
from channels.carrier.sandbox.wire import BookBody, Code, Company, Party
from channels.sandbox.callbacks import Callback
from channels.sandbox.refusal import SandboxRefusal
from models.shared.time import Clock

_PREFIX: dict[Company, str] = {"sandbox": "SBX", "sandbox_relay": "SBR"}
_DIGITS = 18
_NO_SUCH_PLACE = ("nowhere street", "乌有路")
"""Addresses with these words are always turned down: for people who want to see what the shop does then."""


class Depot:
    """Both companies behind the api, the operator's page and the courier."""

    def __init__(
        self, store: CarrierStore, fate: Fate, clock: Clock, new_name: Callable[[str], str], *, journey: timedelta
    ) -> None:
        """`new_name` gives an unguessable name with that prefix; `journey` zero moves no parcel by itself."""
        self.store = store
        self.fate = fate
        self.clock = clock
        self._new_name = new_name
        self._journey = journey
        self.on_new_work: Callable[[], None] = lambda: None
        """Called after something was written that happens by itself later; the courier listens."""

    def book(self, company: Company, body: BookBody) -> Parcel:
        """Take a parcel on, or find the one booked under this reference; another recipient redirects it."""
        now = self.clock()
        _refuse_no_such_place(body.recipient)
        with self.store.transaction():
            known = self.store.parcel_of(company, body.reference)
            if known is not None:
                return self._redirected(known, body)
            arrives = arrival(company, body.sender, body.recipient, now, self._journey)
            pickup_at = now + (self._journey * 0.3 or PICKUP_AFTER) if body.kind == "return" else None
            parcel = self.store.insert_parcel(
                company, waybill_of(company, body.reference), body, now=now, estimated_at=arrives, pickup_at=pickup_at
            )
            self._write(parcel, "booked", now)
            self._plan_next(self.store.parcel(parcel.waybill))
        self.on_new_work()
        return parcel

    def _redirected(self, known: Parcel, body: BookBody) -> Parcel:
        if known.kind != body.kind:
            raise SandboxRefusal(409, "reference_taken", "This reference belongs to a parcel of another kind.")
        if known.recipient != body.recipient:
            if known.status in OVER:
                raise SandboxRefusal(409, "parcel_over", f"The parcel is {known.status}; it can go nowhere else.")
            self.store.redirect(known.waybill, body.recipient)
            if known.status == "address_problem":
                self._write(known, "in_transit", self.clock(), detail="redirected")
                self._plan_next(self.store.parcel(known.waybill))
        return self.store.parcel(known.waybill)

    def cancel(self, company: Company, reference: str) -> None:
        """The merchant keeps the parcel. Nothing happens to one that was never booked; one we have is refused."""
        with self.store.transaction():
            parcel = self.store.parcel_of(company, reference)
            if parcel is None or parcel.status == "cancelled":
                return
            if parcel.status not in IN_THE_HOUSE:
                raise SandboxRefusal(
                    409, "parcel_picked_up", f"The parcel is {parcel.status}; it cannot be called off."
                )
            self.store.set_next(parcel.waybill, None, None)
            self._write(parcel, "cancelled", self.clock())
        self.on_new_work()

    def find(self, company: Company, waybill: str) -> Parcel:
        """The parcel as it stands; refused if this company has none of that number."""
        try:
            parcel = self.store.parcel(waybill)
        except KeyError:
            parcel = None
        if parcel is None or parcel.company != company:
            raise SandboxRefusal(404, "waybill_unknown", "There is no parcel under this waybill.")
        return parcel

    def move(self, waybill: str, code: Code, at: datetime | None = None, place: str = "", detail: str = "") -> Parcel:
        """Somebody moves a parcel by hand: it no longer moves by itself, and what happened is reported."""
        with self.store.transaction():
            try:
                parcel = self.store.parcel(waybill)
            except KeyError:
                raise SandboxRefusal(404, "waybill_unknown", "There is no parcel under this waybill.") from None
            self.store.set_next(waybill, None, None)
            self._write(parcel, code, at or self.clock(), place=place, detail=detail)
        self.on_new_work()
        return self.store.parcel(waybill)

    def advance(self) -> None:
        """Do what is due by itself: parcels take the next step of their journey."""
        now = self.clock()
        for parcel in self.store.parcels_due(now):
            assert parcel.next_code is not None
            with self.store.transaction():
                self._write(parcel, self._fated(parcel, now), now)
                self._plan_next(self.store.parcel(parcel.waybill))

    def lets_go(self, _callback: Callback, /) -> bool:
        """A push that is held back waits for any later event of its parcel."""
        return True

    def _fated(self, parcel: Parcel, now: datetime) -> Code:
        """The next step, or the accident that comes instead of the last stretch."""
        assert parcel.next_code is not None
        if parcel.next_code != "delivered":
            return parcel.next_code
        hits = self.fate.hits_on_journey(parcel.number, parcel.waybill, now, parcel.company)
        return next((CODE_OF[rule.fault] for rule in hits), parcel.next_code)

    def _plan_next(self, parcel: Parcel) -> None:
        step = next_step(parcel.kind, parcel.status, parcel.booked_at, self._journey) if self._journey else None
        self.store.set_next(parcel.waybill, *(step or (None, None)))

    def _write(self, parcel: Parcel, code: Code, at: datetime, *, place: str = "", detail: str = "") -> None:
        event = Happening(
            event_id=self._new_name("evt"),
            waybill=parcel.waybill,
            code=code,
            at=at,
            place=place or place_of(code, parcel.sender, parcel.recipient),
            detail=detail,
        )
        self.store.insert_event(event)
        if code == "booked":
            return  # the merchant was answered
        now = self.clock()
        hits = self.fate.hits_on_push(parcel.number, parcel.waybill, now, code, parcel.company)
        self.store.callbacks.insert(plan_pushes(parcel, event, hits, now))


def waybill_of(company: Company, reference: str) -> str:
    """The company's letters, 18 digits that follow from the reference, and a check digit."""
    digest = hashlib.sha256(f"{company}/{reference}".encode()).digest()
    digits = str(int.from_bytes(digest[:8]) % 10**_DIGITS).zfill(_DIGITS)
    return f"{_PREFIX[company]}{digits}{check_digit(digits)}"


def check_digit(digits: str) -> int:
    """ISO/IEC 7812-1 Annex B (Luhn): catches each wrong digit and nearly every swap of neighbours."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return -sum(sum(divmod(number, 10)) for number in doubled) % 10


def _refuse_no_such_place(recipient: Party) -> None:
    if any(words in recipient.line.lower() for words in _NO_SUCH_PLACE):
        raise SandboxRefusal(422, "address_unknown", "There is no such street.")
