"""A notice of low stock in a test."""

import secrets
from datetime import UTC, datetime
from typing import Any

from temporalio.client import WorkflowHandle

from models.inventory.messages import TellLowStock, low_stock_id
from models.inventory.types import LowStock
from models.shared.ids import SkuId, WarehouseId
from tests.workflows.sagas import Sagas
from workflows.low_stock import StockLowNotice

T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)


def crossing(name: str) -> LowStock:
    return LowStock(
        warehouse_id=WarehouseId.derive(T0, "north"), sku_id=SkuId.derive(T0, name), available=2, safety=0, low_at=3
    )


async def notice(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    """Two levels fell to their marks."""
    tell = TellLowStock(key=secrets.token_hex(8), crossings=(crossing("tea"), crossing("cup")), at=T0)
    return await sagas.start(StockLowNotice.run, tell, low_stock_id(tell.key))
