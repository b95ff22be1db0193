"""The built-in carrier: books waybills from the parcel itself, keeps nothing and moves nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from channels.carrier.contract import TrackingPush
from channels.carrier.errors import TrackingMalformed
from models.fulfillment.messages import TrackingReport
from models.fulfillment.types import ParcelToSend
from models.shared.ids import ShipmentId

_DIGITS = 18


class SandboxCarrier:
    """Waybill numbers follow from the parcel, so booking again gives the same number without any memory.

    It never reports anything: an operator's sign-off moves its parcels on.
    """

    name = "sandbox"

    async def book_waybill(self, parcel: ParcelToSend) -> str:
        """`SBX`, 18 digits and a check digit, the same for each packing of a parcel."""
        return waybill_of(parcel.shipment.shipment_id, parcel.shipment.round)

    async def tracking(self, waybill: str) -> Sequence[TrackingReport]:  # noqa: ARG002 - the contract's
        """Nothing: this carrier sees no parcel."""
        return ()

    def parse_push(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> TrackingPush:  # noqa: ARG002
        """Always TrackingMalformed: this carrier sends no reports, so whatever came is not from it."""
        raise TrackingMalformed("The sandbox carrier sends no reports; sign off the parcel as an operator instead.")


def waybill_of(shipment_id: ShipmentId, packing: int) -> str:
    """The number of one packing of one parcel."""
    digest = hashlib.sha256(f"{shipment_id}/{packing}".encode()).digest()
    digits = str(int.from_bytes(digest[:8]) % 10**_DIGITS).zfill(_DIGITS)
    return f"SBX{digits}{check_digit(digits)}"


def check_digit(digits: str) -> int:
    """ISO/IEC 7812-1 Annex B (Luhn): catches each wrong digit and nearly every swap of neighbours."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return -sum(sum(divmod(number, 10)) for number in doubled) % 10
