"""Do orders agree with themselves? Looked at again from the rows, in one snapshot."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from asyncpg import Record

from hanse.database import WHOLE_BOOK
from models.orders.types import OrderBreak, OrderStanding, OrderStatus
from models.shared import Instant, Money
from models.shared.ids import AftersaleId, OrderId
from stores.orders.room import Room

GRACE = timedelta(hours=1)
"""How long after its time a step may be outstanding before that counts as a break; sagas retry, and people decide."""

_BREAKS = """
    WITH lines AS (
        SELECT order_id, sum(goods_minor) AS goods, sum(discount_minor) AS discount, sum(shipping_minor) AS shipping,
               sum(total_minor) AS total
        FROM order_lines GROUP BY order_id
    ), refunds AS (
        SELECT order_id, sum(amount_minor) AS refunded FROM order_refunds GROUP BY order_id
    ), parcels AS (
        SELECT order_id, count(*) AS opened, count(*) FILTER (WHERE status IN ('picking', 'outbound')) AS in_house
        FROM shipments GROUP BY order_id
    ), taken AS (
        SELECT order_id, l ->> 'sku_id' AS sku_id, (l ->> 'quantity')::integer AS units
        FROM order_claims, jsonb_array_elements(lines) l
        UNION ALL
        SELECT order_id, l ->> 'sku_id', (l ->> 'quantity')::integer
        FROM order_returns r, jsonb_array_elements(proposal -> 'lines') l
        WHERE NOT EXISTS (SELECT FROM order_claims c WHERE c.refund_id = r.refund_id)
    ), told AS (
        SELECT order_id, array_agg(step) AS steps FROM order_timeline GROUP BY order_id
    )
    SELECT order_id, 'total_unexplained' AS kind,
           format('total is %s, but its lines add up to %s', total_minor, lines.total) AS detail
    FROM orders LEFT JOIN lines USING (order_id)
    WHERE (goods_minor, discount_minor, shipping_minor, total_minor)
        IS DISTINCT FROM (lines.goods, lines.discount, lines.shipping, lines.total)
    UNION ALL
    SELECT order_id, 'refunded_unexplained',
           format('refunded is %s, but its refunds add up to %s', refunded_minor, coalesce(refunded, 0))
    FROM orders LEFT JOIN refunds USING (order_id) WHERE refunded_minor <> coalesce(refunded, 0)
    UNION ALL
    SELECT order_id, 'claimed_above_bought',
           format('%s × %s are claimed or paid back, %s were bought', sum(units), sku_id, quantity)
    FROM taken JOIN order_lines USING (order_id, sku_id) GROUP BY order_id, sku_id, quantity HAVING sum(units) > quantity
    UNION ALL
    SELECT order_id, 'payment_overdue', format('still waits for a payment that was due at %s', payment_due_at)
    FROM orders WHERE status = 'pending_payment' AND payment_status = 'unpaid' AND payment_due_at < $1
    UNION ALL
    SELECT order_id, 'not_handed_over', format('paid at %s, and no parcel was opened', paid_at)
    FROM orders LEFT JOIN parcels USING (order_id) WHERE status = 'paid' AND paid_at < $1 AND opened IS NULL
    UNION ALL
    SELECT order_id, 'parcels_without_payment', format('%s, but %s parcels were opened', status, opened)
    FROM orders JOIN parcels USING (order_id) WHERE status = 'pending_payment' OR payment_status = 'unpaid'
    UNION ALL
    SELECT order_id, 'cancelled_but_packed', format('cancelled, but %s parcels are still being packed', in_house)
    FROM orders JOIN parcels USING (order_id) WHERE status = 'cancelled' AND in_house > 0 AND cancelled_at < $1
    UNION ALL
    SELECT order_id, 'completed_on_the_way', format('completed, but its parcels are %s', fulfillment_status)
    FROM orders WHERE status = 'completed' AND fulfillment_status NOT IN ('delivered', 'stopped')
    UNION ALL
    SELECT order_id, 'step_untold', format('%s, but its timeline does not say so', status)
    FROM orders LEFT JOIN told USING (order_id)
    WHERE NOT coalesce(steps @> ARRAY['opened'] AND (status = 'pending_payment' OR steps @> ARRAY[status]), false)
    UNION ALL
    SELECT order_id, 'step_told_twice', format('its timeline says %s times that it is %s', count(*), step)
    FROM order_timeline WHERE step IN ('opened', 'paid', 'completed', 'cancelled') GROUP BY order_id, step HAVING count(*) > 1
    ORDER BY kind, order_id LIMIT 1000
"""

_STANDINGS = "SELECT order_id, status, currency, total_minor, refunded_minor FROM orders"


class Auditing(Room):
    """Proves what the other parts promise."""

    async def claims_open(self) -> dict[AftersaleId, OrderId]:
        """The after-sales that speak of units and have not paid for them."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT aftersale_id, order_id FROM order_claims WHERE refund_id IS NULL")
        return {AftersaleId(row["aftersale_id"]): OrderId(row["order_id"]) for row in rows}

    async def audit(self, now: Instant) -> list[OrderBreak]:
        """Every break of an invariant: sums, refunds, status against times, parcels and timeline; at most 1000. Empty when all is well."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(_BREAKS, now - GRACE, timeout=WHOLE_BOOK)
        return [OrderBreak(order_id=OrderId(row["order_id"]), kind=row["kind"], detail=row["detail"]) for row in rows]

    async def standings(self) -> AsyncIterator[OrderStanding]:
        """Every order's state and sums, in one snapshot and bounded memory, for whoever compares them with another domain."""
        async with self._db.transaction() as tx:
            async for row in tx.cursor(f"{_STANDINGS} ORDER BY order_id", prefetch=1000):
                yield _standing(row)

    async def unfinished(self) -> AsyncIterator[OrderStanding]:
        """The same of those that have not ended, which are few beside those that have."""
        narrowed = f"{_STANDINGS} WHERE status IN ('pending_payment', 'paid') ORDER BY order_id"
        async with self._db.transaction() as tx:
            async for row in tx.cursor(narrowed, prefetch=1000):
                yield _standing(row)

    async def standings_of(self, order_ids: Sequence[OrderId]) -> list[OrderStanding]:
        """The same of these; without those that do not exist."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(f"{_STANDINGS} WHERE order_id = ANY($1)", order_ids, timeout=WHOLE_BOOK)
        return [_standing(row) for row in rows]


def _standing(row: Record) -> OrderStanding:
    return OrderStanding(
        order_id=OrderId(row["order_id"]),
        status=OrderStatus(row["status"]),
        total=Money(minor=row["total_minor"], currency=row["currency"]),
        refunded=Money(minor=row["refunded_minor"], currency=row["currency"]),
    )
