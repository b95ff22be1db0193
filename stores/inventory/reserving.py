"""Holding stock for orders: reserve, release, commit, each idempotent by the order id.

Orders that come while others are being served wait a moment and are then served together, in one pair of statements and one
commit on disk: a crowd is quicker that way than one after another, above all when it wants the same SKU. Someone who comes
alone is served at once. There is one turn at a time per process: two make smaller crowds and measured a fifth slower. What
the crowd's turn did not settle is settled for that order by itself. Orders for one level that is split have turns of their
own (`hot_reserving.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from asyncpg import Record

from hanse.database import Connection, Database
from models.inventory.errors import NothingReserved, ReservationCommitted, ReservationConflict, ReservationReleased
from models.inventory.rules import total_by_sku
from models.inventory.types import Allocation, Destination, LowStock, Reservation, ReservationState, SkuQuantity
from models.shared.ids import MerchantId, OrderId, SkuId, WarehouseId
from stores.inventory.holding import Wish, hold, hold_locked
from stores.inventory.hot_reserving import HotReserving
from stores.inventory.turns import Turns

_TRIES_WITHOUT_LOCKS = 2

# Stock is locked before the reservation here too; `settled` is one row if this call is the one that changes the state.
_SETTLE = """
    WITH locked AS MATERIALIZED (
        SELECT s.warehouse_id, s.sku_id, l.quantity
        FROM stock s JOIN reservation_lines l ON (s.warehouse_id, s.sku_id) = (l.warehouse_id, l.sku_id)
        WHERE l.order_id = $1
        ORDER BY s.warehouse_id, s.sku_id
        FOR NO KEY UPDATE OF s
    ), settled AS (
        UPDATE reservations SET state = $3, changed_at = $2
        WHERE order_id = $1 AND state = 'held' AND (SELECT count(*) FROM locked) > 0
        RETURNING order_id, state, expires_at
    ), moved AS (
        UPDATE stock s SET {change}
        FROM settled, locked k WHERE (s.warehouse_id, s.sku_id) = (k.warehouse_id, k.sku_id)
        RETURNING s.warehouse_id, s.sku_id, s.on_hand, s.on_hand - s.reserved - s.safety AS available, k.quantity
    ){and_more}
    SELECT settled.state, settled.expires_at, l.warehouse_id, l.merchant_id, l.sku_id, l.quantity, l.low_stock, {turned} AS turned
    FROM settled JOIN reservation_lines l USING (order_id) JOIN moved m USING (warehouse_id, sku_id)
    ORDER BY l.warehouse_id, l.sku_id
"""
_RELEASE = _SETTLE.format(
    change="reserved = s.reserved - k.quantity", and_more="", turned="m.available BETWEEN 1 AND m.quantity"
)
_COMMIT = _SETTLE.format(
    change="reserved = s.reserved - k.quantity, on_hand = s.on_hand - k.quantity",
    and_more=""", journaled AS (
        INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at)
        SELECT warehouse_id, sku_id, -quantity, on_hand, 'commit', $1, 'order', '', $2 FROM moved
        ORDER BY warehouse_id, sku_id
    )""",
    turned="false",
)

_FIND = """
    SELECT r.state, r.expires_at, l.warehouse_id, l.merchant_id, l.sku_id, l.quantity, l.low_stock, true AS turned
    FROM reservations r LEFT JOIN reservation_lines l USING (order_id)
    WHERE r.order_id = $1 ORDER BY l.warehouse_id, l.sku_id
