"""Taking stock for orders: the two statements of a reservation, for one order or for all that came at the same moment.

First everything that can be sold of the SKUs is read, without locks, and the pure rule chooses warehouses. Then one statement
takes exactly those units. An order whose rows another buyer emptied in between gets nothing, and its caller tries again.
Of a level that is split (`buckets.py`) the first statement counts all rows and the second takes from the main row alone.

A short plan is written out value by value instead of as arrays: then PostgreSQL sees that the plan is the same whatever the
values are and plans it once per connection, which saves more time than running it takes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, lru_cache
from itertools import chain, count
from typing import Any

from asyncpg import Record

from hanse.database import Connection
from models.inventory.allocation import AllocationStrategy
from models.inventory.errors import SoldOut
from models.inventory.rules import Shelf, allocate, total_by_sku
from models.inventory.types import Allocation, Destination, LowStock, Place, Reservation, ReservationState, SkuQuantity
from models.shared.ids import MerchantId, OrderId, SkuId, WarehouseId
from models.shared.refusals import InvalidRequest
from stores.inventory.buckets import SET_ASIDE, lock_and_gather, scatter

_WRITTEN_OUT = 8
"""Up to so many rows a statement is written out; each number of rows is a statement of its own."""

_SHELVES = (
    """
    SELECT s.warehouse_id, s.merchant_id, s.sku_id, s.on_hand - s.reserved - s.safety + {set_aside} AS available,
           w.country, w.region, w.city, w.postal_code, w.latitude, w.longitude, s.split_over, a.strategy,
           CASE WHEN s.split_over > 0 THEN (
               SELECT h.busy_at FROM split_stock h
               WHERE (h.sku_id, h.warehouse_id) = (s.sku_id, s.warehouse_id) AND h.mode = 'automatic') END AS busy_at
    FROM stock s JOIN warehouses w USING (warehouse_id) LEFT JOIN allocations a ON a.merchant_id = s.merchant_id
    WHERE s.sku_id {among} AND (s.on_hand - s.reserved > s.safety OR s.split_over > 0) AND w.active
        AND s.claimed = 0 AND (s.not_before IS NULL OR s.not_before <= $1)
"""
).replace("{set_aside}", SET_ASIDE)

# What lies at a level with claims, or before its release, is not for who comes now (`ahead_reserving.py`).
# `taken` locks the rows in order and looks at them again as they are then. An order is held if all its rows were there. A
# split row keeps more than `low_at` for itself, so `left_over` says the truth about the threshold there too (`buckets.py`).
_HOLD = """
    WITH plan (order_id, now, expires_at, warehouse_id, sku_id, merchant_id, quantity, turn) AS ({plan}),
    wanted AS (
        SELECT warehouse_id, sku_id, sum(quantity) AS quantity, min(now) AS now FROM plan GROUP BY warehouse_id, sku_id
    ), taken AS MATERIALIZED (
        SELECT s.warehouse_id, s.sku_id, s.safety, s.low_at, s.on_hand - s.reserved - s.safety AS available
        FROM stock s JOIN wanted w ON (s.warehouse_id, s.sku_id) = (w.warehouse_id, w.sku_id)
        WHERE s.on_hand - s.reserved - s.safety - CASE WHEN s.split_over > 0 THEN s.low_at + 1 ELSE 0 END >= w.quantity
            AND s.claimed = 0 AND (s.not_before IS NULL OR s.not_before <= w.now)
        ORDER BY s.warehouse_id, s.sku_id
        FOR NO KEY UPDATE OF s
    ), held AS (
        INSERT INTO reservations (order_id, state, expires_at, changed_at)
        SELECT p.order_id, 'held', max(p.expires_at), max(p.now) FROM plan p LEFT JOIN taken t USING (warehouse_id, sku_id)
        GROUP BY p.order_id HAVING count(t.sku_id) = count(*) ORDER BY p.order_id
        ON CONFLICT (order_id) DO NOTHING
        RETURNING order_id
    ), part AS (
        SELECT p.*, t.safety, t.low_at, t.available - sum(p.quantity)
            OVER (PARTITION BY p.warehouse_id, p.sku_id ORDER BY p.turn) AS left_over
        FROM plan p JOIN held USING (order_id) JOIN taken t USING (warehouse_id, sku_id)
    ), line AS (
        SELECT *, CASE WHEN left_over <= low_at AND left_over + quantity > low_at THEN jsonb_build_object(
               'warehouse_id', warehouse_id, 'sku_id', sku_id, 'available', left_over,
               'safety', safety, 'low_at', low_at) END AS low_stock
        FROM part
    ), moved AS (
        UPDATE stock s SET reserved = s.reserved + m.quantity
        FROM (SELECT warehouse_id, sku_id, sum(quantity) AS quantity FROM part GROUP BY warehouse_id, sku_id) m
        WHERE (s.warehouse_id, s.sku_id) = (m.warehouse_id, m.sku_id)
    ), lined AS (
        INSERT INTO reservation_lines (order_id, warehouse_id, sku_id, merchant_id, quantity, restocked, low_stock)
        SELECT order_id, warehouse_id, sku_id, merchant_id, quantity, 0, low_stock FROM line
    )
    SELECT order_id, sku_id, low_stock, left_over <= 0 AS ran_out FROM line
