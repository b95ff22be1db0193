"""What operators do to stock: receive, adjust, count, set thresholds. Every change of on_hand is written in the journal."""

from collections.abc import Callable
from datetime import datetime

from asyncpg import ForeignKeyViolationError, Record

from hanse.database import Connection
from models.inventory.errors import OperationKeyReused, SkuOfAnotherMerchant, StockIsReserved
from models.inventory.rules import crosses_low
from models.inventory.types import MAX_UNITS, LowStock, MovementReason, StockChange, StockLevel
from models.shared.ids import SkuId, WarehouseId
from models.shared.refusals import InvalidRequest, NotFound
from stores.inventory.buckets import SET_ASIDE, gather, scatter
from stores.inventory.operations import earlier_answer, remember
from stores.inventory.room import Room

LEVEL_COLUMNS = f"""s.warehouse_id, s.sku_id, s.merchant_id, s.on_hand, s.reserved - {SET_ASIDE} AS reserved, s.safety, s.low_at,
    greatest(s.on_hand - s.reserved - s.safety + {SET_ASIDE}, 0) AS available, s.split_over"""


class Stockkeeping(Room):
    """Changes by operators. Each locks one stock row, so they never deadlock with orders or one another. What is split is gathered
    for the change, so that it sees and leaves true figures, and spread again with it."""

    async def receive(
        self,
        warehouse_id: WarehouseId,
        sku_id: SkuId,
        quantity: int,
        *,
        key: str,
        actor: str,
        now: datetime,
        note: str = "",
    ) -> StockChange:
        """Goods arrived: on_hand rises by `quantity`. A SKU new to the warehouse gets its row here.

        One transaction, idempotent by the key: the same request again is answered alike, another one is refused with
        `OperationKeyReused`. Refuses with `NotFound` (no such warehouse) and `SkuOfAnotherMerchant`.
        """
        if quantity < 1:
            raise InvalidRequest(
                f"Received {quantity} units of {sku_id}; name at least one, or adjust the stock instead."
            )
        asked = _Asked(MovementReason.RECEIVE, key, actor, now, note)
        return await self._move(asked, warehouse_id, sku_id, quantity, lambda _: quantity)

    async def adjust(
        self, warehouse_id: WarehouseId, sku_id: SkuId, delta: int, *, key: str, actor: str, now: datetime, note: str
    ) -> StockChange:
        """Goods were lost, broken or found: on_hand changes by `delta`, which `note` explains.

        As `receive`; also refuses with `StockIsReserved` when less would remain than is promised to orders.
        """
        if delta == 0:
            raise InvalidRequest(f"An adjustment of {sku_id} by 0 changes nothing; name how many units more or fewer.")
        asked = _Asked(MovementReason.ADJUST, key, actor, now, note)
        return await self._move(asked, warehouse_id, sku_id, delta, lambda _: delta)

    async def count(
        self,
        warehouse_id: WarehouseId,
        sku_id: SkuId,
        counted: int,
        *,
        key: str,
        actor: str,
        now: datetime,
        note: str = "",
    ) -> StockChange:
        """Someone counted: on_hand becomes `counted`; the journal keeps the difference, also when it is 0.

        As `adjust`. Stock sold but not yet committed still counts, since it still lies there.
        """
        asked = _Asked(MovementReason.COUNT, key, actor, now, note)
        return await self._move(asked, warehouse_id, sku_id, counted, lambda level: counted - level.on_hand)

    async def set_safety(self, warehouse_id: WarehouseId, sku_id: SkuId, safety: int, low_at: int = 0) -> StockChange:
        """Keep `safety` units back from sale and call the level low at `low_at` available units or fewer.

        One transaction; the same values again change nothing. What is already promised stays promised.
        """
        async with self._db.transaction() as connection:
            before = await _locked_level(connection, warehouse_id, sku_id)
            after = await connection.fetchrow(
                f"UPDATE stock s SET safety = $3, low_at = $4 WHERE warehouse_id = $1 AND sku_id = $2 "
                f"RETURNING {LEVEL_COLUMNS}",
                warehouse_id,
                sku_id,
                safety,
                low_at,
            )
            change = _change(before.available, level_of(after))
            return await _spread_again(connection, change)

    async def _move(
        self,
        asked: "_Asked",
        warehouse_id: WarehouseId,
        sku_id: SkuId,
        figure: int,
        delta_of: Callable[[StockLevel], int],
    ) -> StockChange:
        wording = {"warehouse_id": warehouse_id, "sku_id": sku_id, "figure": figure, "note": asked.note}
        async with self._db.transaction() as connection:
            level = await _locked_level(connection, warehouse_id, sku_id)
            answered = await earlier_answer(connection, asked.reason, asked.key, wording)
            if answered is not None:
                return StockChange.model_validate(answered).model_copy(update={"turned": True})
            delta = delta_of(level)
            _check_remaining(level, level.on_hand + delta)
            after = await _write(connection, asked, warehouse_id, sku_id, delta)
            change = await _spread_again(connection, _change(level.available, level_of(after)))
            if not await remember(connection, asked.reason, asked.key, wording, change, asked.now):
                raise OperationKeyReused.of(asked.reason, asked.key)
            return change


