"""Switching: which levels are split over rows, by the load or by an operator."""

from datetime import datetime

from prometheus_client import Counter

from hanse.database import Connection
from models.inventory.hot import CALM_AFTER, ROWS, SplitMode, SplitSetting, StockSplit
from models.shared.ids import SkuId, WarehouseId
from models.shared.refusals import NotFound, StaleVersion
from stores.inventory.buckets import gather, scatter
from stores.inventory.room import Room

_switched = Counter("hanse_stock_splits", "Levels of stock that were split over rows or merged again", ["to", "by"])

_SHOW = """
    SELECT s.warehouse_id, s.sku_id, s.split_over, h.since, coalesce(h.mode, 'automatic') AS mode,
           coalesce(h.rows, $3) AS rows, coalesce(h.version, 0) AS version
    FROM stock s LEFT JOIN split_stock h USING (sku_id, warehouse_id) WHERE s.warehouse_id = $1 AND s.sku_id = $2
"""
_HEATED = """
    INSERT INTO split_stock (warehouse_id, sku_id, mode, rows, since, busy_at, version)
    VALUES ($1, $2, 'automatic', $4, $3, $3, 0)
    ON CONFLICT (sku_id, warehouse_id) DO UPDATE SET
        since = coalesce(split_stock.since, excluded.since), busy_at = greatest(split_stock.busy_at, excluded.busy_at)
    WHERE split_stock.mode <> 'never'
"""
_COOLED = """
    UPDATE split_stock SET since = NULL
    WHERE warehouse_id = $1 AND sku_id = $2 AND mode = 'automatic' AND since IS NOT NULL AND busy_at < $3
"""
_SAID = """
    INSERT INTO split_stock (warehouse_id, sku_id, mode, rows, since, busy_at, version)
    VALUES ($1, $2, $3, $4, CASE WHEN $3 = 'always' THEN $5::timestamptz END, $5, 1)
    ON CONFLICT (sku_id, warehouse_id) DO UPDATE SET
        mode = excluded.mode, rows = excluded.rows, busy_at = excluded.busy_at, version = split_stock.version + 1,
        since = CASE excluded.mode WHEN 'always' THEN coalesce(split_stock.since, excluded.since)
            WHEN 'automatic' THEN split_stock.since END
"""
_BUSY = """
    UPDATE split_stock SET busy_at = greatest(busy_at, $3) WHERE warehouse_id = $1 AND sku_id = $2
"""


class Splitting(Room):
    """Splits and merges beside running sales: each locks the level's row, then its buckets, and moves no unit in or out."""

    async def splitting(self, warehouse_id: WarehouseId, sku_id: SkuId) -> StockSplit:
        """How the level is split and who decides; `NotFound` for a SKU that never lay in this warehouse."""
        async with self._db.reader() as connection:
            return await _shown(connection, warehouse_id, sku_id)

    async def set_splitting(
        self, warehouse_id: WarehouseId, sku_id: SkuId, setting: SplitSetting, version: int, now: datetime
    ) -> StockSplit:
        """What an operator decides, at work when this returns: `always` splits, `never` merges, `automatic` leaves it to the load.

        One transaction, while sales go on. Refuses with `NotFound` and, if another operator spoke since `version`, `StaleVersion`.
        """
        async with self._db.transaction() as connection:
            await _lock(connection, warehouse_id, sku_id)
            before = await _shown(connection, warehouse_id, sku_id)
            if before.version != version:
                raise StaleVersion(
                    f"The splitting of {sku_id} in {warehouse_id} is at version {before.version}, not {version}. "
                    "Read it again and repeat the edit.",
                    version=before.version,
                )
            await connection.execute(_SAID, warehouse_id, sku_id, setting.mode, setting.rows, now)
            await _spread_anew(connection, warehouse_id, sku_id)
            after = await _shown(connection, warehouse_id, sku_id)
        if (before.since is None) != (after.since is None):
            _switched.labels("split" if after.since else "one_row", "operator").inc()
        return after

    async def _split_if_hot(self, warehouse_id: WarehouseId, sku_id: SkuId, now: datetime) -> None:
        """Crowds came: split, unless an operator said never. Idempotent; one transaction."""
        async with self._db.transaction() as connection:
            await _lock(connection, warehouse_id, sku_id)
            before = await _shown(connection, warehouse_id, sku_id)
            if before.mode is SplitMode.NEVER:
                return
            await connection.execute(_HEATED, warehouse_id, sku_id, now, ROWS)
            if not before.split_over:
                await scatter(connection, [(warehouse_id, sku_id)])
        if before.since is None:
            _switched.labels("split", "load").inc()

    async def _merge_if_calm(self, warehouse_id: WarehouseId, sku_id: SkuId, now: datetime) -> None:
        """No crowd came for long: merge what split by itself. Idempotent; one transaction."""
        async with self._db.transaction() as connection:
            await _lock(connection, warehouse_id, sku_id)
            cooled = await connection.execute(_COOLED, warehouse_id, sku_id, now - CALM_AFTER)
            if cooled != "UPDATE 1":
                return
            await gather(connection, [(warehouse_id, sku_id)])
        _switched.labels("one_row", "load").inc()

    async def _note_busy(self, warehouse_id: WarehouseId, sku_id: SkuId, now: datetime) -> None:
        async with self._db.reader() as connection:
            await connection.execute(_BUSY, warehouse_id, sku_id, now)


async def _lock(connection: Connection, warehouse_id: WarehouseId, sku_id: SkuId) -> None:
    await connection.execute(
        "SELECT 1 FROM stock WHERE warehouse_id = $1 AND sku_id = $2 FOR NO KEY UPDATE", warehouse_id, sku_id
    )


async def _spread_anew(connection: Connection, warehouse_id: WarehouseId, sku_id: SkuId) -> None:
    level = [(warehouse_id, sku_id)]
    await gather(connection, level)
    await scatter(connection, level)


async def _shown(connection: Connection, warehouse_id: WarehouseId, sku_id: SkuId) -> StockSplit:
    row = await connection.fetchrow(_SHOW, warehouse_id, sku_id, ROWS)
    if row is None:
        raise NotFound(f"No stock of {sku_id} was ever kept in {warehouse_id}. Receive some first.")
    return StockSplit(**dict(row))
