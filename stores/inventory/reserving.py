"""Holding stock for orders: reserve, release, commit, each idempotent by the order id.

A hold is two round trips: read what can be sold, choose warehouses by the pure rule, then one statement that takes exactly
those units or none. Nobody waits on a lock while the choice is made; if another buyer took a chosen row in between, the
choice is made again, the third time under the locks, so it ends. When hot SKUs get several rows per warehouse, `_SHELVES`
and `_HOLD` are the two statements that learn about it.

Both name their rows one by one instead of by an array: then PostgreSQL sees that the plan is the same whatever the values,
plans it once per connection and number of lines, and saves more time on each call than the call itself takes.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import chain

from asyncpg import Record

from hanse.database import Connection
from models.inventory.errors import (
    NothingReserved,
    ReservationCommitted,
    ReservationConflict,
    ReservationReleased,
    SoldOut,
)
from models.inventory.rules import Shelf, allocate, total_by_sku
from models.inventory.types import (
    Allocation,
    Destination,
    LowStock,
    Place,
    Reservation,
    ReservationState,
    SkuQuantity,
)
from models.shared.ids import MerchantId, OrderId, SkuId, WarehouseId
from models.shared.refusals import InvalidRequest
from stores.inventory.room import Room

_TRIES_WITHOUT_LOCKS = 2

_SHELVES = """
    SELECT s.warehouse_id, s.merchant_id, s.sku_id, s.on_hand - s.reserved - s.safety AS available,
           w.country, w.region, w.city, w.postal_code, w.latitude, w.longitude
    FROM stock s JOIN warehouses w USING (warehouse_id)
    WHERE s.sku_id IN ({skus}) AND s.on_hand - s.reserved > s.safety AND w.active
"""
_LOCKED = " ORDER BY s.warehouse_id, s.sku_id FOR NO KEY UPDATE OF s"

# `taken` locks the rows in order and looks at them again as they are then; the hold exists only if every row was there.
_HOLD = """
    WITH taken AS MATERIALIZED (
        SELECT s.warehouse_id, s.sku_id, p.merchant_id, p.quantity, s.safety, s.low_at,
               s.on_hand - s.reserved - s.safety AS available
        FROM stock s JOIN (VALUES {plan}) AS p (warehouse_id, sku_id, merchant_id, quantity)
            ON (s.warehouse_id, s.sku_id) = (p.warehouse_id, p.sku_id)
        WHERE s.on_hand - s.reserved - s.safety >= p.quantity
        ORDER BY s.warehouse_id, s.sku_id
        FOR NO KEY UPDATE OF s
    ), held AS (
        INSERT INTO reservations (order_id, state, expires_at, changed_at)
        SELECT $1, 'held', $2, $3 WHERE (SELECT count(*) FROM taken) = {rows}
        ON CONFLICT (order_id) DO NOTHING
        RETURNING order_id
    ), moved AS (
        UPDATE stock s SET reserved = s.reserved + t.quantity
        FROM held, taken t WHERE (s.warehouse_id, s.sku_id) = (t.warehouse_id, t.sku_id)
    )
    INSERT INTO reservation_lines (order_id, warehouse_id, sku_id, merchant_id, quantity, restocked, low_stock)
    SELECT held.order_id, t.warehouse_id, t.sku_id, t.merchant_id, t.quantity, 0,
           CASE WHEN t.available > t.low_at AND t.available - t.quantity <= t.low_at THEN jsonb_build_object(
               'warehouse_id', t.warehouse_id, 'sku_id', t.sku_id, 'available', t.available - t.quantity,
               'safety', t.safety, 'low_at', t.low_at) END
    FROM held, taken t
    RETURNING low_stock
"""

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
        RETURNING s.warehouse_id, s.sku_id, s.on_hand, k.quantity
    ){and_more}
    SELECT settled.state, settled.expires_at, l.warehouse_id, l.merchant_id, l.sku_id, l.quantity, l.low_stock
    FROM settled JOIN reservation_lines l USING (order_id) ORDER BY l.warehouse_id, l.sku_id
"""
_RELEASE = _SETTLE.format(change="reserved = s.reserved - k.quantity", and_more="")
_COMMIT = _SETTLE.format(
    change="reserved = s.reserved - k.quantity, on_hand = s.on_hand - k.quantity",
    and_more=""", journaled AS (
        INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at)
        SELECT warehouse_id, sku_id, -quantity, on_hand, 'commit', $1, 'order', '', $2 FROM moved
        ORDER BY warehouse_id, sku_id
    )""",
)

