"""Orders that want more than is there, where a level sells ahead of stock: all of it in one transaction, or nothing."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from hanse.database import Connection
from models.inventory.ahead import (
    AheadSetting,
    ClaimsReleased,
    Outlook,
    beyond_stock,
    outlook_room,
    ships_by,
)
from models.inventory.errors import ReservationCommitted, ReservationReleased
from models.inventory.rules import allocate
from models.inventory.types import Allocation, Claim, ClaimState, LowStock, Place, Reservation, ReservationState
from models.shared.ids import ClaimId, MerchantId, OrderId, SkuId, WarehouseId
from models.shared.refusals import NotFound
from stores.inventory.buckets import Level, lock_and_gather, scatter
from stores.inventory.claims import COLUMNS, claim_of, claims_of, let_go, make_claims, serve, take
from stores.inventory.holding import Wish, shelves
from stores.inventory.room import Room

SOLD_AHEAD = """CASE a.policy WHEN 'preorder' THEN (
        SELECT coalesce(sum(c.quantity), 0)::bigint FROM claims c
        WHERE (c.sku_id, c.warehouse_id) = (s.sku_id, s.warehouse_id) AND c.state <> 'released' AND c.not_before = a.release_at)
    ELSE s.claimed END"""
"""What counts against the limit of level `s` under its setting `a`: all that a pre-order sold, or what waits right now."""

_OUTLOOKS = f"""
    SELECT s.warehouse_id, s.merchant_id, s.sku_id, a.policy, a.ahead_limit AS "limit", a.within_days, a.release_at,
           {SOLD_AHEAD} AS sold_ahead, w.country, w.region, w.city, w.postal_code, w.latitude, w.longitude
    FROM ahead_sales a JOIN stock s USING (sku_id, warehouse_id) JOIN warehouses w USING (warehouse_id)
    WHERE a.sku_id = ANY($1::text[]) AND a.policy <> 'never' AND w.active
"""
_HOLD = """
    WITH part AS (
        SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[])
            AS p (warehouse_id, sku_id, merchant_id, quantity)
    ), moved AS (
        UPDATE stock s SET reserved = s.reserved + p.quantity
        FROM part p WHERE (s.sku_id, s.warehouse_id) = (p.sku_id, p.warehouse_id)
        RETURNING s.warehouse_id, s.sku_id, s.safety, s.low_at, s.on_hand - s.reserved - s.safety AS left_over, p.quantity
    )
    INSERT INTO reservation_lines (order_id, warehouse_id, sku_id, merchant_id, quantity, restocked, low_stock)
    SELECT $1, p.warehouse_id, p.sku_id, p.merchant_id, p.quantity, 0,
           CASE WHEN m.left_over <= m.low_at AND m.left_over + m.quantity > m.low_at THEN jsonb_build_object(
               'warehouse_id', m.warehouse_id, 'sku_id', m.sku_id, 'available', greatest(m.left_over, 0),
               'safety', m.safety, 'low_at', m.low_at) END
    FROM part p JOIN moved m USING (warehouse_id, sku_id)
    RETURNING low_stock
"""
_LOCK_LEVELS = """
    SELECT s.warehouse_id, s.sku_id FROM stock s WHERE (s.sku_id, s.warehouse_id) IN (
        SELECT sku_id, warehouse_id FROM reservation_lines WHERE order_id = $1
        UNION SELECT sku_id, warehouse_id FROM claims WHERE order_id = $1)
    ORDER BY s.warehouse_id, s.sku_id FOR NO KEY UPDATE OF s
"""
_RELEASE_LINES = """
    UPDATE stock s SET reserved = s.reserved - l.quantity FROM reservation_lines l
    WHERE l.order_id = $1 AND (s.sku_id, s.warehouse_id) = (l.sku_id, l.warehouse_id)
"""
_COMMIT_LINES = """
    WITH moved AS (
        UPDATE stock s SET reserved = s.reserved - l.quantity, on_hand = s.on_hand - l.quantity FROM reservation_lines l
        WHERE l.order_id = $1 AND (s.sku_id, s.warehouse_id) = (l.sku_id, l.warehouse_id)
        RETURNING s.warehouse_id, s.sku_id, s.on_hand, l.quantity
    )
    INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at)
    SELECT warehouse_id, sku_id, -quantity, on_hand, 'commit', $1, 'order', '', $2 FROM moved ORDER BY warehouse_id, sku_id