"""


class Reserving(HotReserving):
    """The side orders use."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._turns = Turns(db, self._serve)

    async def reserve_all_or_nothing(
        self,
        order_id: OrderId,
        lines: Sequence[SkuQuantity],
        destination: Destination,
        now: datetime,
        expires_at: datetime | None,
    ) -> Reservation:
        """Hold every line or nothing, in one transaction; what is held can be sold to nobody else.

        Never more than on_hand − reserved − safety is held, whoever asks at once. Idempotent by the order id: the same
        lines (in any order) are answered with the same reservation, in whatever state it is by then, except that a
        released one is refused: a late duplicate never takes the stock again. Locks stock rows by (warehouse, SKU), then
        reservations by order id. Refuses with `SoldOut` (each short line, how many are left), `ReservationConflict` (the
        order holds other lines), `ReservationReleased`; a refusal changes nothing.
        """
        wish = Wish(order_id, lines, destination, now, expires_at)
        served = await self._hot_turn(wish) or await self._turns.ask(wish)
        return served or await self._alone(wish)

    async def _serve(self, connection: Connection, crowd: Sequence[Wish]) -> Mapping[OrderId, Reservation]:
        tried = await hold(connection, crowd)
        await self._notice(connection, tried, len(crowd), crowd[0].now)
        return tried.held

    async def _alone(self, wish: Wish) -> Reservation:
        async with self._db.reader() as connection:
            for _ in range(_TRIES_WITHOUT_LOCKS):
                held = await _held_or_refused(connection, wish, locked=False)
                if held is not None:
                    return held
        async with self._db.transaction() as connection:
            held = await _held_or_refused(connection, wish, locked=True)
            if held is None:
                raise RuntimeError(
                    f"stock for {wish.order_id} was locked and still could not be held; run `hanse audit`"
                )
            return held

    async def release(self, order_id: OrderId, now: datetime) -> Reservation:
        """Give back what the order holds, in one transaction; nothing if it holds nothing.

        Idempotent by the order id. A release before any reserve is remembered, so that a reserve that arrives later is
        refused. Refuses with `ReservationCommitted` when the goods were sold. Lock order as in reserve.
        """
        async with self._db.reader() as connection:
            while True:
                settled = await connection.fetch(_RELEASE, order_id, now, ReservationState.RELEASED)
                if settled:
                    return _reservation(order_id, settled)
                found = await _find(connection, order_id)
                if found is None:
                    # A reserve may commit between the two statements; then this inserts nothing and the loop releases it.
                    await connection.execute(
                        "INSERT INTO reservations (order_id, state, expires_at, changed_at) "
                        "VALUES ($1, 'released', NULL, $2) ON CONFLICT (order_id) DO NOTHING",
                        order_id,
                        now,
                    )
                elif found.state is ReservationState.RELEASED:
                    return found
                elif found.state is ReservationState.COMMITTED:
                    raise ReservationCommitted.of(order_id)

    async def commit(self, order_id: OrderId, now: datetime) -> Reservation:
        """Take what the order holds off the books: on_hand and reserved fall together, the journal says why.

        One transaction, idempotent by the order id, also after the hold's `expires_at` as long as nobody released it.
        Refuses with `NothingReserved` or `ReservationReleased`. Lock order as in reserve.
        """
        async with self._db.reader() as connection:
            while True:
                settled = await connection.fetch(_COMMIT, order_id, now, ReservationState.COMMITTED)
                if settled:
                    return _reservation(order_id, settled)
                found = await _find(connection, order_id)
                if found is None:
                    raise NothingReserved.of(order_id)
                if found.state is ReservationState.RELEASED:
                    raise ReservationReleased.of(order_id)
                if found.state is ReservationState.COMMITTED:
                    return found

    async def reservation(self, order_id: OrderId) -> Reservation | None:
        """What is or was held for the order; None if nobody ever asked."""
        async with self._db.reader() as connection:
            return await _find(connection, order_id)


async def _held_or_refused(connection: Connection, wish: Wish, *, locked: bool) -> Reservation | None:
    """One try; None if another buyer took a chosen row first. An order that came before is answered as it was then."""
    tried = await (hold_locked if locked else hold)(connection, [wish])
    if wish.order_id in tried.held:
        return tried.held[wish.order_id]
    earlier, sold_out = await _find(connection, wish.order_id), tried.sold_out.get(wish.order_id)
    # Where a saga lost its first task after a refusal, it has given back what it never held, and asks again: what the buyer
    # wants to hear is still how many are left.
    if earlier is not None and (earlier.allocations or sold_out is None):
        return _the_same_again(earlier, wish)
    if sold_out is not None:
        raise sold_out
    return None


def _the_same_again(earlier: Reservation, wish: Wish) -> Reservation:
    if earlier.state is ReservationState.RELEASED:
        raise ReservationReleased.of(wish.order_id)
    if total_by_sku([SkuQuantity(sku_id=a.sku_id, quantity=a.quantity) for a in earlier.allocations]) != wish.by_sku:
        raise ReservationConflict.of(wish.order_id)
    return earlier


async def _find(connection: Connection, order_id: OrderId) -> Reservation | None:
    rows = await connection.fetch(_FIND, order_id)
    return _reservation(order_id, rows) if rows else None


def _reservation(order_id: OrderId, rows: Sequence[Record]) -> Reservation:
    lines = [row for row in rows if row["sku_id"] is not None]
    return Reservation(
        order_id=order_id,
        state=ReservationState(rows[0]["state"]),
        allocations=tuple(
            Allocation(
                warehouse_id=WarehouseId(row["warehouse_id"]),
                merchant_id=MerchantId(row["merchant_id"]),
                sku_id=SkuId(row["sku_id"]),
                quantity=row["quantity"],
            )
            for row in lines
        ),
        expires_at=rows[0]["expires_at"],
        low_stock=tuple(LowStock.model_validate(row["low_stock"]) for row in lines if row["low_stock"]),
        turned=tuple(sorted({SkuId(row["sku_id"]) for row in lines if row["turned"]})),
    )
