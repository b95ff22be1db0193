"""Taking hot stock: one statement serves a crowd that wants one split level, from one bucket that nobody else uses right now."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hanse.database import Connection
from models.inventory.types import Allocation, Reservation, ReservationState
from models.shared.ids import MerchantId, OrderId
from stores.inventory.buckets import Level
from stores.inventory.holding import Wish

# Buckets that are locked are passed over; of the others the fullest serves as many orders as it can, in their turn. A level
# whose warehouse was switched off has no bucket. The sub-selects hide the arrays' lengths, so PostgreSQL plans this once.
_TAKE = """
    WITH plan AS (
        SELECT order_id, quantity, expires_at, now, sum(quantity) OVER (ORDER BY turn) AS running
        FROM unnest((SELECT $3::text[]), (SELECT $4::bigint[]), (SELECT $5::timestamptz[]), (SELECT $6::timestamptz[]))
            WITH ORDINALITY AS p (order_id, quantity, expires_at, now, turn)
    ), taken AS MATERIALIZED (
        SELECT b.bucket, b.free FROM stock_buckets b
        WHERE b.sku_id = $2 AND b.warehouse_id = $1 AND b.free > 0
            AND EXISTS (SELECT FROM warehouses w WHERE w.warehouse_id = $1 AND w.active)
        ORDER BY b.free DESC LIMIT 1 FOR NO KEY UPDATE OF b SKIP LOCKED
    ), held AS (
        INSERT INTO reservations (order_id, state, expires_at, changed_at)
        SELECT p.order_id, 'held', p.expires_at, p.now FROM plan p JOIN taken t ON p.running <= t.free ORDER BY p.order_id
        ON CONFLICT (order_id) DO NOTHING
        RETURNING order_id
    ), part AS (
        SELECT p.order_id, p.quantity FROM plan p JOIN held USING (order_id)
    ), moved AS (
        UPDATE stock_buckets b SET free = b.free - (SELECT sum(quantity) FROM part)
        FROM taken t WHERE (b.sku_id, b.warehouse_id, b.bucket) = ($2, $1, t.bucket) AND EXISTS (SELECT FROM part)
    ), lined AS (
        INSERT INTO reservation_lines (order_id, warehouse_id, sku_id, merchant_id, quantity, restocked, low_stock)
        SELECT order_id, $1, $2, $7, quantity, 0, NULL FROM part
    )
    SELECT p.order_id, h.order_id IS NOT NULL AS held
    FROM plan p JOIN taken t ON p.running <= t.free LEFT JOIN held h USING (order_id)
"""


@dataclass
class Taken:
    """How a crowd fared: held, known from before (each is answered by itself), or too many for this bucket."""

    held: dict[OrderId, Reservation] = field(default_factory=dict)
    known: set[OrderId] = field(default_factory=set)


async def take_from_bucket(
    connection: Connection, level: Level, merchant_id: MerchantId, wishes: Sequence[Wish]
) -> Taken:
    """One statement, one transaction: as many of the wishes as one free bucket of the level has units for, in their order,
    each wholly. Idempotent by the order id: one that has a reservation takes nothing. Nothing at all when every bucket is
    locked or empty. Locks the bucket, waiting for nobody, then reservations by order id."""
    warehouse_id, sku_id = level
    rows = await connection.fetch(
        _TAKE,
        warehouse_id,
        sku_id,
        [wish.order_id for wish in wishes],
        [wish.by_sku[sku_id] for wish in wishes],
        [wish.expires_at for wish in wishes],
        [wish.now for wish in wishes],
        merchant_id,
    )
    fitted: dict[str, bool] = {row["order_id"]: row["held"] for row in rows}
    taken = Taken()
    parts: dict[int, tuple[Allocation]] = {}
    for wish in wishes:
        held = fitted.get(wish.order_id)
        if held:
            quantity = wish.by_sku[sku_id]
            if quantity not in parts:
                parts[quantity] = (
                    Allocation(warehouse_id=warehouse_id, merchant_id=merchant_id, sku_id=sku_id, quantity=quantity),
                )
            # Built from values that are checked already; checking them again took a tenth of an order's time.
            taken.held[wish.order_id] = Reservation.model_construct(
                order_id=wish.order_id,
                state=ReservationState.HELD,
                allocations=parts[quantity],
                expires_at=wish.expires_at,
                low_stock=(),
            )
        elif held is not None:
            taken.known.add(wish.order_id)
    return taken
