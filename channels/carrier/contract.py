"""What every carrier can do, whoever stands behind it.

A carrier moves parcels; it does not decide. Three kinds of answer exist and never mix: a value, `CarrierRefused` (a
definitive no), `CarrierUnavailable` (nobody knows; ask again).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from models.fulfillment.messages import TrackingReport
from models.fulfillment.types import ParcelToSend
from models.shared import Frozen


class TrackingPush(Frozen):
    """A report that a carrier sent by itself, about the parcel under this waybill."""

    waybill: str
    report: TrackingReport


class Carrier(Protocol):
    """One carrier. `book_waybill` and `tracking` go over the network."""

    @property
    def name(self) -> str:
        """Stable; stored with each parcel."""
        ...

    async def book_waybill(self, parcel: ParcelToSend) -> str:
        """The number under which the carrier will fetch this parcel.

        Idempotent by (shipment id, round): a repetition answers the same number, and with another address it redirects what
        was booked. Raises CarrierRefused, CarrierUnavailable.
        """
        ...

    async def tracking(self, waybill: str) -> Sequence[TrackingReport]:
        """Everything reported about a parcel so far, oldest first; nothing for a number it does not know."""
        ...

    def parse_push(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> TrackingPush:
        """Verify and read a report. Raises TrackingMalformed."""
        ...
