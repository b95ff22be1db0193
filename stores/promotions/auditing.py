"""Do promotions add up? Every promise is looked at again from the rows themselves, in one snapshot."""

from hanse.database import WHOLE_BOOK, Database
from models.promotions.types import PromotionBreak

_BREAKS = """
    WITH counting AS (
        SELECT u.promotion_id, count(*) AS orders, coalesce(sum(u.saved_minor) FILTER (WHERE u.currency = p.currency), 0) AS saved
        FROM promotion_uses u JOIN promotions p USING (promotion_id) WHERE u.state <> 'returned' GROUP BY u.promotion_id
    ), used AS (
        SELECT p.*, coalesce(c.orders, 0) AS orders, coalesce(c.saved, 0) AS saved
        FROM promotions p LEFT JOIN counting c USING (promotion_id)
    ), most AS (
        -- the widest limit per buyer that ever was; none if a version had none
        SELECT promotion_id, CASE WHEN bool_and(terms -> 'per_user_limit' <> 'null') THEN
               max((terms ->> 'per_user_limit')::bigint) END AS per_user
        FROM promotion_versions GROUP BY promotion_id
    ), buyers AS (
        SELECT promotion_id, user_id, count(*) AS orders FROM promotion_uses WHERE state <> 'returned'
        GROUP BY promotion_id, user_id
    ), counted AS (
        -- what each count was decided on: this buyer's counts up to it, in the window of its version of the limit
        SELECT c.number, c.limit_id, c.user_id, (v.terms ->> 'quantity')::bigint AS most, (
            SELECT sum(e.quantity) FROM purchase_counts e
            WHERE e.user_id = c.user_id AND e.limit_id = c.limit_id AND e.returned_at IS NULL AND e.number <= c.number
              AND e.counted_at >= greatest(
                  (v.terms ->> 'starts_at')::timestamptz, c.counted_at - make_interval(days => (v.terms ->> 'window_days')::int))
              AND (NOT (v.terms ->> 'each_sku')::boolean OR e.sku_id = c.sku_id)
        ) AS bought
        FROM purchase_counts c JOIN purchase_limit_versions v USING (limit_id, version) WHERE c.returned_at IS NULL
    )
    SELECT 'used_unexplained' AS check, promotion_id AS subject,
           format('says %s orders and %s, but what orders hold adds up to %s and %s', used_orders, used_minor, orders, saved) AS detail
    FROM used WHERE (used_orders, used_minor) IS DISTINCT FROM (orders, saved)
    UNION ALL
    SELECT 'budget_exceeded', promotion_id, format('orders hold %s of a budget of %s', saved, budget_minor)
    FROM used WHERE saved > budget_minor
    UNION ALL
    SELECT 'total_limit_exceeded', promotion_id, format('%s orders, the limit is %s', orders, total_limit)
    FROM used WHERE orders > total_limit
    UNION ALL
    SELECT 'per_user_limit_exceeded', promotion_id, format('%s used it in %s orders, at most %s', user_id, orders, per_user)
    FROM buyers JOIN most USING (promotion_id) WHERE orders > per_user
    UNION ALL
    SELECT 'use_differs_from_order', u.order_id, format('%s is %s, the order %s', u.promotion_id, u.state, o.state)
    FROM promotion_uses u JOIN orders_with_uses o USING (order_id) WHERE u.state <> o.state
    UNION ALL
    SELECT 'purchase_limit_exceeded', limit_id, format('%s bought %s, at most %s', user_id, bought, most)
    FROM counted WHERE bought > most
    UNION ALL
    SELECT 'count_differs_from_order', c.order_id, format('counts against %s, the order is %s', c.limit_id, o.state)
    FROM purchase_counts c JOIN counted_orders o USING (order_id) WHERE (c.returned_at IS NULL) <> (o.state = 'counted')
    UNION ALL
    SELECT 'version_missing', promotion_id, format('version %s is not in its history', version)
    FROM promotions p WHERE NOT EXISTS (
        SELECT FROM promotion_versions v WHERE v.promotion_id = p.promotion_id AND v.version = p.version AND v.terms = p.terms)
    ORDER BY 1, 2, 3 LIMIT 1000
"""


class Auditing:
    """The audit of rules and purchase limits."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def breaks(self) -> list[PromotionBreak]:
        """Every break (at most 1000), none if all is well; safe beside running traffic, since it sees one snapshot.

        What a rule says was used is the sum of what orders hold, and no more than its budget and limits; nobody bought more
        than a purchase limit allowed when it was counted; rows agree with their order; every newest version is in its history.
        """
        async with self._db.reader() as connection:
            rows = await connection.fetch(_BREAKS, timeout=WHOLE_BOOK)
        return [PromotionBreak(**dict(row)) for row in rows]
