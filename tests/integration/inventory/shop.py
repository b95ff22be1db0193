"""A shop with warehouses for the tests of inventory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle

from hanse.database import Database
from models.inventory.types import Destination, Place, Reservation, SkuQuantity, Warehouse, WarehouseDetails
from models.shared.ids import MerchantId, OrderId, SkuId, WarehouseId
from stores.inventory import InventoryStore

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SHANGHAI = Destination(country="CN", region="Shanghai", city="Shanghai")


MERCHANT = MerchantId.derive(NOW, "merchant")


async def in_stock(store: InventoryStore, sku_ids: Collection[SkuId]) -> dict[SkuId, int]:
    """How many units of each a buyer would be offered from stock."""
    return {sku_id: found.in_stock for sku_id, found in (await store.sellable(sku_ids, NOW)).items()}


@dataclass
class Shop:
    """One merchant's stock in a fresh database."""

    store: InventoryStore
    db: Database
    merchant_id: MerchantId = MERCHANT

    def __post_init__(self) -> None:
        self._stores = cycle([self.store])

    def spread_over(self, processes: int) -> None:
        """From now on so many stores on the same database take the reservations in turn, as many processes would."""
        self._stores = cycle([InventoryStore(self.db) for _ in range(processes)])

    async def warehouse(
        self, name: str, merchant_id: MerchantId | None = None, place: Place | None = None
    ) -> Warehouse:
        details = WarehouseDetails(
            code=name, name=name, merchant_id=merchant_id or self.merchant_id, **(place or SHANGHAI).model_dump()
        )
        return await self.store.add_warehouse(WarehouseId.derive(NOW, name), details, NOW)

    async def stock(self, warehouse: Warehouse, sku_id: SkuId, units: int) -> None:
        key = f"first/{warehouse.code}/{sku_id}"
        await self.store.receive(warehouse.warehouse_id, sku_id, units, key=key, actor="test", now=NOW)

    async def in_stock(self, sku_ids: Collection[SkuId]) -> dict[SkuId, int]:
        """How many units of each can be bought from stock now."""
        return await in_stock(self.store, sku_ids)

    async def reserve(self, order_id: OrderId, *lines: SkuQuantity, minutes: int = 5) -> Reservation:
        return await next(self._stores).reserve_all_or_nothing(
            order_id, lines, SHANGHAI, NOW, NOW + timedelta(minutes=minutes)
        )

    async def everything(self) -> Sequence[object]:
        """All rows of the database, to show that nothing changed."""
        tables = (
            "split_stock",
            "stock_buckets",
            "warehouses",
            "skus",
            "stock",
            "reservations",
            "reservation_lines",
            "transfers",
            "transfer_lines",
            "operations",
            "journal",
        )
        async with self.db.reader() as connection:
            return [
                [tuple(row) for row in await connection.fetch(f"SELECT * FROM {table} t ORDER BY t::text")]
                for table in tables
            ]


def sku(name: str = "tea") -> SkuId:
    return SkuId.derive(NOW, name)


def order(name: str | int = "order") -> OrderId:
    return OrderId.derive(NOW, str(name))


def line(quantity: int, name: str = "tea") -> SkuQuantity:
    return SkuQuantity(sku_id=sku(name), quantity=quantity)
