"""What the shop tells about parcels."""

from models.fulfillment.types import ExceptionKind
from models.shared.events import Event
from models.shared.ids import OrderId, ShipmentId


class ShipmentShipped(Event):
    """A parcel was handed to its carrier under a waybill; packed again, it has another waybill and is told again."""

    type = "hanse.fulfillment.shipment_shipped.v1"
    identity = ("shipment_id", "waybill")
    ordered_by = "order_id"

    order_id: OrderId
    shipment_id: ShipmentId
    carrier: str
    waybill: str


class ShipmentSigned(Event):
    """The buyer, or someone for the buyer, signed for a parcel."""

    type = "hanse.fulfillment.shipment_signed.v1"
    identity = ("shipment_id",)
    ordered_by = "order_id"

    order_id: OrderId
    shipment_id: ShipmentId


class ShipmentException(Event):
    """Something went wrong with a parcel; `occurred_at` tells one trouble from the next."""

    type = "hanse.fulfillment.shipment_exception.v1"
    identity = ("shipment_id", "kind", "occurred_at")
    ordered_by = "order_id"

    order_id: OrderId
    shipment_id: ShipmentId
    kind: ExceptionKind
