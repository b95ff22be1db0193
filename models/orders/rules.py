"""How an order may change. Pure: the store applies these under the order's row lock."""

from collections import Counter
from collections.abc import Mapping, Sequence

from models.orders.errors import IllegalTransition
from models.orders.quoting import sum_up
from models.orders.types import Order, OrderStatus, ParcelPlan, PaymentStatus, Quote
from models.shared import Money
from models.shared.ids import OrderId, SkuId

NEXT_STATUS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING_PAYMENT: frozenset({OrderStatus.PAID, OrderStatus.CANCELLED}),
    OrderStatus.PAID: frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED}),
    OrderStatus.COMPLETED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
}
"""Every step an order may take (R7.6). Staying where it is is no step."""

FINAL = frozenset(status for status, following in NEXT_STATUS.items() if not following)
"""An order ends here; money may still go back afterwards."""


def check_step(order_id: OrderId, current: OrderStatus, to: OrderStatus) -> None:
    """`IllegalTransition` unless NEXT_STATUS has this step."""
    if to in NEXT_STATUS[current]:
        return
    allowed = ", ".join(sorted(NEXT_STATUS[current])) or "nothing: it is over"
    raise IllegalTransition(
        f"Order {order_id} is {current}; it cannot become {to}, only {allowed}. Read it again before going on.",
        order_id=order_id,
        state=current.value,
        wanted=to.value,
    )


def payment_after_step(order: Order, to: OrderStatus, *, money_came: bool) -> PaymentStatus:
    """Where the money stands after the order took a step. `money_came`: whoever asks for the step says that it was paid."""
    if not money_came and order.payment_status is PaymentStatus.UNPAID:
        return PaymentStatus.UNPAID
    if to is OrderStatus.CANCELLED and order.refunded < order.total:
        return PaymentStatus.REFUNDING
    return PaymentStatus.PAID if order.payment_status is PaymentStatus.UNPAID else order.payment_status


def payment_after_refund(status: OrderStatus, total: Money, refunded: Money) -> PaymentStatus:
    """Where the money stands after a refund: a cancelled order goes on refunding until all of it is back."""
    if not refunded < total:
        return PaymentStatus.REFUNDED
    return PaymentStatus.REFUNDING if status is OrderStatus.CANCELLED else PaymentStatus.PART_REFUNDED


def check_adds_up(quote: Quote, parcels: Sequence[ParcelPlan]) -> None:
    """A `ValueError`, since only a mistake in code can cause it, unless the quote's sums are those of its lines and the
    parcels carry exactly what the lines say."""
    for line in quote.lines:
        if line.goods != line.unit_price * line.quantity or line.total != line.goods - line.discount + line.shipping:
            raise ValueError(f"line {line.line_no} ({line.sku_id}) does not add up")
    summed = sum_up(quote.lines)
    if any(getattr(quote, name) != getattr(summed, name) for name in ("goods", "discount", "shipping", "total")):
        raise ValueError("the quote is not the sum of its lines")
    carried: Counter[SkuId] = Counter()
    for parcel in parcels:
        carried.update({item.sku_id: item.quantity for item in parcel.items})
    if carried != {line.sku_id: line.quantity for line in quote.lines}:
        raise ValueError("the parcels do not carry what the lines say")


def without_personal_data(order: Order) -> Order:
    """The order as someone sees it who packs or counts, but does not talk to its buyer: the region stays, the person goes."""
    address = order.address
    hidden = address.model_copy(
        update={
            "recipient": f"{address.recipient[:1]}**",
            "phone": f"****{address.phone[-2:]}",
            "postal_code": address.postal_code[:2] + "*" * len(address.postal_code[2:]),
            "line": "***",
        }
    )
    return order.model_copy(update={"address": hidden, "note": "***" if order.note else ""})
