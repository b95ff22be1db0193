"""Goods of a committed order that come back."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from models.inventory.errors import OperationKeyReused, RestockExceedsSold
from models.inventory.rules import total_by_sku
from models.inventory.types import Allocation, Restocked, SkuQuantity
from models.shared.ids import MerchantId, OrderId, SkuId, WarehouseId
from stores.inventory.operations import earlier_answer, remember
from stores.inventory.room import Room

_OPERATION = "restock"

_PUT_BACK = """
    WITH back AS (
        SELECT * FROM unnest($4::text[], $5::text[], $6::bigint[]) AS b (warehouse_id, sku_id, quantity)
    ), lined AS (
        UPDATE reservation_lines l SET restocked = l.restocked + b.quantity
        FROM back b WHERE (l.order_id, l.warehouse_id, l.sku_id) = ($1, b.warehouse_id, b.sku_id)
    ), moved AS (
        UPDATE stock s SET on_hand = s.on_hand + b.quantity
        FROM back b WHERE (s.warehouse_id, s.sku_id) = (b.warehouse_id, b.sku_id)
        RETURNING s.warehouse_id, s.sku_id, s.on_hand, b.quantity
    )
    INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at)
    SELECT warehouse_id, sku_id, quantity, on_hand, 'restock', $1, 'order', $2, $3 FROM moved
    ORDER BY warehouse_id, sku_id
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
            await connection.execute(
                "SELECT 1 FROM stock s JOIN reservation_lines l USING (warehouse_id, sku_id) WHERE l.order_id = $1 "
                "ORDER BY s.warehouse_id, s.sku_id FOR NO KEY UPDATE OF s",
                order_id,
            )
            state = await connection.fetchval("SELECT state FROM reservations WHERE order_id = $1 FOR UPDATE", order_id)
            answered = await earlier_answer(connection, _OPERATION, name, wording)
            if answered is not None:
                return Restocked.model_validate(answered)
            sold = await connection.fetch(
                "SELECT warehouse_id, merchant_id, sku_id, quantity - restocked AS left_out FROM reservation_lines "
                "WHERE order_id = $1 AND $2 ORDER BY warehouse_id, sku_id",
                order_id,
                state == "committed",
            )
            parts = _back_to(order_id, asked, sold)
            await connection.execute(
                _PUT_BACK,
                order_id,
                key,
                now,
                [part.warehouse_id for part in parts],
                [part.sku_id for part in parts],
                [part.quantity for part in parts],
            )
            restocked = Restocked(order_id=order_id, key=key, allocations=parts)
            if not await remember(connection, _OPERATION, name, wording, restocked, now):
                raise OperationKeyReused.of(_OPERATION, key)
            return restocked


def _back_to(order_id: OrderId, asked: dict[SkuId, int], sold: Sequence[Record]) -> tuple[Allocation, ...]:
    """Where the goods go: to the warehouses they came from, in lock order."""
    left: dict[SkuId, int] = defaultdict(int)
    for row in sold:
        left[row["sku_id"]] += row["left_out"]
    too_much = [(sku, n, left[sku]) for sku, n in asked.items() if n > left[sku]]
    if too_much:
        raise RestockExceedsSold.of(order_id, too_much)
    waiting, parts = dict(asked), []
    for row in sold:
        units = min(row["left_out"], waiting.get(row["sku_id"], 0))
        if units:
            waiting[row["sku_id"]] -= units
            parts.append(
                Allocation(
                    warehouse_id=WarehouseId(row["warehouse_id"]),
                    merchant_id=MerchantId(row["merchant_id"]),
                    sku_id=SkuId(row["sku_id"]),
                    quantity=units,
                )
            )
    return tuple(parts)