"""


class AheadReserving(Room):
    """The side orders use. Each locks stock rows by (warehouse, SKU), then reservations; claims hang on their level's lock."""

    async def _reserve_ahead(self, wish: Wish) -> Reservation | None:
        """Hold what is there and claim the rest, in one transaction; never more claimed than the level's limit, whoever asks
        at once. None if no level of these SKUs sells ahead, or if the order has a reservation already. Refuses `SoldOut`."""
        skus = sorted(wish.by_sku)
        async with self._db.reader() as connection:
            if not await connection.fetch(_OUTLOOKS, skus):
                return None
        async with self._db.transaction() as connection:
            levels = await lock_and_gather(connection, skus)
            await serve(connection, levels, wish.now)
            there = [shelf for found in (await shelves(connection, skus, wish.now)).values() for shelf in found]
            outlooks = [_outlook(row, wish.now) for row in await connection.fetch(_OUTLOOKS, skus)]
            lines, claimed = beyond_stock(wish.lines, there, outlooks, wish.destination)
            parts = allocate(lines, there, wish.destination) if lines else ()
            claims = [_claim(wish, outlook, units) for outlook, units in claimed]
            opened = await connection.execute(
                "INSERT INTO reservations (order_id, state, expires_at, changed_at, ahead) VALUES ($1, 'held', $2, $3, $4) "
                "ON CONFLICT (order_id) DO NOTHING",
                wish.order_id,
                wish.expires_at,
                wish.now,
                bool(claims),
            )
            if opened != "INSERT 0 1":
                return None
            low_stock = await _hold_parts(connection, wish.order_id, parts)
            if claims:
                await make_claims(connection, claims, wish.now)
                await serve(connection, levels, wish.now)  # before a release goods may lie there for pre-orders
            await scatter(connection, levels)
            return Reservation(
                order_id=wish.order_id,
                state=ReservationState.HELD,
                allocations=parts,
                expires_at=wish.expires_at,
                low_stock=low_stock,
                ahead=await claims_of(connection, wish.order_id),
                turned=tuple(skus),
            )

    async def _release_ahead(self, found: Reservation, now: datetime) -> Reservation:
        """Give back what the order holds and its claims, in one transaction; what that frees goes to the queues. Refuses
        `ReservationCommitted`."""
        order_id = found.order_id
        async with self._db.transaction() as connection:
            levels = await _locked(connection, order_id)
            state = await connection.fetchval("SELECT state FROM reservations WHERE order_id = $1 FOR UPDATE", order_id)
            if state == ReservationState.COMMITTED:
                raise ReservationCommitted.of(order_id)
            served: tuple[Claim, ...] = ()
            if state == ReservationState.HELD:
                await connection.execute(_RELEASE_LINES, order_id)
                await let_go(connection, [claim.claim_id for claim in await claims_of(connection, order_id)], now)
                await _settle(connection, order_id, ReservationState.RELEASED, now)
                served = await serve(connection, levels, now)
            ahead = await claims_of(connection, order_id)
        turned = tuple(sorted({sku_id for _, sku_id in levels}))
        return found.model_copy(
            update={"state": ReservationState.RELEASED, "ahead": ahead, "served": served, "turned": turned}
        )

    async def _commit_ahead(self, found: Reservation, now: datetime) -> Reservation:
        """What the order holds leaves the books; its claims wait on, each for its goods. Refuses `ReservationReleased`."""
        order_id = found.order_id
        async with self._db.transaction() as connection:
            await _locked(connection, order_id)
            state = await connection.fetchval("SELECT state FROM reservations WHERE order_id = $1 FOR UPDATE", order_id)
            if state == ReservationState.RELEASED:
                raise ReservationReleased.of(order_id)
            if state == ReservationState.HELD:
                await connection.execute(_COMMIT_LINES, order_id, now)
                await _settle(connection, order_id, ReservationState.COMMITTED, now)
        return found.model_copy(update={"state": ReservationState.COMMITTED})

    async def take_claim(self, claim_id: ClaimId, now: datetime) -> Claim:
        """Take the goods of a claim off the books for its parcel, if they are there and may leave; else it is answered as it
        is, `open` or `filled`. Idempotent; one transaction, which also serves the level's queue. Refuses `NotFound`, and
        `ReservationReleased` for a claim that was given up.
        """
        async with self._db.transaction() as connection:
            claim = await _read_claim(connection, claim_id)
            level = [(claim.warehouse_id, claim.sku_id)]
            await _lock_level(connection, *level[0])
            await serve(connection, level, now)
            claim = await _read_claim(connection, claim_id)
            if claim.state is ClaimState.RELEASED:
                raise ReservationReleased.of(claim.order_id)
            if claim.state is ClaimState.FILLED and (claim.not_before is None or claim.not_before <= now):
                claim = await take(connection, claim_id, now) or claim
                await scatter(connection, level)
            return claim

    async def release_claims(self, order_id: OrderId, now: datetime, claim_id: ClaimId | None = None) -> ClaimsReleased:
        """Give up the claims of an order (or the one named) whose goods have not left the books; what that frees goes to the
        queues. Idempotent: answers every claim of the order that is given up by now. One transaction."""
        async with self._db.transaction() as connection:
            levels = await _locked(connection, order_id)
            wanted = [c for c in await claims_of(connection, order_id) if claim_id in (None, c.claim_id)]
            await let_go(connection, [claim.claim_id for claim in wanted], now)
            served = await serve(connection, levels, now) if levels else ()
            after = await claims_of(connection, order_id)
        return ClaimsReleased(
            released=tuple(claim for claim in after if claim.state is ClaimState.RELEASED), served=served
        )

    async def _serve_freed(self, levels: Sequence[Level], now: datetime) -> tuple[Claim, ...]:
        """Units were given back at levels with a queue: serve it."""
        async with self._db.transaction() as connection:
            for level in sorted(levels):
                await _lock_level(connection, *level)
            return await serve(connection, levels, now)