_FIND = """
    SELECT r.state, r.expires_at, l.warehouse_id, l.merchant_id, l.sku_id, l.quantity, l.low_stock
    FROM reservations r LEFT JOIN reservation_lines l USING (order_id)
    WHERE r.order_id = $1 ORDER BY l.warehouse_id, l.sku_id
"""


class Reserving(Room):
    """The side orders use."""

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
        the reservation. Refuses with `SoldOut` (each short line, how many are left), `ReservationConflict` (the order
        holds other lines), `ReservationReleased`; a refusal changes nothing.
        """
        wish = _Wish(order_id, lines, destination, now, expires_at)
        async with self._db.reader() as connection:
            for _ in range(_TRIES_WITHOUT_LOCKS):
                held = await _hold(connection, wish)
                if held is not None:
                    return held
        async with self._db.transaction() as connection:
            held = await _hold(connection, wish, locked=True)
            if held is None:
                raise RuntimeError(f"stock for {order_id} was locked and still could not be held; run `hanse audit`")
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


class _Wish:
    """One call of reserve, worked out once for all its tries."""

    def __init__(
        self,
        order_id: OrderId,
        lines: Sequence[SkuQuantity],
        destination: Destination,
        now: datetime,
        expires_at: datetime | None,
    ) -> None:
        if not lines:
            raise InvalidRequest(f"Order {order_id} asks for no stock at all. Name at least one line.")
        self.order_id = order_id
        self.lines = lines
        self.destination = destination
        self.now = now
        self.expires_at = expires_at
        self.by_sku = total_by_sku(lines)


@cache
def _shelves_statement(skus: int, locked: bool) -> str:
    return _SHELVES.format(skus=", ".join(f"${n}" for n in range(1, skus + 1))) + (_LOCKED if locked else "")


@cache
def _hold_statement(rows: int) -> str:
    row = "(${}::text, ${}::text, ${}::text, ${}::bigint)"
    return _HOLD.format(rows=rows, plan=", ".join(row.format(*range(n, n + 4)) for n in range(4, 4 + 4 * rows, 4)))


async def _hold(connection: Connection, wish: _Wish, *, locked: bool = False) -> Reservation | None:
    """One try; None if another buyer took a chosen row first."""
    shelves = await connection.fetch(_shelves_statement(len(wish.by_sku), locked), *wish.by_sku)
    try:
        plan = allocate(wish.lines, [_shelf(row) for row in shelves], wish.destination)
    except SoldOut:
        earlier = await _find(connection, wish.order_id)
        if earlier is None:
            raise
        return _the_same_again(earlier, wish)
    taken = await connection.fetch(
        _hold_statement(len(plan)),
        wish.order_id,
        wish.expires_at,
        wish.now,
        *chain.from_iterable((part.warehouse_id, part.sku_id, part.merchant_id, part.quantity) for part in plan),
    )
    if taken:
        crossed = sorted((row["low_stock"] for row in taken if row["low_stock"]), key=_place_of)
        return Reservation(
            order_id=wish.order_id,
            state=ReservationState.HELD,
            allocations=plan,
            expires_at=wish.expires_at,
            low_stock=tuple(LowStock.model_validate(crossing) for crossing in crossed),
        )
    earlier = await _find(connection, wish.order_id)
    return None if earlier is None else _the_same_again(earlier, wish)


def _place_of(crossing: dict[str, str]) -> tuple[str, str]:
    return crossing["warehouse_id"], crossing["sku_id"]


def _the_same_again(earlier: Reservation, wish: _Wish) -> Reservation:
    if earlier.state is ReservationState.RELEASED:
        raise ReservationReleased.of(wish.order_id)
    if total_by_sku([SkuQuantity(sku_id=a.sku_id, quantity=a.quantity) for a in earlier.allocations]) != wish.by_sku:
        raise ReservationConflict.of(wish.order_id)
    return earlier


async def _find(connection: Connection, order_id: OrderId) -> Reservation | None:
    rows = await connection.fetch(_FIND, order_id)
    return _reservation(order_id, rows) if rows else None


def _shelf(row: Record) -> Shelf:
    return Shelf(
        warehouse_id=WarehouseId(row["warehouse_id"]),
        merchant_id=MerchantId(row["merchant_id"]),
        sku_id=SkuId(row["sku_id"]),
        available=row["available"],
        place=Place(**{field: row[field] for field in Place.model_fields}),
    )


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
    )
