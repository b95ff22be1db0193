"""What the shop tells about stock."""

from collections.abc import Sequence

from models.inventory.types import LowStock, SkuQuantity
from models.shared import Instant
from models.shared.events import Event
from models.shared.ids import OrderId, SkuId, TransferId, WarehouseId


class StockCommitFailed(Event):
    """A paid order's stock could not be committed; an operator decides between another try and a refund."""

    type = "hanse.inventory.stock_commit_failed.v1"
    identity = ("order_id",)
    ordered_by = "order_id"

    order_id: OrderId
    cause: str
    """The refusal's code or the fault's class name."""


class StockLow(Event):
    """What can be sold of a SKU, its safety stock not counted, fell to `low_at` or below."""

    type = "hanse.inventory.stock_low.v1"
    identity = ("warehouse_id", "sku_id", "occurred_at")
    ordered_by = "sku_id"

    warehouse_id: WarehouseId
    sku_id: SkuId
    available: int
    safety: int
    low_at: int = 0


def low_stock_events(crossings: Sequence[LowStock], at: Instant) -> tuple[StockLow, ...]:
    """One for each crossing that an operation at that time reported."""
    return tuple(StockLow(occurred_at=at, **crossing.model_dump()) for crossing in crossings)


class TransferDispatched(Event):
    """Goods left a warehouse for another one."""

    type = "hanse.inventory.transfer_dispatched.v1"
    identity = ("transfer_id",)
    ordered_by = "transfer_id"

    transfer_id: TransferId
    from_warehouse_id: WarehouseId
    to_warehouse_id: WarehouseId
    lines: tuple[SkuQuantity, ...]


class TransferArrived(Event):
    """Goods of a transfer lie in `warehouse_id` now, all of them or a part; where it was recalled, in the one they left."""

    type = "hanse.inventory.transfer_arrived.v1"
    identity = ("transfer_id", "part")
    ordered_by = "transfer_id"

    transfer_id: TransferId
    part: str
    """Names this part among the parts of its transfer."""
    warehouse_id: WarehouseId
    lines: tuple[SkuQuantity, ...]
    in_transit: int
    """How many units are still on their way."""


class TransferLost(Event):
    """Goods of a transfer will not come; they were written off, for `reason`."""

    type = "hanse.inventory.transfer_lost.v1"
    identity = ("transfer_id", "part")
    ordered_by = "transfer_id"

    transfer_id: TransferId
    part: str
    from_warehouse_id: WarehouseId
    to_warehouse_id: WarehouseId
    lines: tuple[SkuQuantity, ...]
    reason: str
    in_transit: int


class TransferRecalled(Event):
    """Goods on their way were turned round, for `reason`."""

    type = "hanse.inventory.transfer_recalled.v1"
    identity = ("transfer_id",)
    ordered_by = "transfer_id"

    transfer_id: TransferId
    from_warehouse_id: WarehouseId
    to_warehouse_id: WarehouseId
    reason: str
    in_transit: int