def _outlook(row: Record, now: datetime) -> Outlook:
    setting = AheadSetting(**{name: row[name] for name in AheadSetting.model_fields})
    return Outlook(
        warehouse_id=WarehouseId(row["warehouse_id"]),
        merchant_id=MerchantId(row["merchant_id"]),
        sku_id=SkuId(row["sku_id"]),
        room=outlook_room(setting, row["sold_ahead"], now),
        policy=setting.policy,
        ships_by=ships_by(setting, now),
        not_before=setting.release_at,
        place=Place(**{name: row[name] for name in Place.model_fields}),
    )


def _claim(wish: Wish, outlook: Outlook, units: int) -> Claim:
    return Claim(
        claim_id=ClaimId.derive(wish.now, wish.order_id, outlook.warehouse_id, outlook.sku_id),
        order_id=wish.order_id,
        warehouse_id=outlook.warehouse_id,
        merchant_id=outlook.merchant_id,
        sku_id=outlook.sku_id,
        quantity=units,
        policy=outlook.policy,
        ships_by=outlook.ships_by,
        not_before=outlook.not_before,
        claimed_at=wish.now,
        changed_at=wish.now,
    )


async def _hold_parts(connection: Connection, order_id: OrderId, parts: Sequence[Allocation]) -> tuple[LowStock, ...]:
    if not parts:
        return ()
    rows = await connection.fetch(
        _HOLD,
        order_id,
        [part.warehouse_id for part in parts],
        [part.sku_id for part in parts],
        [part.merchant_id for part in parts],
        [part.quantity for part in parts],
    )
    crossed = [LowStock.model_validate(row["low_stock"]) for row in rows if row["low_stock"]]
    return tuple(sorted(crossed, key=lambda low: (low.warehouse_id, low.sku_id)))


async def _locked(connection: Connection, order_id: OrderId) -> list[Level]:
    rows = await connection.fetch(_LOCK_LEVELS, order_id)
    return [(WarehouseId(row["warehouse_id"]), SkuId(row["sku_id"])) for row in rows]


async def _lock_level(connection: Connection, warehouse_id: WarehouseId, sku_id: SkuId) -> None:
    await connection.execute(
        "SELECT 1 FROM stock WHERE sku_id = $2 AND warehouse_id = $1 FOR NO KEY UPDATE", warehouse_id, sku_id
    )


async def _settle(connection: Connection, order_id: OrderId, state: ReservationState, now: datetime) -> None:
    await connection.execute(
        "UPDATE reservations SET state = $2, changed_at = $3 WHERE order_id = $1", order_id, state, now
    )


async def _read_claim(connection: Connection, claim_id: ClaimId) -> Claim:
    row = await connection.fetchrow(f"SELECT {COLUMNS} FROM claims c WHERE c.claim_id = $1", claim_id)
    if row is None:
        raise NotFound(f"There is no claim {claim_id}.", claim_id=claim_id)
    return claim_of(row)