class _Asked:
    """Who asked for a movement, when, why, and under which key."""

    def __init__(self, reason: MovementReason, key: str, actor: str, now: datetime, note: str) -> None:
        self.reason = reason
        self.key = key
        self.actor = actor
        self.now = now
        self.note = note


async def _locked_level(connection: Connection, warehouse_id: WarehouseId, sku_id: SkuId) -> StockLevel:
    """The stock row, locked, with all of its units in it; made with none if this SKU never lay in this warehouse."""
    lock = f"SELECT {LEVEL_COLUMNS} FROM stock s WHERE warehouse_id = $1 AND sku_id = $2 FOR NO KEY UPDATE"
    row = await connection.fetchrow(lock, warehouse_id, sku_id)
    if row is None:
        await _make_row(connection, warehouse_id, sku_id)
        row = await connection.fetchrow(lock, warehouse_id, sku_id)
    if row is not None and row["split_over"]:
        await gather(connection, [(warehouse_id, sku_id)])
        row = await connection.fetchrow(lock, warehouse_id, sku_id)
    return level_of(row)


async def _spread_again(connection: Connection, change: StockChange) -> StockChange:
    """The change, its level spread over rows again if it is hot."""
    level = change.level.warehouse_id, change.level.sku_id
    rows = await scatter(connection, [level])
    return change.model_copy(update={"level": change.level.model_copy(update={"split_over": rows.get(level, 0)})})


async def _make_row(connection: Connection, warehouse_id: WarehouseId, sku_id: SkuId) -> None:
    merchant_id = await connection.fetchval("SELECT merchant_id FROM warehouses WHERE warehouse_id = $1", warehouse_id)
    if merchant_id is None:
        raise NotFound(f"There is no warehouse {warehouse_id}. Add it first.")
    await connection.execute(
        "INSERT INTO skus (sku_id, merchant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", sku_id, merchant_id
    )
    try:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO stock (warehouse_id, sku_id, merchant_id, on_hand, reserved, safety, low_at) "
                "VALUES ($1, $2, $3, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
                warehouse_id,
                sku_id,
                merchant_id,
            )
    except ForeignKeyViolationError as other:
        raise SkuOfAnotherMerchant.of(sku_id, warehouse_id) from other


def _check_remaining(level: StockLevel, remaining: int) -> None:
    if remaining < 0:
        raise InvalidRequest(
            f"{level.warehouse_id} holds only {level.on_hand} units of {level.sku_id}. Count them and say what is there."
        )
    if remaining < level.reserved:
        raise StockIsReserved.of(level.warehouse_id, level.sku_id, remaining, level.reserved)
    if remaining > MAX_UNITS:
        raise InvalidRequest(f"{level.sku_id} would come to {remaining} units; no stock may be above {MAX_UNITS}.")


async def _write(
    connection: Connection, asked: _Asked, warehouse_id: WarehouseId, sku_id: SkuId, delta: int
) -> Record | None:
    return await connection.fetchrow(
        f"""
        WITH moved AS (
            UPDATE stock s SET on_hand = on_hand + $3 WHERE warehouse_id = $1 AND sku_id = $2 RETURNING {LEVEL_COLUMNS}
        ), journaled AS (
            INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at)
            SELECT warehouse_id, sku_id, $3, on_hand, $4, $5, $6, $7, $8 FROM moved
        )
        SELECT * FROM moved
        """,
        warehouse_id,
        sku_id,
        delta,
        asked.reason,
        asked.key,
        asked.actor,
        asked.note,
        asked.now,
    )


def level_of(row: Record | None) -> StockLevel:
    """A row of `LEVEL_COLUMNS` as a value."""
    if row is None:
        raise RuntimeError("a stock row vanished under its lock; rows of `stock` are never deleted")
    return StockLevel(**dict(row))


def _change(available_before: int, level: StockLevel) -> StockChange:
    low = LowStock(**level.model_dump(include=set(LowStock.model_fields)))
    return StockChange(
        level=level,
        low_stock=low if crosses_low(available_before, level.available, level.low_at) else None,
        turned=(available_before > 0) != (level.available > 0),
    )
