"""What the shop tells about an order."""

from typing import Annotated, Literal

from pydantic import Field

from models.shared.events import Event
from models.shared.frozen import Frozen
from models.shared.ids import OrderId, SkuId, UserId
from models.shared.money import Money

CancelledBecause = Literal["payment_timeout", "by_user", "by_operator", "refused", "stock_commit_failed"]
"""`refused`: a later step of the checkout said no. `stock_commit_failed`: paid, but the stock could not be committed."""


class OrderedLine(Frozen):
    """How many of one SKU an order asks for."""

    sku_id: SkuId
    quantity: Annotated[int, Field(gt=0)]


class OrderCreated(Event):
    """An order exists and waits for its payment."""

    type = "hanse.orders.order_created.v1"
    identity = ("order_id",)
    ordered_by = "order_id"

    order_id: OrderId
    user_id: UserId
    total: Money
    lines: tuple[OrderedLine, ...]


class OrderPaid(Event):
    """The order is paid and its stock is committed; it goes to fulfillment."""

    type = "hanse.orders.order_paid.v1"
    identity = ("order_id",)
    ordered_by = "order_id"

    order_id: OrderId
    user_id: UserId
    total: Money
    lines: tuple[OrderedLine, ...]


class OrderCancelled(Event):
    """The order ended without delivery; stock, coupon, points and money went back."""

    type = "hanse.orders.order_cancelled.v1"
    identity = ("order_id",)
    ordered_by = "order_id"

    order_id: OrderId
    user_id: UserId
    reason: CancelledBecause


class OrderCompleted(Event):
    """The buyer confirmed receipt, or the completion period passed; points are earned and reviews are open."""

    type = "hanse.orders.order_completed.v1"
    identity = ("order_id",)
    ordered_by = "order_id"

    order_id: OrderId
    user_id: UserId
    total: Money
