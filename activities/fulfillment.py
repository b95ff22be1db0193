"""The steps of sagas that move parcels. Undo stands directly below do."""

from typing import TYPE_CHECKING

from temporalio import activity

from models.fulfillment.errors import ShipmentStopped
from models.fulfillment.events import ShipmentException, ShipmentShipped, ShipmentSigned
from models.fulfillment.messages import (
    AdvanceShipment,
    BookWaybill,
    FinishShipment,
    FulfillmentInput,
    HandOver,
    PlanReplacement,
    RedirectParcel,
    ShipmentTracked,
    StopShipments,
    TrackShipment,
    WaybillBound,
)
from models.fulfillment.rules import replacement_id
from models.fulfillment.types import Outbound, Shipment, ShipmentStatus
from models.inventory.messages import ReserveStock
from models.inventory.types import Destination, SkuQuantity
from models.orders.messages import ParcelReport
from models.shared import Instant
from models.shared.done import Done
from models.shared.events import Event

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from activities.siblings import Siblings
    from channels.carrier.registry import Carriers
    from stores.fulfillment import FulfillmentStore
    from stores.inventory.warehouses import Warehouses


class FulfillmentActivities:
    """Each is idempotent by the shipment id. A change of state is announced right after it is committed."""

    def __init__(
        self,
        store: "FulfillmentStore",
        warehouses: "Warehouses",
        carriers: "Carriers",
        siblings: "Siblings",
        announcer: "Announcer",
    ) -> None:
        self._store = store
        self._warehouses = warehouses
        self._carriers = carriers
        self._siblings = siblings
        self._announcer = announcer

    @activity.defn(name="fulfillment.hand_over")
    async def hand_over(self, ask: HandOver) -> None:
        """Open the parcels of a paid order, and start a `Fulfillment` for each. Refusal: `order_not_open`."""
        waits = {plan.shipment_id: plan.waits for plan in ask.parcels}
        for parcel in await self._store.open_shipments(ask):
            warehouse = await self._warehouses.warehouse(parcel.warehouse_id)
            await self._siblings.start_fulfillment(
                FulfillmentInput(
                    shipment_id=parcel.shipment_id,
                    order_id=ask.order_id,
                    payment_id=ask.payment_id,
                    user_id=ask.user_id,
                    items=parcel.items,
                    waits=waits.get(parcel.shipment_id),
                    outbound=Outbound(warehouse.outbound),
                    carriers=self._carriers.names,
                    placement=ask.placement,
                )
            )

    @activity.defn(name="fulfillment.stop_shipments")
    async def stop_shipments(self, stop: StopShipments) -> None:
        """Undo of hand-over: every parcel, or none. Refusal: `order_already_shipped`. Their sagas are told to end."""
        for parcel in await self._store.stop_all_or_refuse(stop):
            await self._siblings.stop_fulfillment(parcel.shipment_id, stop)

    @activity.defn(name="fulfillment.book_waybill")
    async def book_waybill(self, booking: BookWaybill) -> WaybillBound:
        """Get a waybill and bind it, once for each packing; with it the parcel is shipped.

        Refusals: `carrier_unknown`, `carrier_refused`, `shipment_stopped`, `illegal_shipment_step`.
        """
        carrier = self._carriers.named(booking.carrier)
        parcel = await self._store.parcel_to_send(booking.shipment_id)
        if parcel.shipment.status is ShipmentStatus.STOPPED:
            raise ShipmentStopped(f"Parcel {booking.shipment_id} was stopped; no carrier is asked.")
        if parcel.shipment.waybill is None:
            waybill = await carrier.book_waybill(parcel)
            shipment = await self._store.bind_waybill_once(booking, waybill, parcel)
        else:
            shipment = parcel.shipment
        assert shipment.carrier is not None
        assert shipment.waybill is not None
        unannounced = await self._announcer.announce(*_told(shipment, ShipmentStatus.SHIPPED, booking.at))
        return WaybillBound(carrier=shipment.carrier, waybill=shipment.waybill, unannounced=unannounced)

    @activity.defn(name="fulfillment.redirect_parcel")
    async def redirect_parcel(self, ask: RedirectParcel) -> None:
        """Tell the parcel's carrier the order's present address. Refusals: `carrier_unknown`, `carrier_refused`."""
        parcel = await self._store.parcel_to_send(ask.shipment_id)
        await self._carriers.named(parcel.shipment.carrier or "").book_waybill(parcel)

    @activity.defn(name="fulfillment.plan_replacement")
    async def plan_replacement(self, ask: PlanReplacement) -> ReserveStock:
        """What to reserve for the parcel's next packing: as near to the buyer as can be, under an id of its own."""
        parcel = await self._store.parcel_to_send(ask.shipment_id)
        address = parcel.address
        return ReserveStock(
            order_id=replacement_id(parcel.shipment),
            lines=tuple(SkuQuantity(sku_id=line.sku_id, quantity=line.quantity) for line in ask.lines),
            destination=Destination(
                country=address.country, region=address.region, city=address.city, postal_code=address.postal_code
            ),
        )

    @activity.defn(name="fulfillment.advance_shipment")
    async def advance_shipment(self, step: AdvanceShipment) -> Done:
        """The parcel takes a step, and its order's status with it. Refusals: `illegal_shipment_step`, `picked_too_much`."""
        shipment = await self._store.advance(step)
        return Done(unannounced=await self._announcer.announce(*_told(shipment, step.to, step.at)))

    @activity.defn(name="fulfillment.finish_shipment")
    async def finish_shipment(self, finish: FinishShipment) -> Done:
        """The parcel takes its last step, and the order's saga hears how it ended. Refusal: `illegal_shipment_step`."""
        done = await self.advance_shipment(finish.step)
        step = finish.step
        report = ParcelReport(shipment_id=step.shipment_id, end=finish.end, at=step.at)
        await self._siblings.report_parcel(step.order_id, report)
        return done

    @activity.defn(name="fulfillment.track_shipment")
    async def track_shipment(self, ask: TrackShipment) -> ShipmentTracked:
        """Keep a carrier's report, and move the parcel if the report leads further. Repeated and late ones are harmless."""
        tracked = await self._store.add_tracking(ask.shipment_id, ask.report)
        happened = _told(tracked.shipment, ask.report.status, ask.report.event.at) if tracked.moved else ()
        unannounced = await self._announcer.announce(*happened)
        return ShipmentTracked(moved=tracked.moved, status=tracked.shipment.status, unannounced=unannounced)


def _told(shipment: Shipment, to: ShipmentStatus, at: Instant) -> tuple[Event, ...]:
    """What is said about a step of a parcel. The same step is told under the same event id."""
    what = {"order_id": shipment.order_id, "shipment_id": shipment.shipment_id}
    match to:
        case ShipmentStatus.SHIPPED if shipment.carrier and shipment.waybill:
            when = shipment.shipped_at or at
            return (ShipmentShipped(occurred_at=when, carrier=shipment.carrier, waybill=shipment.waybill, **what),)
        case ShipmentStatus.SIGNED:
            return (ShipmentSigned(occurred_at=shipment.signed_at or at, **what),)
        case ShipmentStatus.EXCEPTION if shipment.exception:
            return (ShipmentException(occurred_at=at, kind=shipment.exception, **what),)
    return ()
