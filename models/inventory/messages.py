"""What workflows and the activities of inventory say to each other."""

from typing import Annotated

from pydantic import Field

from models.inventory.types import Destination, OperationKey, SkuQuantity
from models.shared import Frozen, Instant
from models.shared.ids import OrderId

Lines = Annotated[tuple[SkuQuantity, ...], Field(min_length=1, max_length=200)]


class ReserveStock(Frozen):
    """Hold all of `lines` for the order or nothing. Answered with a `Reservation`."""

    order_id: OrderId
    lines: Lines
    destination: Destination
    expires_at: Instant | None = None


class ReleaseStock(Frozen):
    """Give back what is held for the order, if anything. Answered with a `Reservation`."""

    order_id: OrderId


class CommitStock(Frozen):
    """The order is paid: what is held for it leaves the books. Answered with a `Reservation`."""

    order_id: OrderId


class Restock(Frozen):
    """Goods of a committed order came back. `key` names the return, such as its refund. Answered with `Restocked`."""

    order_id: OrderId
    key: OperationKey
    lines: Lines
