"""What a shipment is: one parcel from one warehouse of one merchant."""

from enum import StrEnum

from models.orders.types import LineRequest
from models.shared import Frozen, Instant
from models.shared.ids import MerchantId, OrderId, ShipmentId, WarehouseId


class ShipmentStatus(StrEnum):
    """The life of a parcel. Every allowed step stands in `rules.NEXT_STATUS`."""

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
    status: ShipmentStatus
    carrier: str | None = None
    waybill: str | None = None
    exception: ExceptionKind | None = None
    tracking: tuple[TrackingEvent, ...] = ()
    created_at: Instant
    shipped_at: Instant | None = None
    signed_at: Instant | None = None
    version: int
