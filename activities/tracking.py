"""Looking after parcels under way: carriers that say nothing are asked, deliveries that nobody disputes are signed for."""

import asyncio
import logging
from typing import TYPE_CHECKING

from prometheus_client import Counter
from temporalio import activity

from activities.reports import Reports
from channels.carrier.errors import CarrierUnavailable, CarrierUnknown
from models.fulfillment.messages import SignOff, TrackingReport
from models.fulfillment.types import ReturnParcel, Shipment, ShipmentStatus
from models.fulfillment.watching import AskSilent, SignedOff, SignOffDelivered, SilentAsked
from models.shared.time import Clock

if TYPE_CHECKING:
    from activities.siblings import Siblings
    from channels.carrier.registry import Carriers
    from stores.fulfillment import FulfillmentStore

_log = logging.getLogger(__name__)
_polled_news = Counter("hanse_tracking_found", "Tracking reports found by asking the carrier", ["carrier"])
_PAGE = 40
_AT_ONCE = 8
_PATIENCE = 5.0
"""Seconds for one question."""
_NOBODY = "nobody signed within the time after delivery"


class TrackingActivities:
    """Everything here may be repeated."""

    def __init__(
        self, store: "FulfillmentStore", reports: Reports, carriers: "Carriers", siblings: "Siblings", clock: Clock
    ) -> None:
        self._store = store
        self._reports = reports
        self._carriers = carriers
        self._siblings = siblings
        self._clock = clock

    @activity.defn(name="tracking.ask_silent")
    async def ask_silent(self, ask: AskSilent) -> SilentAsked:
        """Ask carriers about a page of parcels, and of parcels that come back, that they have said nothing of for long. What is
        news is taken in exactly as a push would have been."""
        now = self._clock()
        parcels = await self._store.take_for_polling(now, ask.silent_since, _PAGE)
        coming_back = await self._store.take_returns_for_polling(now, ask.silent_since, _PAGE)
        asked: list[Shipment | ReturnParcel] = [*parcels, *coming_back]
        found: list[int | None] = []
        for start in range(0, len(asked), _AT_ONCE):
            found += await asyncio.gather(*(self._asked(parcel) for parcel in asked[start : start + _AT_ONCE]))
        heard = [news for news in found if news is not None]
        return SilentAsked(
            asked=len(asked),
            news=sum(heard),
            silent=len(found) - len(heard),
            more=len(parcels) == _PAGE or len(coming_back) == _PAGE,
        )

    async def _asked(self, parcel: Shipment | ReturnParcel) -> int | None:
        """How many reports were news, oldest first; None when the carrier said nothing that could be used."""
        assert parcel.carrier is not None
        assert parcel.waybill is not None
        try:
            async with asyncio.timeout(_PATIENCE):
                told = await self._carriers.named(parcel.carrier).tracking(parcel.waybill)
        except (CarrierUnavailable, CarrierUnknown, TimeoutError) as fault:
            _log.warning("%s says nothing about %s: %r", parcel.carrier, parcel.waybill, fault)
            return None
        known = {event.event_id for event in parcel.tracking}
        news = [report for report in told if report.event.event_id not in known]
        for report in news:
            await self._take_in(parcel, report)
        _polled_news.labels(parcel.carrier).inc(len(news))
        return len(news)

    async def _take_in(self, parcel: Shipment | ReturnParcel, report: TrackingReport) -> None:
        if isinstance(parcel, ReturnParcel):
            await self._reports.of_return(parcel, report)
        else:
            await self._reports.of_parcel(await self._store.shipment(parcel.shipment_id), report)

    @activity.defn(name="tracking.sign_off_delivered")
    async def sign_off_delivered(self, ask: SignOffDelivered) -> SignedOff:
        """A page of parcels that were left at the door so long ago that they count as signed for: their sagas are told."""
        parcels = await self._store.delivered_before(ask.delivered_before, _PAGE)
        told = [await self._signed_by_silence(parcel, ask) for parcel in parcels]
        return SignedOff(parcels=sum(told), more=len(parcels) == _PAGE and any(told))

    async def _signed_by_silence(self, parcel: Shipment, ask: SignOffDelivered) -> bool:
        if parcel.status is not ShipmentStatus.DELIVERED:
            return False
        wish = SignOff(actor="time", at=ask.at, proof=_NOBODY)
        return await self._siblings.take_silence_for_yes(parcel.shipment_id, wish)
