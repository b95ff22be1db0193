"""The messages `Checkout` sends to its steps, made from what it knows: pure, so the process page stays a page."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.inventory.ahead import shipment_of
    from models.inventory.events import StockCommitFailed
    from models.inventory.messages import ReserveStock
    from models.inventory.types import Claim, Destination, Reservation, SkuQuantity
    from models.orders.messages import (
        Basket,
        CancelOrder,
        CheckoutInput,
        OpenOrder,
        ParcelEnd,
        ParcelReport,
        Placed,
        QuoteBasket,
        QuotedBasket,
        Settlement,
        SettlementKind,
    )
    from models.orders.types import LateGoods, LineRequest, OrderStatus, ParcelPlan, PaymentStatus, Wait
    from models.payments.messages import OpenPayment, RefundInput
    from models.payments.rules import order_refund_id
    from models.payments.types import RefundLine, RefundReason
    from models.promotions.messages import CountPurchases, HoldBenefits
    from models.shared.ids import MerchantId, OrderId, ShipmentId, SkuId, WarehouseId


def basket_to_quote(start: CheckoutInput, basket: Basket) -> QuoteBasket:
    """Price this basket for this buyer."""
    return QuoteBasket(order_id=start.order_id, user_id=start.user_id, basket=basket, origin=start.origin)


def purchases_to_count(start: CheckoutInput, quoted: QuotedBasket, at: datetime) -> CountPurchases:
    """The lines that purchase limits look at."""
    return CountPurchases(order_id=start.order_id, user_id=start.user_id, lines=quoted.counted, at=at)


def benefits_to_hold(start: CheckoutInput, basket: Basket, quoted: QuotedBasket, at: datetime) -> HoldBenefits | None:
    """The coupons, points and limited promotions that the order spends; None when it spends nothing."""
    if not (basket.coupons or basket.points or quoted.uses):
        return None
    return HoldBenefits(
        order_id=start.order_id,
        user_id=start.user_id,
        coupons=basket.coupons,
        points=basket.points,
        uses=quoted.uses,
        at=at,
    )


def stock_to_reserve(order_id: OrderId, quoted: QuotedBasket) -> ReserveStock:
    """Hold every quoted line, as near to the buyer as can be."""
    address = quoted.address
    return ReserveStock(
        order_id=order_id,
        lines=tuple(SkuQuantity(sku_id=line.sku_id, quantity=line.quantity) for line in quoted.quote.lines),
        destination=Destination(
            country=address.country, region=address.region, city=address.city, postal_code=address.postal_code
        ),
    )


def parcels_of(order_id: OrderId, reservation: Reservation) -> tuple[ParcelPlan, ...]:
    """One sub-order, and one parcel, for each warehouse and merchant that has a part of the order, and for each claim.

    Their ids bear the time at which the process began: a worker that dies after it opened the order is followed by one that
    opens it again, later, and it must be the same order.
    """
    at = workflow.info().workflow_start_time  # `start_time` is that of a task, so it changes with a retried one
    shares: dict[tuple[MerchantId, WarehouseId], dict[SkuId, int]] = defaultdict(lambda: defaultdict(int))
    for share in reservation.allocations:
        shares[share.merchant_id, share.warehouse_id][share.sku_id] += share.quantity
    at_once = tuple(
        ParcelPlan(
            shipment_id=ShipmentId.derive(at, order_id, merchant_id, warehouse_id),
            merchant_id=merchant_id,
            warehouse_id=warehouse_id,
            items=tuple(LineRequest(sku_id=sku, quantity=share[sku]) for sku in sorted(share)),
        )
        for (merchant_id, warehouse_id), share in sorted(shares.items())
    )
    return at_once + tuple(_parcel_of_claim(claim) for claim in reservation.ahead)


def _parcel_of_claim(claim: Claim) -> ParcelPlan:
    """What is not there yet comes on a day of its own, so it travels by itself."""
    return ParcelPlan(
        shipment_id=shipment_of(claim),
        merchant_id=claim.merchant_id,
        warehouse_id=claim.warehouse_id,
        items=(LineRequest(sku_id=claim.sku_id, quantity=claim.quantity),),
        waits=Wait(claim_id=claim.claim_id, policy=claim.policy, ships_by=claim.ships_by),
    )


def late_goods(reservation: Reservation | None) -> tuple[LateGoods, ...]:
    """What the buyer is told of goods that are not there yet."""
    return tuple(
        LateGoods(sku_id=claim.sku_id, quantity=claim.quantity, policy=claim.policy, ships_by=claim.ships_by)
        for claim in (reservation.ahead if reservation else ())
    )


def order_to_open(
    start: CheckoutInput,
    basket: Basket,
    quoted: QuotedBasket,
    reservation: Reservation,
    placed: Placed,
    at: datetime,
) -> OpenOrder:
    """The whole order, split into its parcels."""
    return OpenOrder(
        order_id=start.order_id,
        user_id=start.user_id,
        quote=quoted.quote,
        address_id=basket.address_id,
        address=quoted.address,
        note=basket.note,
        parcels=parcels_of(start.order_id, reservation),
        payment_id=placed.payment_id,
        placed_at=at,
        payment_due_at=placed.payment_due_at,
    )


def payment_to_open(start: CheckoutInput, placed: Placed, at: datetime) -> OpenPayment:
    """What is owed, and until when."""
    return OpenPayment(
        order_id=start.order_id,
        payment_id=placed.payment_id,
        user_id=start.user_id,
        amount=placed.total,
        due_at=placed.payment_due_at,
        at=at,
        placement=start.terms.placement,
    )


def money_back(
    start: CheckoutInput,
    placed: Placed,
    called_off: CancelOrder | None,
    goods: Sequence[SkuQuantity],
    *,
    restock: bool,
) -> RefundInput:
    """All that is left of what was paid, once: the refund's id follows from the order's. When nobody called the order off,
    its stock failed."""
    return RefundInput(
        refund_id=order_refund_id(start.order_id),
        order_id=start.order_id,
        payment_id=placed.payment_id,
        user_id=start.user_id,
        amount=None,
        reason=RefundReason.ORDER_CANCELLED if called_off else RefundReason.STOCK_COMMIT_FAILED,
        actor=called_off.actor if called_off else "saga",
        lines=tuple(RefundLine(sku_id=line.sku_id, quantity=line.quantity) for line in goods),
        restock=restock,
        placement=start.terms.placement,
    )


def goods_not_refunded(parcels: Sequence[ParcelPlan], ended: Mapping[str, ParcelReport]) -> tuple[SkuQuantity, ...]:
    """What is in the parcels, without those that have come to a refund of their own."""
    left: Counter[SkuId] = Counter()
    for parcel in parcels:
        report = ended.get(parcel.shipment_id)
        if report is None or report.end is not ParcelEnd.REFUNDED:
            left.update({item.sku_id: item.quantity for item in parcel.items})
    return tuple(SkuQuantity(sku_id=sku_id, quantity=quantity) for sku_id, quantity in left.items())


def stock_commit_failed(order_id: OrderId, cause: str, at: datetime) -> StockCommitFailed:
    """The event that raises the alert."""
    return StockCommitFailed(occurred_at=at, order_id=order_id, cause=cause)


def how_it_ended(status: OrderStatus | None) -> str:
    """The word for a closed process; `given_up` when it never came to an order."""
    return status.value if status is not None else "given_up"


def where_the_money_is(ended_as: OrderStatus | None, settlement: Settlement | None) -> str:
    """The word for the payment of a closed process."""
    if settlement is None or settlement.kind is not SettlementKind.PAID:
        return PaymentStatus.UNPAID
    return PaymentStatus.PAID if ended_as is OrderStatus.COMPLETED else PaymentStatus.REFUNDING
