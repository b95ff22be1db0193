"""What the shop tells about an order."""

from typing import Self

from models.orders.types import CancelReason, LineRequest, Order
from models.shared import Instant
from models.shared.events import Event
from models.shared.ids import OrderId, SpuId, UserId
from models.shared.money import Money


class OrderCreated(Event):
    """An order exists and waits for its payment."""

    type = "hanse.orders.order_created.v1"
    identity = ("order_id",)
    ordered_by = "order_id"

    order_id: OrderId
    user_id: UserId
    total: Money
    lines: tuple[LineRequest, ...]


class OrderPaid(Event):
    """The order is paid and its stock is committed; it goes to fulfillment."""

    type = "hanse.orders.order_paid.v1"
    identity = ("order_id",)
    ordered_by = "order_id"

    order_id: OrderId
    user_id: UserId
    total: Money
    lines: tuple[LineRequest, ...]

    @classmethod
    def of(cls, order: Order) -> Self:
        """Of a paid order alone, so that it is always the same."""
        assert order.paid_at is not None
        return cls(
            occurred_at=order.paid_at,
            order_id=order.order_id,
            user_id=order.user_id,
            total=order.total,
            lines=tuple(LineRequest(sku_id=line.sku_id, quantity=line.quantity) for line in order.lines),
        )


class OrderCancelled(Event):
    """The order ended without delivery; stock, coupon, points and money went back."""

    type = "hanse.orders.order_cancelled.v1"
    identity = ("order_id",)
    ordered_by = "order_id"

    order_id: OrderId
    user_id: UserId
    reason: CancelReason


class ReviewInvited(Event):
    """The buyer has everything and may say how it is: one invitation an order, for each product that was bought."""

    type = "hanse.orders.review_invited.v1"
    identity = ("order_id",)
    ordered_by = "order_id"

    order_id: OrderId
    user_id: UserId
    spu_ids: tuple[SpuId, ...]


class OrderCompleted(Event):
    """The buyer confirmed receipt, or the completion period passed; points are earned, and after-sales may be applied for
    until `aftersale_until`."""

    type = "hanse.orders.order_completed.v1"
    identity = ("order_id",)
    ordered_by = "order_id"

    order_id: OrderId
    user_id: UserId
    total: Money
    aftersale_until: Instant | None = None