"""
_KINDS = ("text", "timestamptz", "timestamptz", "text", "text", "text", "bigint", "bigint")


@dataclass(frozen=True)
class Wish:
    """What one order asks for."""

    order_id: OrderId
    lines: Sequence[SkuQuantity]
    destination: Destination
    now: datetime
    expires_at: datetime | None
    by_sku: Mapping[SkuId, int] = field(init=False)

    def __post_init__(self) -> None:
        if not self.lines:
            raise InvalidRequest(f"Order {self.order_id} asks for no stock at all. Name at least one line.")
        object.__setattr__(self, "by_sku", total_by_sku(self.lines))


@dataclass
class Tried:
    """How one try ended for each order: held, sold out, or neither, which means try again."""

    held: dict[OrderId, Reservation] = field(default_factory=dict)
    sold_out: dict[OrderId, SoldOut] = field(default_factory=dict)
    seen: Mapping[SkuId, Sequence[Shelf]] = field(default_factory=dict)
    """What could be sold where when it was read, before any of them took it."""


@cache
def _shelves_statement(skus: int) -> str:
    among = f"IN ({', '.join(f'${n}' for n in range(2, skus + 2))})" if skus <= _WRITTEN_OUT else "= ANY($2::text[])"
    return _SHELVES.format(among=among)


@cache
def _hold_statement(rows: int) -> str:
    if rows > _WRITTEN_OUT:
        arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_KINDS, 1))
        return _HOLD.format(plan=f"SELECT * FROM unnest({arrays})")
    numbers = count(1)
    written_out = ("(" + ", ".join(f"${next(numbers)}::{kind}" for kind in _KINDS) + ")" for _ in range(rows))
    return _HOLD.format(plan=f"VALUES {', '.join(written_out)}")


async def hold_locked(connection: Connection, wishes: Sequence[Wish]) -> Tried:
    """As `hold`, inside a transaction, with the rows locked and everything gathered in them before warehouses are chosen: such a
    try cannot come to nothing because of other buyers. What is left is spread again."""
    levels = await lock_and_gather(connection, _skus(wishes))
    tried = await hold(connection, wishes)
    rows = await scatter(connection, levels)
    tried.seen = {
        sku: [replace(shelf, split_over=rows.get((shelf.warehouse_id, sku), 0)) for shelf in shelves]
        for sku, shelves in tried.seen.items()
    }
    return tried


async def hold(connection: Connection, wishes: Sequence[Wish]) -> Tried:
    """One try for all of them, in their order; each is held whole or not at all."""
    shelves_of = await shelves(connection, _skus(wishes), wishes[0].now)
    tried = Tried(seen=dict(shelves_of))
    plans = _choose(wishes, shelves_of, tried)
    if not plans:
        return tried
    rows = [
        (
            wish.order_id,
            wish.now,
            wish.expires_at,
            part.warehouse_id,
            part.sku_id,
            part.merchant_id,
            part.quantity,
            turn,
        )
        for turn, (wish, plan) in enumerate(plans)
        for part in plan
    ]
    values = chain.from_iterable(rows) if len(rows) <= _WRITTEN_OUT else map(list, zip(*rows, strict=True))
    crossings: dict[str, list[LowStock]] = defaultdict(list)
    ran_out: dict[str, set[SkuId]] = defaultdict(set)
    done = set()
    for order_id, sku_id, low_stock, is_out in await connection.fetch(_hold_statement(len(rows)), *values):
        done.add(order_id)
        if low_stock:
            crossings[order_id].append(LowStock.model_validate(low_stock))
        if is_out:
            ran_out[order_id].add(SkuId(sku_id))
    for wish, plan in plans:
        if wish.order_id in done:
            tried.held[wish.order_id] = _reservation(
                wish, plan, crossings.get(wish.order_id, ()), tuple(sorted(ran_out.get(wish.order_id, ())))
            )
    return tried


def _skus(wishes: Sequence[Wish]) -> list[SkuId]:
    return sorted({sku for wish in wishes for sku in wish.by_sku})


def _choose(
    wishes: Sequence[Wish], shelves_of: dict[SkuId, list[Shelf]], tried: Tried
) -> list[tuple[Wish, tuple[Allocation, ...]]]:
    """Warehouses for each wish, from what those before it leave."""
    plans = []
    for wish in wishes:
        shelves = [shelf for sku in wish.by_sku for shelf in shelves_of.get(sku, ())]
        try:
            plan = allocate(wish.lines, shelves, wish.destination)
        except SoldOut as refusal:
            tried.sold_out[wish.order_id] = refusal
            continue
        plans.append((wish, plan))
        if len(wishes) > 1:
            _take(plan, shelves_of)
    return plans


def _take(plan: Sequence[Allocation], shelves_of: dict[SkuId, list[Shelf]]) -> None:
    for part in plan:
        shelves_of[part.sku_id] = [
            replace(shelf, available=shelf.available - part.quantity)
            if shelf.warehouse_id == part.warehouse_id
            else shelf
            for shelf in shelves_of[part.sku_id]
        ]


async def shelves(connection: Connection, skus: Sequence[SkuId], now: datetime) -> dict[SkuId, list[Shelf]]:
    """What can be sold of each SKU from stock now, level by level."""
    arguments = skus if len(skus) <= _WRITTEN_OUT else [skus]
    found: dict[SkuId, list[Shelf]] = {sku: [] for sku in skus}
    as_asked = {sku: sku for sku in skus}
    for row in await connection.fetch(_shelves_statement(len(skus)), now, *arguments):
        sku = as_asked[row["sku_id"]]
        found[sku].append(_shelf(sku, row))
    return found


def _shelf(sku: SkuId, row: Record) -> Shelf:
    warehouse_id, merchant_id, _, available, *place, split_over, strategy, busy_at = row
    return Shelf(
        _warehouse_id(warehouse_id),
        _merchant_id(merchant_id),
        sku,
        available,
        _place(*place),
        split_over,
        busy_at,
        _NEAREST if strategy is None else AllocationStrategy(strategy),
    )


_NEAREST = AllocationStrategy.NEAREST
# There are few of these, each is on every row, and checking one costs as much as choosing a warehouse.
_warehouse_id = lru_cache(4096)(WarehouseId)
_merchant_id = lru_cache(4096)(MerchantId)


@lru_cache(4096)
def _place(*written: Any) -> Place:
    return Place(**dict(zip(Place.model_fields, written, strict=True)))


def _reservation(
    wish: Wish, plan: tuple[Allocation, ...], crossings: Sequence[LowStock], ran_out: tuple[SkuId, ...]
) -> Reservation:
    return Reservation.of_valid(
        {
            "order_id": wish.order_id,
            "state": ReservationState.HELD,
            "allocations": plan,
            "expires_at": wish.expires_at,
            "low_stock": tuple(sorted(crossings, key=lambda crossing: (crossing.warehouse_id, crossing.sku_id))),
            "ahead": (),
            "served": (),
            "turned": ran_out,
        }
    )
