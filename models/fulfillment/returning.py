"""What after-sales asks of fulfillment, and what it is told: parcels that come back, and parcels sent in exchange.

The saga of an after-sale is `aftersale/{aftersale_id}`; decision 0017 tells how it uses these.
"""

from models.fulfillment.types import ReturnParcel, TrackingEvent, TrackingState
from models.inventory.types import Allocation
from models.orders.messages import ParcelEnd, Placement
from models.orders.types import LineRequest
from models.shared import Frozen, Instant
from models.shared.ids import AftersaleId, OrderId, PaymentId, ShipmentId, UserId, WarehouseId


def aftersale_workflow_id(aftersale_id: AftersaleId) -> str:
    """The workflow that is this after-sale."""
    return f"aftersale/{aftersale_id}"


class BookReturn(Frozen):
    """Let a carrier fetch these goods at the order's address and bring them back. Idempotent by the after-sale's id.

    Without a warehouse it is the one that sent the first of the goods; without a carrier, the first that works for the shop.
    Answered with `ReturnBooked`.
    """

    aftersale_id: AftersaleId
    order_id: OrderId
    items: tuple[LineRequest, ...]
    at: Instant
    warehouse_id: WarehouseId | None = None
    carrier: str | None = None


class ReturnBooked(Frozen):
    """The parcel that comes back, under its waybill. A repeated call answers the same."""

    parcel: ReturnParcel


class CancelReturn(Frozen):
    """The buyer keeps the goods: nobody need ring. Nothing happens when nothing was booked."""

    aftersale_id: AftersaleId
    at: Instant


class ReturnReport(Frozen):
    """What a carrier said about a returning parcel: signal `return_reported` of the after-sale's saga, once for each report
    that is news. `SIGNED` and `BROUGHT_BACK` mean that the warehouse has it; `LOST` and `DAMAGED` that somebody must decide."""

    aftersale_id: AftersaleId
    state: TrackingState
    event: TrackingEvent


class PlanExchange(Frozen):
    """What to reserve to send these goods in exchange, as near to the buyer as can be. Answered with `ReserveStock`, whose
    order id is the exchange's own: give that to `inventory.commit_stock` and `inventory.release_stock`, too."""

    aftersale_id: AftersaleId
    order_id: OrderId
    items: tuple[LineRequest, ...]


class SendExchange(Frozen):
    """Open a parcel for each warehouse of the reservation, for an order that has its own parcels already, and start a
    `Fulfillment` for each. Idempotent by the after-sale's id. Answered with `ExchangeSent`.

    Each parcel tells the after-sale's saga how it ended: signal `exchange_parcel_ended`, an `ExchangeEnd`.
    """

    aftersale_id: AftersaleId
    order_id: OrderId
    payment_id: PaymentId
    user_id: UserId
    allocations: tuple[Allocation, ...]
    at: Instant
    placement: Placement = "inline"


class ExchangeSent(Frozen):
    """The parcels of an exchange."""

    shipment_ids: tuple[ShipmentId, ...]


class ExchangeEnd(Frozen):
    """How a parcel of an exchange ended. `missing` is what the buyer did not get: the after-sale pays it back. What never left
    or came back whole is on the shelf again already."""

    aftersale_id: AftersaleId
    shipment_id: ShipmentId
    end: ParcelEnd
    missing: tuple[LineRequest, ...] = ()
    at: Instant
