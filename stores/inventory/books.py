"""Reading stock and its journal."""

from collections.abc import AsyncIterator, Sequence

from models.inventory.types import Movement, SellsAhead, StockLevel, WarehouseCode
from models.shared.ids import SkuId, WarehouseId
from stores.inventory.buckets import SET_ASIDE
from stores.inventory.room import Room
from stores.inventory.stockkeeping import LEVEL_COLUMNS, level_of

_PAST_THE_END = 2**63 - 1
_LEVELS_AT_ONCE = 2_000


class Books(Room):
    """Reads; none of them locks anything."""

    async def levels(
        self,
        *,
        warehouse_id: WarehouseId | None = None,
        sku_id: SkuId | None = None,
        only_low: bool = False,
        after: tuple[WarehouseId, SkuId] | None = None,
        limit: int = 100,
    ) -> Sequence[StockLevel]:
        """Levels in the order (warehouse, SKU), those behind `after`; `only_low` keeps those at or below `low_at`."""
        where = _Where("(warehouse_id, sku_id) > ($1, $2)", *(after or ("", "")))
        where.equal("warehouse_id", warehouse_id)
        where.equal("sku_id", sku_id)
        low = f"AND s.on_hand - s.reserved - s.safety + {SET_ASIDE} <= s.low_at" if only_low else ""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"SELECT {LEVEL_COLUMNS} FROM stock s WHERE {where.text} {low} ORDER BY warehouse_id, sku_id LIMIT {limit:d}",
                *where.values,
            )
        return [level_of(row) for row in rows]

    async def stock_list(
        self, warehouse_id: WarehouseId | None = None
    ) -> AsyncIterator[Sequence[tuple[WarehouseCode, StockLevel, SellsAhead]]]:
        """Every level with the code of its warehouse and how it sells ahead, in pages, in the order (warehouse, SKU). Each page is one snapshot; a
        level that changes while the list is read is on it once, as it was when its page was read."""
        after: tuple[WarehouseId, SkuId] | None = None
        while levels := await self.levels(warehouse_id=warehouse_id, after=after, limit=_LEVELS_AT_ONCE):
            async with self._db.reader() as connection:
                rows = await connection.fetch(
                    "SELECT n.warehouse_id, n.sku_id, w.code, coalesce(a.policy, 'never') AS policy "
                    "FROM unnest($1::text[], $2::text[]) AS n (warehouse_id, sku_id) JOIN warehouses w USING (warehouse_id) "
                    "LEFT JOIN ahead_sales a USING (sku_id, warehouse_id)",
                    [level.warehouse_id for level in levels],
                    [level.sku_id for level in levels],
                )
            said = {(row["warehouse_id"], row["sku_id"]): (row["code"], SellsAhead(row["policy"])) for row in rows}
            yield [
                (code, level, policy) for level in levels for code, policy in [said[level.warehouse_id, level.sku_id]]
            ]
            after = (levels[-1].warehouse_id, levels[-1].sku_id)

    async def journal(
        self,
        *,
        warehouse_id: WarehouseId | None = None,
        sku_id: SkuId | None = None,
        reference: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[Movement]:
        """Movements, newest first, those with a number below `before`. `reference` is an order id or operation key."""
        where = _Where("number < $1", _PAST_THE_END if before is None else before)
        where.equal("warehouse_id", warehouse_id)
        where.equal("sku_id", sku_id)
        where.equal("reference", reference)
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"SELECT * FROM journal WHERE {where.text} ORDER BY number DESC LIMIT {limit:d}", *where.values
            )
        return [Movement(**dict(row)) for row in rows]


class _Where:
    """A condition that grows with what was asked, so that PostgreSQL plans for exactly that."""

    def __init__(self, text: str, *values: object) -> None:
        self.text = text
        self.values = list(values)

    def equal(self, column: str, value: object | None) -> None:
        """Also ask for this value, unless it is None."""
        if value is not None:
            self.values.append(value)
            self.text += f" AND {column} = ${len(self.values)}"
