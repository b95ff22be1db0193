"""Rows that a hot level's stock is spread over.

Units in a bucket are set aside from the level's row: they count in its `reserved`, so whoever looks at that row alone never
sells or loses them, and the row's own rules hold as always. Only `scatter` fills buckets and only `gather` empties them, both
under the lock of the level's row; orders take from a bucket under its lock alone (`crowd_holding.py`).

A row that is split keeps more than `low_at` units for itself. So neither a bucket nor what such a row may sell by itself
ever takes the level to its threshold: that happens on the row alone, after everything was gathered, where it is seen exactly.
A level that sells ahead of stock (claims, a pre-order) is never spread: its units have a queue.
Lock order: level rows by (warehouse, SKU), buckets, reservations by order id. Nobody who holds a bucket waits for a row.
"""

from collections.abc import Sequence

from hanse.database import Connection
from models.inventory.hot import MIN_SHARE
from models.shared.ids import SkuId, WarehouseId

Level = tuple[WarehouseId, SkuId]
"""Names one stock row."""

SET_ASIDE = """CASE WHEN s.split_over > 0 THEN (
        SELECT coalesce(sum(b.free), 0)::bigint FROM stock_buckets b
        WHERE (b.sku_id, b.warehouse_id) = (s.sku_id, s.warehouse_id)) ELSE 0 END"""
"""Units of stock row `s` that lie in its buckets: what its `reserved` says too much."""

_GATHER = """
    WITH emptied AS (
        DELETE FROM stock_buckets b USING unnest($1::text[], $2::text[]) AS n (warehouse_id, sku_id)
        WHERE (b.sku_id, b.warehouse_id) = (n.sku_id, n.warehouse_id)
        RETURNING b.warehouse_id, b.sku_id, b.free
    )
    UPDATE stock s SET reserved = s.reserved - e.free, split_over = 0
    FROM (SELECT warehouse_id, sku_id, sum(free)::bigint AS free FROM emptied GROUP BY warehouse_id, sku_id) e
    WHERE (s.sku_id, s.warehouse_id) = (e.sku_id, e.warehouse_id)
"""

_SCATTER = """
    WITH shared AS (
        SELECT s.warehouse_id, s.sku_id, h.rows, (s.on_hand - s.reserved - s.safety - s.low_at - 1) / (h.rows + 1) AS share
        FROM stock s JOIN split_stock h USING (sku_id, warehouse_id)
            JOIN unnest($1::text[], $2::text[]) AS n (warehouse_id, sku_id) USING (sku_id, warehouse_id)
        WHERE h.since IS NOT NULL AND s.split_over = 0 AND s.claimed = 0 AND s.not_before IS NULL
    ), filled AS (
        INSERT INTO stock_buckets (warehouse_id, sku_id, bucket, free)
        SELECT warehouse_id, sku_id, bucket, share FROM shared, generate_series(1, rows) AS bucket WHERE share >= $3
    )
    UPDATE stock s SET reserved = s.reserved + m.rows * m.share, split_over = m.rows
    FROM shared m WHERE (s.sku_id, s.warehouse_id) = (m.sku_id, m.warehouse_id) AND m.share >= $3
    RETURNING s.warehouse_id, s.sku_id, s.split_over
"""

_LOCK = """
    SELECT warehouse_id, sku_id, split_over FROM stock s WHERE sku_id = ANY($1::text[])
    ORDER BY warehouse_id, sku_id FOR NO KEY UPDATE
"""


async def gather(connection: Connection, levels: Sequence[Level]) -> None:
    """Everything in the buckets of these levels goes back to their rows. The caller holds the locks of the rows."""
    await connection.execute(_GATHER, [warehouse for warehouse, _ in levels], [sku for _, sku in levels])


async def scatter(connection: Connection, levels: Sequence[Level]) -> dict[Level, int]:
    """Spread those of the levels that are to be split and lie in one row, if enough is left; answers over how many rows each
    was. The caller holds the locks."""
    rows = await connection.fetch(
        _SCATTER, [warehouse for warehouse, _ in levels], [sku for _, sku in levels], MIN_SHARE
    )
    return {(WarehouseId(row["warehouse_id"]), SkuId(row["sku_id"])): row["split_over"] for row in rows}


async def lock_and_gather(connection: Connection, skus: Sequence[SkuId]) -> list[Level]:
    """Lock every row of the SKUs in lock order, all of their units gathered in them; `scatter` the answer before the end."""
    rows = await connection.fetch(_LOCK, skus)
    levels = [(WarehouseId(row["warehouse_id"]), SkuId(row["sku_id"])) for row in rows]
    split = [level for level, row in zip(levels, rows, strict=True) if row["split_over"]]
    if split:
        await gather(connection, split)
    return levels
