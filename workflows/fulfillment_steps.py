"""The messages `Fulfillment` sends to its steps, made from what it knows."""

from collections.abc import Sequence

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.fulfillment.messages import FulfillmentInput, OpenSplit, SplitParcel
    from models.fulfillment.rules import exchange_id
    from models.inventory.messages import Restock
    from models.inventory.types import SkuQuantity
    from models.orders.types import LineRequest
    from models.payments.messages import RefundInput
    from models.payments.types import RefundLine, RefundReason
    from models.shared.ids import AftersaleId, RefundId, ShipmentId


def missing_from(wanted: Sequence[LineRequest], picked: Sequence[LineRequest]) -> tuple[LineRequest, ...]:
    """What a short pick did not find."""
    found = {item.sku_id: item.quantity for item in picked}
    short = {item.sku_id: item.quantity - found.get(item.sku_id, 0) for item in wanted}
    return tuple(LineRequest(sku_id=sku_id, quantity=left) for sku_id, left in short.items() if left > 0)


def parcel_refund(
    start: FulfillmentInput,
    packing: int,
    lines: Sequence[LineRequest],
    reason: RefundReason,
    *,
    restock: bool,
) -> RefundInput:
    """What was paid for these lines of the parcel, once for each packing and reason."""
    return RefundInput(
        refund_id=RefundId.derive(workflow.info().workflow_start_time, start.shipment_id, str(packing), reason),
        order_id=start.order_id,
        payment_id=start.payment_id,
        user_id=start.user_id,
        amount=None,
        reason=reason,
        actor="saga",
        lines=tuple(RefundLine(sku_id=line.sku_id, quantity=line.quantity) for line in lines),
        by_lines=True,
        or_the_rest=True,
        restock=restock,
        placement=start.placement,
    )


def exchange_restock(
    aftersale_id: AftersaleId, shipment_id: ShipmentId, packing: int, lines: Sequence[LineRequest]
) -> Restock:
    """These goods of an exchange are in the warehouse again, once for each packing. They were taken under the exchange's own
    reservation; another packing's goods are the same, so that one explains them, too."""
    return Restock(
        order_id=exchange_id(aftersale_id),
        key=f"{shipment_id}/{packing}",
        lines=tuple(SkuQuantity(sku_id=line.sku_id, quantity=line.quantity) for line in lines),
    )


def open_split(start: FulfillmentInput, number: int, wish: SplitParcel) -> OpenSplit:
    """The `number`-th parcel that is split off this one."""
    new_id = ShipmentId.derive(workflow.info().workflow_start_time, start.shipment_id, f"split {number}")
    return OpenSplit(
        shipment_id=start.shipment_id,
        new_id=new_id,
        items=wish.items,
        start=start,
        at=workflow.now(),
        actor=wish.actor,
    )
