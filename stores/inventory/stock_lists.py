"""Counting many SKUs at once, as a spreadsheet lists them."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from asyncpg import Record

from hanse.database import Connection
from models.inventory.errors import OperationKeyReused
from models.inventory.rules import crosses_low
from models.inventory.stock_list import NumberedLine
from models.inventory.types import Claim, ImportReport, LineError, LowStock
from models.shared.ids import SkuId, WarehouseId
from stores.inventory.buckets import gather, scatter
from stores.inventory.claims import serve
from stores.inventory.operations import earlier_answer, remember
from stores.inventory.room import Room

_OPERATION = "count_list"

_WAREHOUSES = "SELECT code, warehouse_id, merchant_id FROM warehouses WHERE code = ANY($1::text[])"

_OWN_SKUS = """
    INSERT INTO skus (sku_id, merchant_id)
    SELECT DISTINCT ON (sku_id) sku_id, merchant_id FROM unnest($1::text[], $2::text[]) AS n (sku_id, merchant_id)
    ORDER BY sku_id ON CONFLICT DO NOTHING
"""
_MAKE_ROWS = """
    INSERT INTO stock (warehouse_id, sku_id, merchant_id, on_hand, reserved, safety, low_at)
    SELECT n.warehouse_id, n.sku_id, k.merchant_id, 0, 0, 0, 0
    FROM unnest($1::text[], $2::text[]) AS n (warehouse_id, sku_id)
        JOIN warehouses w USING (warehouse_id) JOIN skus k ON (k.sku_id, k.merchant_id) = (n.sku_id, w.merchant_id)
    ORDER BY n.warehouse_id, n.sku_id ON CONFLICT DO NOTHING
"""
_LOCK = """
    SELECT s.* FROM stock s JOIN unnest($1::text[], $2::text[]) AS n (warehouse_id, sku_id) USING (warehouse_id, sku_id)
    ORDER BY s.warehouse_id, s.sku_id FOR NO KEY UPDATE OF s
"""
_COUNT = """
    WITH counted AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS c (warehouse_id, sku_id, units, before)
    ), moved AS (
        UPDATE stock s SET on_hand = c.units
        FROM counted c WHERE (s.warehouse_id, s.sku_id) = (c.warehouse_id, c.sku_id)
    )
    INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at)
    SELECT warehouse_id, sku_id, units - before, units, 'count', $5, $6, '', $7 FROM counted ORDER BY warehouse_id, sku_id
