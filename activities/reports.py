"""What carriers say about parcels, taken in: the same way whether they said it by themselves or were asked."""

from typing import TYPE_CHECKING

from activities.siblings import Siblings
from channels.carrier.contract import TrackingPush
from models.fulfillment.messages import TrackingReport
from models.fulfillment.returning import ReturnReport
from models.fulfillment.rules import saga_must_hear
from models.fulfillment.types import ReturnParcel, Shipment, TrackingState
from models.shared import Instant
from models.shared.ids import AftersaleId, ShipmentId

if TYPE_CHECKING:
    from stores.fulfillment import FulfillmentStore

Subject = ShipmentId | AftersaleId


class Reports:
    """Repeated, late and reordered reports are harmless. What a saga must hear it is told before the report is written down:
    when this process dies in between, the report comes again."""

    def __init__(self, store: "FulfillmentStore", siblings: Siblings) -> None:
        self._store = store
        self._siblings = siblings

    async def take_in(self, carrier: str, push: TrackingPush, now: Instant) -> Subject | None:
        """A verified report about whatever has this waybill: a parcel, or one that comes back. None when it belongs to an
        earlier packing. `NotFound` for a number that this shop never booked."""
        coming_back = await self._store.return_under(carrier, push.waybill, now)
        if coming_back is not None:
            await self.of_return(coming_back, push.report)
            return coming_back.aftersale_id
        parcel = await self._store.heard_under(carrier, push.waybill, now)
        if parcel is None:
            return None
        await self.of_parcel(parcel, push.report)
        return parcel.shipment_id

    async def of_parcel(self, parcel: Shipment, report: TrackingReport) -> None:
        """Tell the parcel's saga, or the store alone when the saga need not hear it or has ended."""
        if any(known.event_id == report.event.event_id for known in parcel.tracking):
            return
        hears = saga_must_hear(parcel, report)
        if not (hears and await self._siblings.report_tracking(parcel.shipment_id, report)):
            await self._store.add_tracking(parcel.shipment_id, report)

    async def of_return(self, parcel: ReturnParcel, report: TrackingReport) -> None:
        """Tell the after-sale, then the store."""
        if any(known.event_id == report.event.event_id for known in parcel.tracking):
            return
        told = ReturnReport(
            aftersale_id=parcel.aftersale_id, state=TrackingState(report.event.status), event=report.event
        )
        await self._siblings.report_return(told)
        await self._store.add_return_tracking(parcel.aftersale_id, report)
