"""Goods of a committed order that come back."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from models.inventory.errors import OperationKeyReused, RestockExceedsSold
from models.inventory.rules import total_by_sku
from models.inventory.types import Allocation, Restocked, SkuQuantity
from models.shared.ids import MerchantId, OrderId, SkuId, WarehouseId
from stores.inventory.claims import serve
from stores.inventory.operations import earlier_answer, remember
from stores.inventory.room import Room

_OPERATION = "restock"

_PUT_BACK = """
    WITH back AS (
        SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[])
            AS b (held_as, warehouse_id, sku_id, quantity)
    ), lined AS (
        UPDATE reservation_lines l SET restocked = l.restocked + b.quantity
        FROM back b WHERE (l.order_id, l.warehouse_id, l.sku_id) = (b.held_as, b.warehouse_id, b.sku_id)
    ), moved AS (
        UPDATE stock s SET on_hand = s.on_hand + b.quantity
        FROM (SELECT warehouse_id, sku_id, sum(quantity) AS quantity FROM back GROUP BY warehouse_id, sku_id) b
        WHERE (s.warehouse_id, s.sku_id) = (b.warehouse_id, b.sku_id)
        RETURNING s.warehouse_id, s.sku_id, s.on_hand
    )
    INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at)
    SELECT b.warehouse_id, b.sku_id, b.quantity,
           m.on_hand - sum(b.quantity) OVER later + b.quantity, 'restock', b.held_as, 'order', $1, $2
    FROM back b JOIN moved m USING (warehouse_id, sku_id)
    WINDOW later AS (PARTITION BY b.warehouse_id, b.sku_id ORDER BY b.held_as DESC)
    ORDER BY b.warehouse_id, b.sku_id, b.held_as
"""


# An order's lines, and those of its claims, each under its own reservation. What was claimed and given up needs no restocking:
# it is counted as come back, after everything that was really sold.
_OF_ORDER = "order_id = $1 OR order_id IN (SELECT claim_id FROM claims WHERE order_id = $1)"
_LOCK = f"""
    SELECT s.warehouse_id, s.sku_id, s.claimed FROM stock s WHERE (s.sku_id, s.warehouse_id) IN (
        SELECT sku_id, warehouse_id FROM reservation_lines WHERE {_OF_ORDER})
    ORDER BY s.warehouse_id, s.sku_id FOR NO KEY UPDATE OF s
"""
_SOLD = f"""
    SELECT order_id AS held_as, warehouse_id, merchant_id, sku_id, quantity - restocked AS left_out
    FROM reservation_lines JOIN reservations USING (order_id) WHERE state = 'committed' AND ({_OF_ORDER})
    UNION ALL
    SELECT NULL, warehouse_id, merchant_id, sku_id, quantity FROM claims WHERE order_id = $1 AND state = 'released'
        AND EXISTS (SELECT FROM reservations r WHERE r.order_id = $1 AND r.state = 'committed')
    ORDER BY held_as NULLS LAST, warehouse_id, sku_id
"""


class Returning(Room):
    """Restocking."""

    async def restock(self, order_id: OrderId, key: str, lines: Sequence[SkuQuantity], now: datetime) -> Restocked:
        """Put goods of a committed order back where they came from, in one transaction, and write it in the journal.

        Idempotent by (order id, key): a repeat is answered alike, another list under the same key is refused with
        `OperationKeyReused`. All keys together never put back more of a SKU than the order took: `RestockExceedsSold`,
        also for an order that was never committed. Locks stock rows by (warehouse, SKU), then the reservation.
        """
        asked = total_by_sku(lines)
        wording = {str(sku): quantity for sku, quantity in asked.items()}
        name = f"{order_id}/{key}"
        async with self._db.transaction() as connection:
            locked = await connection.fetch(_LOCK, order_id)
            await connection.execute("SELECT 1 FROM reservations WHERE order_id = $1 FOR UPDATE", order_id)
            answered = await earlier_answer(connection, _OPERATION, name, wording)
            if answered is not None:
                return Restocked.model_validate(answered)
            parts = _back_to(order_id, asked, await connection.fetch(_SOLD, order_id))
            await connection.execute(
                _PUT_BACK,
                key,
                now,
                [held_as for held_as, _ in parts],
                [part.warehouse_id for _, part in parts],
                [part.sku_id for _, part in parts],
                [part.quantity for _, part in parts],
            )
            waited_for = [(WarehouseId(row["warehouse_id"]), SkuId(row["sku_id"])) for row in locked if row["claimed"]]
            served = await serve(connection, waited_for, now) if waited_for else ()
            restocked = Restocked(
                order_id=order_id, key=key, allocations=tuple(part for _, part in parts), served=served
            )
            if not await remember(connection, _OPERATION, name, wording, restocked, now):
                raise OperationKeyReused.of(_OPERATION, key)
            return restocked


def _back_to(order_id: OrderId, asked: dict[SkuId, int], sold: Sequence[Record]) -> list[tuple[str, Allocation]]:
    """Where the goods go: to the warehouses they came from, each with the reservation it was sold under."""
    left: dict[SkuId, int] = defaultdict(int)
    for row in sold:
        left[row["sku_id"]] += row["left_out"]
    too_much = [(sku, n, left[sku]) for sku, n in asked.items() if n > left[sku]]
    if too_much:
        raise RestockExceedsSold.of(order_id, too_much)
    waiting = dict(asked)
    parts: list[tuple[str, Allocation]] = []
    for row in sold:
        units = min(row["left_out"], waiting.get(row["sku_id"], 0))
        if units:
            waiting[row["sku_id"]] -= units
            part = Allocation(
                warehouse_id=WarehouseId(row["warehouse_id"]),
                merchant_id=MerchantId(row["merchant_id"]),
                sku_id=SkuId(row["sku_id"]),
                quantity=units,
            )
            parts += [(row["held_as"], part)] if row["held_as"] is not None else []
    return parts
