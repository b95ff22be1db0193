"""What a shipment is: one parcel from one warehouse of one merchant."""

from enum import StrEnum

from models.orders.types import DeliveryAddress, LineRequest
from models.shared import Frozen, Instant
from models.shared.ids import AftersaleId, MerchantId, OrderId, ShipmentId, SkuId, WarehouseId


class ShipmentStatus(StrEnum):
    """The life of a parcel. Every allowed step stands in `rules.NEXT_STATUS`."""

    WAITING = "waiting"
    """Bought ahead of stock: its goods have not come, or may not leave yet."""
    PICKING = "picking"
    """Assigned to a warehouse; the picking order is out."""
    OUTBOUND = "outbound"
    """Picked and packed; waits for its waybill."""
    SHIPPED = "shipped"
    """Handed to the carrier under a waybill."""
    DELIVERED = "delivered"
    SIGNED = "signed"
    EXCEPTION = "exception"
    """Needs a decision: address error, lost, damaged, refused."""
    RETURNING = "returning"
    """On its way back to the warehouse."""
    RETURNED = "returned"
    STOPPED = "stopped"
    """Cancelled before hand-over."""


class ExceptionKind(StrEnum):
    """What can go wrong with a parcel."""

    ADDRESS_ERROR = "address_error"
    LOST = "lost"
    DAMAGED = "damaged"
    REFUSED = "refused"


class TrackingState(StrEnum):
    """Where a carrier says that a parcel is: one set of words for all carriers. What each means for the parcel stands in
    `rules.TRACKING_MEANS`."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    """The waybill was called off before the carrier had the parcel."""
    COLLECTED = "collected"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    """Left at the door, in a locker, with the porter: nobody signed."""
    SIGNED = "signed"
    ADDRESS_PROBLEM = "address_problem"
    REFUSED = "refused"
    LOST = "lost"
    DAMAGED = "damaged"
    GOING_BACK = "going_back"
    BROUGHT_BACK = "brought_back"


class Outbound(StrEnum):
    """How a warehouse lets parcels out."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class TrackingEvent(Frozen):
    """One step of a parcel's way, as the carrier reported it; kept once per `event_id`. `status` is a `TrackingState`."""

    event_id: str
    status: str
    place: str
    at: Instant
    detail: str = ""


class Shipment(Frozen):
    """A parcel as its database keeps it."""

    shipment_id: ShipmentId
    order_id: OrderId
    merchant_id: MerchantId
    warehouse_id: WarehouseId
    items: tuple[LineRequest, ...]
    """What belongs into it."""
    picked: tuple[LineRequest, ...] | None = None
    """What was found, when that is less; None means all of it."""
    status: ShipmentStatus
    carrier: str | None = None
    waybill: str | None = None
    exception: ExceptionKind | None = None
    tracking: tuple[TrackingEvent, ...] = ()
    created_at: Instant
    shipped_at: Instant | None = None
    """When it was last handed to a carrier; stays when the parcel is packed again."""
    estimated_at: Instant | None = None
    """When its carrier thinks it will arrive."""
    delivered_at: Instant | None = None
    """When the carrier left it there; it counts as signed for some days later."""
    signed_at: Instant | None = None
    round: int = 1
    """How often it was packed: 2 after the first reshipment."""
    aftersale_id: AftersaleId | None = None
    """For which exchange it was sent; None for what the order itself sends. It leaves the order's own status alone."""
    version: int


class Depot(Frozen):
    """Where parcels leave from and come back to: a warehouse as a label names it."""

    name: str = ""
    country: str = "CN"
    region: str = ""
    city: str = ""
    postal_code: str = ""


class ParcelToSend(Frozen):
    """A parcel with what a carrier must know of it. Personal data."""

    shipment: Shipment
    address: DeliveryAddress
    weight_g: int
    depot: Depot = Depot()


class ParcelToFetch(Frozen):
    """A parcel that comes back from a buyer, with what a carrier must know of it. Personal data.

    `reference` names the return at the carrier: booking again under it books nothing new.
    """

    reference: str
    address: DeliveryAddress
    depot: Depot
    weight_g: int
    pieces: int


class ReturnParcel(Frozen):
    """A parcel on its way back for an after-sale, as its database keeps it."""

    aftersale_id: AftersaleId
    order_id: OrderId
    warehouse_id: WarehouseId
    items: tuple[LineRequest, ...]
    carrier: str
    waybill: str
    state: TrackingState
    """The newest thing known of it."""
    pickup_at: Instant | None = None
    estimated_at: Instant | None = None
    booked_at: Instant
    cancelled_at: Instant | None = None
    tracking: tuple[TrackingEvent, ...] = ()


class Tracked(Frozen):
    """A parcel after a report about it, and whether the report took it further."""

    shipment: Shipment
    moved: bool


class PickingItem(Frozen):
    """So many units of one SKU to take from the shelf, under the name its buyers know."""

    sku_id: SkuId
    title: str
    options: str
    quantity: int


class PickingParcel(Frozen):
    """One box to pack."""

    shipment_id: ShipmentId
    order_id: OrderId
    round: int
    waiting_since: Instant
    note: str
    """What the buyer asked for."""
    items: tuple[PickingItem, ...]


class PickingList(Frozen):
    """What a warehouse has to pick: everything together, to walk the shelves once, and box by box, the oldest first."""

    warehouse_id: WarehouseId
    together: tuple[PickingItem, ...]
    parcels: tuple[PickingParcel, ...]


class ShipmentSearch(Frozen):
    """Which parcels an operator looks for; every part that is given must hold."""

    status: ShipmentStatus | None = None
    warehouse_id: WarehouseId | None = None
    exception: ExceptionKind | None = None
