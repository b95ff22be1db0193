"""What a shipment is: one parcel from one warehouse of one merchant."""

from enum import StrEnum

from models.orders.types import DeliveryAddress, LineRequest
from models.shared import Frozen, Instant
from models.shared.ids import MerchantId, OrderId, ShipmentId, WarehouseId


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


class Outbound(StrEnum):
    """How a warehouse lets parcels out."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class TrackingEvent(Frozen):
    """One step of a parcel's way, as the carrier or an operator reported it; kept once per `event_id`."""

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
    signed_at: Instant | None = None
    round: int = 1
    """How often it was packed: 2 after the first reshipment."""
    version: int


class ParcelToSend(Frozen):
    """A parcel with what a carrier must know of it. Personal data."""

    shipment: Shipment
    address: DeliveryAddress
    weight_g: int


class Tracked(Frozen):
    """A parcel after a report about it: whether the report was new, and whether it took the parcel further."""

    shipment: Shipment
    is_new: bool
    moved: bool


class ShipmentSearch(Frozen):
    """Which parcels an operator looks for; every part that is given must hold."""

    status: ShipmentStatus | None = None
    warehouse_id: WarehouseId | None = None
    exception: ExceptionKind | None = None
