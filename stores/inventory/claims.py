"""Claims on goods to come: the queue of a level. Everything here happens under the lock of the level's row.

The queue is served strictly in its turn and each claim whole: a small one behind a large one waits with it, since nobody
overtakes; what came and is not enough for the first lies there for it, and is sold to nobody else (`holding.py`).
"""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from hanse.database import Connection
from models.inventory.types import Claim
from models.shared.ids import ClaimId, OrderId
from stores.inventory.buckets import Level

COLUMNS = """c.claim_id, c.number, c.order_id, c.warehouse_id, c.merchant_id, c.sku_id, c.quantity, c.policy, c.ships_by, c.not_before,
    c.state, c.claimed_at, c.changed_at"""

_SERVE = f"""
    WITH queue AS (
        SELECT c.claim_id, s.on_hand - s.reserved - s.safety AS available,
               sum(c.quantity) OVER (PARTITION BY c.sku_id, c.warehouse_id ORDER BY c.number) AS running
        FROM unnest($1::text[], $2::text[]) AS n (warehouse_id, sku_id)
            JOIN stock s USING (sku_id, warehouse_id) JOIN claims c USING (sku_id, warehouse_id)
        WHERE s.claimed > 0 AND c.state = 'open'
    ), filled AS (
        UPDATE claims c SET state = 'filled', changed_at = $3 FROM queue q
        WHERE c.claim_id = q.claim_id AND q.running <= q.available
        RETURNING {COLUMNS}
    ), held AS (
        INSERT INTO reservations (order_id, state, expires_at, changed_at)
        SELECT claim_id, 'held', NULL, $3 FROM filled ORDER BY claim_id
    ), lined AS (
        INSERT INTO reservation_lines (order_id, warehouse_id, sku_id, merchant_id, quantity, restocked, low_stock)
        SELECT claim_id, warehouse_id, sku_id, merchant_id, quantity, 0, NULL FROM filled
    ), moved AS (
        UPDATE stock s SET reserved = s.reserved + f.units, claimed = s.claimed - f.units
        FROM (SELECT warehouse_id, sku_id, sum(quantity) AS units FROM filled GROUP BY warehouse_id, sku_id) f
        WHERE (s.sku_id, s.warehouse_id) = (f.sku_id, f.warehouse_id)
    )
    SELECT * FROM filled ORDER BY number
"""
_MAKE = f"""
    WITH made AS (
        INSERT INTO claims AS c (claim_id, order_id, warehouse_id, sku_id, merchant_id, quantity, policy, ships_by, not_before,
            state, claimed_at, changed_at)
        SELECT claim_id, $2, warehouse_id, sku_id, merchant_id, quantity, policy, ships_by, not_before, 'open', $1, $1
        FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::timestamptz[],
            $10::timestamptz[]) AS m (claim_id, warehouse_id, sku_id, merchant_id, quantity, policy, ships_by, not_before)
        RETURNING {COLUMNS}
    ), moved AS (
        UPDATE stock s SET claimed = s.claimed + m.units
        FROM (SELECT warehouse_id, sku_id, sum(quantity) AS units FROM made GROUP BY warehouse_id, sku_id) m
        WHERE (s.sku_id, s.warehouse_id) = (m.sku_id, m.warehouse_id)
    )
    SELECT * FROM made
"""
_LET_GO = f"""
    WITH gone AS (
        UPDATE claims c SET state = 'released', changed_at = $2
        FROM claims b WHERE b.claim_id = c.claim_id AND c.claim_id = ANY($1::text[]) AND c.state IN ('open', 'filled')
        RETURNING {COLUMNS}, b.state = 'filled' AS was_filled
    ), freed AS (
        UPDATE reservations r SET state = 'released', changed_at = $2
        FROM gone g WHERE g.was_filled AND r.order_id = g.claim_id
    ), moved AS (
        UPDATE stock s SET reserved = s.reserved - g.held, claimed = s.claimed - g.waiting
        FROM (SELECT warehouse_id, sku_id, coalesce(sum(quantity) FILTER (WHERE was_filled), 0) AS held,
                     coalesce(sum(quantity) FILTER (WHERE NOT was_filled), 0) AS waiting
              FROM gone GROUP BY warehouse_id, sku_id) g
        WHERE (s.sku_id, s.warehouse_id) = (g.sku_id, g.warehouse_id)
    )
    SELECT * FROM gone
"""
_TAKE = f"""
    WITH taken AS (
        UPDATE claims c SET state = 'committed', changed_at = $2 WHERE c.claim_id = $1 AND c.state = 'filled'
            AND EXISTS (SELECT FROM reservations o WHERE o.order_id = c.order_id AND o.state = 'committed')
        RETURNING {COLUMNS}
    ), sold AS (
        UPDATE reservations SET state = 'committed', changed_at = $2 WHERE order_id = $1 AND EXISTS (SELECT FROM taken)
    ), moved AS (
        UPDATE stock s SET on_hand = s.on_hand - t.quantity, reserved = s.reserved - t.quantity
        FROM taken t WHERE (s.sku_id, s.warehouse_id) = (t.sku_id, t.warehouse_id)
        RETURNING s.warehouse_id, s.sku_id, s.on_hand, t.quantity
    ), journaled AS (
        INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at)
        SELECT warehouse_id, sku_id, -quantity, on_hand, 'commit', $1, 'order', '', $2 FROM moved
    )
    SELECT * FROM taken
"""


async def serve(connection: Connection, levels: Sequence[Level], now: datetime) -> tuple[Claim, ...]:
    """What can be sold at these levels goes to their queues: the claims that are filled by it, first come first served. The
    caller holds the locks of the rows and calls this before anything is spread."""
    rows = await connection.fetch(_SERVE, [level[0] for level in levels], [level[1] for level in levels], now)
    return tuple(claim_of(row) for row in rows)


async def make_claims(connection: Connection, claims: Sequence[Claim], now: datetime) -> None:
    """Put the claims of one order at the end of their queues."""
    await connection.fetch(
        _MAKE,
        now,
        claims[0].order_id,
        [claim.claim_id for claim in claims],
        [claim.warehouse_id for claim in claims],
        [claim.sku_id for claim in claims],
        [claim.merchant_id for claim in claims],
        [claim.quantity for claim in claims],
        [claim.policy for claim in claims],
        [claim.ships_by for claim in claims],
        [claim.not_before for claim in claims],
    )


async def let_go(connection: Connection, claims: Sequence[ClaimId], now: datetime) -> tuple[Claim, ...]:
    """Give up those of the claims that are open or filled: the place in the queue, or the goods that came for it."""
    return tuple(claim_of(row) for row in await connection.fetch(_LET_GO, claims, now))


async def take(connection: Connection, claim_id: ClaimId, now: datetime) -> Claim | None:
    """The goods of a filled claim of a paid order leave the books; None if it is not so."""
    row = await connection.fetchrow(_TAKE, claim_id, now)
    return None if row is None else claim_of(row)


async def claims_of(connection: Connection, order_id: OrderId) -> tuple[Claim, ...]:
    """Every claim of the order, in whatever state, by level."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM claims c WHERE c.order_id = $1 ORDER BY c.warehouse_id, c.sku_id", order_id
    )
    return tuple(claim_of(row) for row in rows)


def claim_of(row: Record) -> Claim:
    """A row of `COLUMNS` as a value."""
    return Claim(**{name: row[name] for name in Claim.model_fields})
