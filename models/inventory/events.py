"""What the shop tells about stock."""

from models.shared.events import Event
from models.shared.ids import OrderId, SkuId, WarehouseId


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