"""

_Row = tuple[str, str]
"""Warehouse id and SKU id."""


class StockLists(Room):
    """Imports of counted stock."""

    async def count_list(self, lines: Sequence[NumberedLine], *, key: str, actor: str, now: datetime) -> ImportReport:
        """Count every line that can be counted and say why each other cannot, in one transaction.

        Idempotent by the key: the same lines again are answered alike, others refused with `OperationKeyReused`. A line
        is in error when its warehouse is unknown, its SKU belongs to another merchant, or more is promised than was
        counted. No SKU of a warehouse may be named twice. Stock rows stay locked until the end, in the order
        (warehouse, SKU), so give a few hundred lines at a time.
        """
        asked = {"lines": len(lines), "sha256": _digest(lines)}
        async with self._db.transaction() as connection:
            warehouses = await connection.fetch(_WAREHOUSES, [line.warehouse_code for _, line in lines])
            by_code = {row["code"]: row for row in warehouses}
            numbered: dict[_Row, tuple[int, int]] = {
                (by_code[line.warehouse_code]["warehouse_id"], line.sku_id): (number, line.on_hand)
                for number, line in lines
                if line.warehouse_code in by_code
            }
            errors = [
                LineError(line=number, problem=f"there is no warehouse {line.warehouse_code}")
                for number, line in lines
                if line.warehouse_code not in by_code
            ]
            owners = {row["warehouse_id"]: row["merchant_id"] for row in warehouses}
            rows = await locked_rows(connection, numbered, owners)
            answered = await earlier_answer(connection, _OPERATION, key, asked)
            if answered is not None:
                return ImportReport.model_validate(answered)
            counted = [row for row in rows if row["reserved"] <= numbered[_name(row)][1]]
            await _write(connection, counted, numbered, key, actor, now)
            waited_for = [(WarehouseId(row["warehouse_id"]), SkuId(row["sku_id"])) for row in counted if row["claimed"]]
            served = await serve(connection, waited_for, now) if waited_for else ()
            report = ImportReport(
                counted=len(counted),
                errors=tuple(sorted(errors + _line_errors(numbered, rows), key=lambda error: error.line)),
                low_stock=tuple(_crossings(counted, numbered, served)),
                served=served,
            )
            await scatter(connection, [(WarehouseId(row["warehouse_id"]), SkuId(row["sku_id"])) for row in rows])
            if not await remember(connection, _OPERATION, key, asked, report, now):
                raise OperationKeyReused.of(_OPERATION, key)
            return report


_Numbered = Mapping[_Row, tuple[int, int]]
"""For each row its line number and how many units were counted."""


def _name(row: Record) -> _Row:
    return row["warehouse_id"], row["sku_id"]


def _digest(lines: Sequence[NumberedLine]) -> str:
    return hashlib.sha256("\n".join(f"{n} {line.model_dump_json()}" for n, line in lines).encode()).hexdigest()


async def locked_rows(connection: Connection, names: Collection[_Row], owners: Mapping[str, str]) -> Sequence[Record]:
    """The stock rows of all lines, locked, made where missing; without those whose SKU belongs to another merchant."""
    warehouse_ids, sku_ids = [name[0] for name in names], [name[1] for name in names]
    await connection.execute(_OWN_SKUS, sku_ids, [owners[warehouse_id] for warehouse_id in warehouse_ids])
    await connection.execute(_MAKE_ROWS, warehouse_ids, sku_ids)
    rows = await connection.fetch(_LOCK, warehouse_ids, sku_ids)
    split = [(WarehouseId(row["warehouse_id"]), SkuId(row["sku_id"])) for row in rows if row["split_over"]]
    if split:
        await gather(connection, split)
        rows = await connection.fetch(_LOCK, warehouse_ids, sku_ids)
    return rows


def _line_errors(numbered: _Numbered, rows: Sequence[Record]) -> list[LineError]:
    stocked = {_name(row) for row in rows}
    foreign = [
        LineError(line=number, problem=f"{name[1]} is stocked under another merchant")
        for name, (number, _) in numbered.items()
        if name not in stocked
    ]
    promised = [
        LineError(line=number, problem=f"{row['reserved']} units are promised to orders, more than the {units} counted")
        for row in rows
        for number, units in [numbered[_name(row)]]
        if row["reserved"] > units
    ]
    return foreign + promised


def _crossings(counted: Sequence[Record], numbered: _Numbered, served: Sequence[Claim]) -> list[LowStock]:
    found = []
    for row in counted:
        got = sum(claim.quantity for claim in served if (claim.warehouse_id, claim.sku_id) == _name(row))
        kept_back = row["reserved"] + row["safety"]
        before = 0 if row["claimed"] else max(row["on_hand"] - kept_back, 0)
        after = max(numbered[_name(row)][1] - got - kept_back, 0)
        if crosses_low(before, after, row["low_at"]):
            low = LowStock(
                warehouse_id=WarehouseId(row["warehouse_id"]),
                sku_id=SkuId(row["sku_id"]),
                available=after,
                safety=row["safety"],
                low_at=row["low_at"],
            )
            found.append(low)
    return found


async def _write(
    connection: Connection, counted: Sequence[Record], numbered: _Numbered, key: str, actor: str, now: datetime
) -> None:
    await connection.execute(
        _COUNT,
        [row["warehouse_id"] for row in counted],
        [row["sku_id"] for row in counted],
        [numbered[_name(row)][1] for row in counted],
        [row["on_hand"] for row in counted],
        key,
        actor,
        now,
    )
