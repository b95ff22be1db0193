"""An empty shop: both stores on one fresh database, and short words for what the tests do with them."""

from datetime import datetime, timedelta

from hanse.database import Database
from models.fulfillment.messages import AdvanceShipment, BookWaybill, HandOver, StopShipments, TrackingReport
from models.fulfillment.types import ExceptionKind, Shipment, ShipmentStatus, TrackingEvent
from models.orders.messages import AdvanceOrder, OpenOrder
from models.orders.quoting import price_basket
from models.orders.types import CancelReason, LineRequest, Order, OrderStatus, ParcelPlan
from models.payments.messages import payment_of
from models.shared.ids import AddressId, OrderId, ShipmentId, UserId, WarehouseId
from stores.fulfillment import FulfillmentStore
from stores.orders import OrderStore
from tests.unit.orders.baskets import HOME, NOW, SHOP, named, sku

LATER = NOW + timedelta(minutes=1)
BUYER, OTHER_BUYER, OPERATOR = named(UserId, "buyer"), named(UserId, "other buyer"), named(UserId, "operator")
TEA, POT = sku("green tea", 1000), sku("tea pot", 3000)
HOUSE, OTHER_HOUSE = named(WarehouseId, "house"), named(WarehouseId, "other house")


def opening(
    name: str = "order", *, user_id: UserId = BUYER, at: datetime = NOW, quantity: int = 2, parcels: int = 1
) -> OpenOrder:
    """Two teas and a pot, in one parcel or in one each."""
    order_id = OrderId.derive(at, name)
    lines = [LineRequest(sku_id=TEA.sku_id, quantity=quantity), LineRequest(sku_id=POT.sku_id, quantity=1)]
    quote = price_basket(lines, {TEA.sku_id: TEA, POT.sku_id: POT}, (), HOME)
    shares = [tuple(lines)] if parcels == 1 else [(line,) for line in lines]
    return OpenOrder(
        order_id=order_id,
        user_id=user_id,
        quote=quote,
        address_id=named(AddressId, "home"),
        address=HOME,
        note="ring twice",
        parcels=tuple(
            ParcelPlan(
                shipment_id=ShipmentId.derive(at, name, str(number)),
                merchant_id=SHOP,
                warehouse_id=[HOUSE, OTHER_HOUSE][number],
                items=items,
            )
            for number, items in enumerate(shares)
        ),
        payment_id=payment_of(order_id),
        placed_at=at,
        payment_due_at=at + timedelta(minutes=30),
    )


def to(
    order_id: OrderId, status: OrderStatus, reason: CancelReason | None = None, at: datetime = LATER
) -> AdvanceOrder:
    """A step of an order."""
    return AdvanceOrder(order_id=order_id, to=status, at=at, cancel_reason=reason)


def hand_over(order: Order) -> HandOver:
    """Give the parcels of an order to fulfillment."""
    return HandOver(
        order_id=order.order_id,
        payment_id=order.payment_id,
        user_id=order.user_id,
        parcels=order.parcels,
        paid_at=LATER,
        at=LATER,
    )


def report(
    status: ShipmentStatus, minutes: int, *, event_id: str | None = None, exception: ExceptionKind | None = None
) -> TrackingReport:
    """A carrier's report about something that happened `minutes` after the order."""
    event = TrackingEvent(
        event_id=event_id or f"{status}-{minutes}",
        status=status,
        place="Beijing",
        at=NOW + timedelta(minutes=minutes),
    )
    return TrackingReport(status=status, event=event, exception=exception)


class Shop:
    """What the tests of this folder work with."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.orders = OrderStore(db)
        self.parcels = FulfillmentStore(db)

    async def paid(self, name: str = "order", *, parcels: int = 1) -> Order:
        """A paid order that waits for its parcels."""
        order = await self.orders.open_once(opening(name, parcels=parcels))
        return await self.orders.advance(to(order.order_id, OrderStatus.PAID))

    async def handed_over(self, name: str = "order", *, parcels: int = 1) -> list[Shipment]:
        """The parcels of a paid order, being picked."""
        return await self.handed_over_of(await self.paid(name, parcels=parcels))

    async def handed_over_of(self, order: Order) -> list[Shipment]:
        """The parcels of this paid order, being picked."""
        _, parcels = await self.parcels.open_shipments(hand_over(order))
        return parcels

    async def moved(
        self,
        parcel: Shipment,
        status: ShipmentStatus,
        *,
        exception: ExceptionKind | None = None,
        picked: tuple[LineRequest, ...] | None = None,
    ) -> Shipment:
        """A parcel after one step."""
        return await self.parcels.advance(
            AdvanceShipment(
                shipment_id=parcel.shipment_id,
                order_id=parcel.order_id,
                to=status,
                at=LATER,
                actor="operator",
                exception=exception,
                picked=picked,
            )
        )

    async def booked(self, parcel: Shipment, waybill: str = "W1", carrier: str = "sandbox") -> Shipment:
        """A parcel bound to a waybill, as the carrier gave it for the parcel as it is now."""
        sent = await self.parcels.parcel_to_send(parcel.shipment_id)
        booking = BookWaybill(shipment_id=parcel.shipment_id, order_id=parcel.order_id, carrier=carrier, at=LATER)
        return await self.parcels.bind_waybill_once(booking, waybill, sent)

    async def shipped(self, name: str = "order") -> Shipment:
        """A parcel on its way."""
        (parcel,) = await self.handed_over(name)
        return await self.booked(await self.moved(parcel, ShipmentStatus.OUTBOUND), waybill=f"W-{name}")

    async def stop(self, order_id: OrderId) -> list[Shipment]:
        """Call off every parcel."""
        return await self.parcels.stop_all_or_refuse(StopShipments(order_id=order_id, at=LATER, actor="buyer"))

    async def breaks(self, at: datetime = LATER) -> list[str]:
        """Which invariants are broken."""
        return [found.kind for found in [*await self.orders.audit(at), *await self.parcels.audit()]]
