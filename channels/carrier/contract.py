"""What every carrier can do, whoever stands behind it.

A carrier moves parcels; it does not decide. Three kinds of answer exist and never mix: a value, `CarrierRefused` (a
definitive no), `CarrierUnavailable` (nobody knows; ask again). Each adapter puts its carrier's words into the states of
`models/fulfillment/types.TrackingState`; what those mean for a parcel stands in one table, `rules.TRACKING_MEANS`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from models.fulfillment.messages import TrackingReport
from models.fulfillment.types import ParcelToFetch, ParcelToSend
from models.shared import Frozen, Instant


class Waybill(Frozen):
    """What a carrier took on. `pickup_at`: when it fetches a parcel that comes back, for returns only."""

    number: str
    estimated_at: Instant | None = None
    """When the carrier thinks the parcel will arrive."""
    pickup_at: Instant | None = None


class TrackingPush(Frozen):
    """A report that a carrier sent by itself, about the parcel under this waybill."""

    waybill: str
    report: TrackingReport


class Carrier(Protocol):
    """One carrier. Everything but `name` and `parse_push` goes over the network."""

    @property
    def name(self) -> str:
        """Stable; stored with each parcel."""
        ...

    async def book_waybill(self, parcel: ParcelToSend) -> Waybill:
        """The number under which the carrier will fetch this parcel.

        Idempotent by (shipment id, round): a repetition answers the same number, and with another address it redirects what
        was booked. Raises CarrierRefused, CarrierUnavailable.
        """
        ...

    async def book_return(self, parcel: ParcelToFetch) -> Waybill:
        """The number under which the carrier fetches a parcel at a buyer's door and brings it back.

        Idempotent by its reference. Raises CarrierRefused, CarrierUnavailable.
        """
        ...

    async def cancel(self, reference: str) -> None:
        """The parcel booked under this reference (`rules.booking_reference`, or a return's own) will not be handed over.

        Nothing happens when it was cancelled, or never booked. Raises CarrierRefused when the carrier has it already,
        CarrierUnavailable.
        """
        ...

    async def label(self, waybill: str) -> bytes:
        """The label to stick on the parcel, as PDF. Raises CarrierRefused for a number it does not know, CarrierUnavailable."""
        ...

    async def tracking(self, waybill: str) -> Sequence[TrackingReport]:
        """Everything reported about a parcel so far, oldest first; nothing for a number it does not know.

        Raises CarrierUnavailable.
        """
        ...

    def parse_push(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> TrackingPush:
        """Verify and read a report. Raises TrackingMalformed, TrackingForged, TrackingStale."""
        ...
