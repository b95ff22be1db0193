"""The steps of sagas that move parcels. Undo stands directly below do."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from temporalio import activity

from channels.carrier.errors import CarrierRefused
from models.fulfillment.errors import ReturnUnderWay, ShipmentStopped
from models.fulfillment.events import ShipmentException, ShipmentShipped, ShipmentSigned
from models.fulfillment.messages import (
    AdvanceShipment,
    BookWaybill,
    FinishShipment,
    FulfillmentInput,
    HandOver,
    OpenSplit,
    PlanReplacement,
    RedirectParcel,
    ShipmentTracked,
    StopShipments,
    TrackShipment,
    WaybillBound,
)
from models.fulfillment.returning import (
    BookReturn,
    CancelReturn,
    ExchangeSent,
    PlanExchange,
    ReturnBooked,
    SendExchange,
)
from models.fulfillment.rules import booking_reference, exchange_id, replacement_id
from models.fulfillment.types import (
    Depot,
    Outbound,
    ParcelToSend,
    ReturnParcel,
    Shipment,
    ShipmentStatus,
    TrackingState,
)
from models.inventory.messages import ReserveStock
from models.inventory.types import Destination, SkuQuantity
from models.orders.events import OrderPaid
from models.orders.messages import ParcelReport, ParcelSplit
from models.orders.types import DeliveryAddress, LineRequest, ParcelPlan, Wait
from models.shared import Instant
from models.shared.done import Done
from models.shared.events import Event
from models.shared.ids import OrderId, WarehouseId

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from activities.siblings import Siblings
    from channels.carrier.contract import Carrier
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
    async def hand_over(self, ask: HandOver) -> Done:
        """The order is paid and has its parcels, and a `Fulfillment` is started for each. Refusal: `order_not_open`."""
        order, parcels = await self._store.open_shipments(ask)
        unannounced = await self._announcer.announce(OrderPaid.of(order))
        for parcel in parcels:
            await self._start(parcel, ask, ask.waits_of(parcel.shipment_id))
        return Done(unannounced=unannounced)

    async def _start(self, parcel: Shipment, ask: HandOver | SendExchange, waits: Wait | None = None) -> None:
        warehouse = await self._warehouses.warehouse(parcel.warehouse_id)
        await self._siblings.start_fulfillment(
            FulfillmentInput(
                shipment_id=parcel.shipment_id,
                order_id=ask.order_id,
                payment_id=ask.payment_id,
                user_id=ask.user_id,
                items=parcel.items,
                waits=waits,
                outbound=Outbound(warehouse.outbound),
                carriers=self._carriers.names,
                placement=ask.placement,
                aftersale_id=parcel.aftersale_id,
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
        reference = booking_reference(parcel.shipment)
        if parcel.shipment.status is ShipmentStatus.STOPPED:
            await _call_off(carrier, reference)
            raise ShipmentStopped(f"Parcel {booking.shipment_id} was stopped; no carrier is asked.")
        if parcel.shipment.waybill is None:
            waybill = await carrier.book_waybill(await self._from_its_warehouse(parcel))
            try:
                shipment = await self._store.bind_waybill_once(booking, waybill.number, parcel, waybill.estimated_at)
            except ShipmentStopped:
                await _call_off(carrier, reference)
                raise
        else:
            shipment = parcel.shipment
        if shipment.carrier != carrier.name:  # another was bound first, after this one's answer was lost
            await _call_off(carrier, reference)
        assert shipment.carrier is not None
        assert shipment.waybill is not None
        unannounced = await self._announcer.announce(*_told(shipment, ShipmentStatus.SHIPPED, booking.at))
        return WaybillBound(carrier=shipment.carrier, waybill=shipment.waybill, unannounced=unannounced)

    @activity.defn(name="fulfillment.redirect_parcel")
    async def redirect_parcel(self, ask: RedirectParcel) -> None:
        """Tell the parcel's carrier the order's present address. Refusals: `carrier_unknown`, `carrier_refused`."""
        parcel = await self._from_its_warehouse(await self._store.parcel_to_send(ask.shipment_id))
        await self._carriers.named(parcel.shipment.carrier or "").book_waybill(parcel)

    async def _from_its_warehouse(self, parcel: ParcelToSend) -> ParcelToSend:
        depot = await self._depot(parcel.shipment.warehouse_id)
        return parcel.model_copy(update={"depot": depot})

    async def _depot(self, warehouse_id: WarehouseId) -> Depot:
        house = await self._warehouses.warehouse(warehouse_id)
        return Depot(**house.model_dump(include={"name", "country", "region", "city", "postal_code"}))

    @activity.defn(name="fulfillment.open_split")
    async def open_split(self, split: OpenSplit) -> Done:
        """A parcel becomes two. Its order hears of it before either can end; then the new one starts.

        Refusals: `split_invalid`, `shipment_stopped`, `illegal_shipment_step`.
        """
        new = await self._store.split_once(split)
        if new.aftersale_id is None:
            kept = (await self._store.shipment(split.shipment_id)).items
            plan = ParcelPlan(**new.model_dump(include={"shipment_id", "merchant_id", "warehouse_id", "items"}))
            await self._siblings.report_split(
                new.order_id, ParcelSplit(shipment_id=split.shipment_id, kept=kept, new=plan)
            )
        await self._siblings.start_fulfillment(split.start.of_split(new.shipment_id, new.items))
        if (await self._store.shipment(new.shipment_id)).status is ShipmentStatus.STOPPED:
            # called off between the two steps above, when there was no saga to tell
            stop = StopShipments(order_id=new.order_id, at=split.at, actor=split.actor)
            await self._siblings.stop_fulfillment(new.shipment_id, stop)
        return Done()

    # ---- after-sales -------------------------------------------------------------------------------------------------

    @activity.defn(name="fulfillment.book_return")
    async def book_return(self, ask: BookReturn) -> ReturnBooked:
        """Have a parcel fetched at the buyer's door. Refusals: `carrier_unknown`, `carrier_refused`, `not_found`."""
        known = await self._store.return_parcel(ask.aftersale_id)
        if known is not None:
            return ReturnBooked(parcel=known)
        carrier = self._carriers.named(ask.carrier or self._carriers.names[0])
        parcel, warehouse_id = await self._store.parcel_to_fetch(ask)
        depot = await self._depot(warehouse_id)
        waybill = await carrier.book_return(parcel.model_copy(update={"depot": depot}))
        booked = ReturnParcel(
            aftersale_id=ask.aftersale_id,
            order_id=ask.order_id,
            warehouse_id=warehouse_id,
            items=ask.items,
            carrier=carrier.name,
            waybill=waybill.number,
            state=TrackingState.BOOKED,
            pickup_at=waybill.pickup_at,
            estimated_at=waybill.estimated_at,
            booked_at=ask.at,
        )
        return ReturnBooked(parcel=await self._store.keep_return_once(booked))

    @activity.defn(name="fulfillment.cancel_return")
    async def cancel_return(self, ask: CancelReturn) -> None:
        """Undo of `book_return`: nobody need ring. Refusal: `return_under_way`, once the carrier has the parcel."""
        known = await self._store.return_parcel(ask.aftersale_id)
        # A booking whose answer was lost is known at a carrier only.
        asked = self._carriers.names if known is None else (known.carrier,)
        for name in asked:
            try:
                await self._carriers.named(name).cancel(ask.aftersale_id)
            except CarrierRefused as refusal:
                raise ReturnUnderWay(
                    f"The return of {ask.aftersale_id} cannot be called off: {refusal.detail}"
                ) from None
        await self._store.call_off_return(ask.aftersale_id, ask.at)

    @activity.defn(name="fulfillment.plan_exchange")
    async def plan_exchange(self, ask: PlanExchange) -> ReserveStock:
        """What to reserve for an exchange: as near to the order's address as can be, under an id of its own."""
        address = (await self._store.order_of(ask.order_id)).address
        return _reservation(exchange_id(ask.aftersale_id), ask.items, address)

    @activity.defn(name="fulfillment.send_exchange")
    async def send_exchange(self, ask: SendExchange) -> ExchangeSent:
        """Open the parcels of an exchange, and start a `Fulfillment` for each. Refusal: `not_found`. It has no undo: its case does
        nothing after it that can be refused."""
        parcels = await self._store.open_exchange(ask)
        for parcel in parcels:
            await self._start(parcel, ask)
        return ExchangeSent(shipment_ids=tuple(parcel.shipment_id for parcel in parcels))

    # ---- on the way --------------------------------------------------------------------------------------------------

    @activity.defn(name="fulfillment.plan_replacement")
    async def plan_replacement(self, ask: PlanReplacement) -> ReserveStock:
        """What to reserve for the parcel's next packing: as near to the buyer as can be, under an id of its own."""
        parcel = await self._store.parcel_to_send(ask.shipment_id)
        return _reservation(replacement_id(parcel.shipment, ask.packing), ask.lines, parcel.address)

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
        if finish.exchange is not None:
            await self._siblings.report_exchange(finish.exchange)
        else:
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


async def _call_off(carrier: "Carrier", reference: str) -> None:
    """Nobody hands over what was booked under this reference. A carrier that insists keeps its waybill; it leads no parcel
    anywhere."""
    with suppress(CarrierRefused):
        await carrier.cancel(reference)


def _reservation(order_id: OrderId, items: Sequence[LineRequest], address: DeliveryAddress) -> ReserveStock:
    return ReserveStock(
        order_id=order_id,
        lines=tuple(SkuQuantity(sku_id=line.sku_id, quantity=line.quantity) for line in items),
        destination=Destination(
            country=address.country, region=address.region, city=address.city, postal_code=address.postal_code
        ),
    )


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
