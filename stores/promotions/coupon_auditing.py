"""Do coupons add up? Every promise is looked at again from the rows themselves, in one snapshot."""

from hanse.database import WHOLE_BOOK, Database
from models.promotions.types import PromotionBreak

BREAKS = """
    WITH made AS (
        SELECT template_id, count(*) AS coupons FROM coupons GROUP BY template_id
    ), made_for AS (
        SELECT template_id, user_id, count(*) AS coupons FROM coupons GROUP BY template_id, user_id
    ), most AS (
        -- the widest limit per buyer that ever was
        SELECT template_id, max((terms ->> 'per_user_limit')::bigint) AS per_user FROM coupon_template_versions
        GROUP BY template_id
    ), held AS (
        SELECT order_id, state, unnest(coupons) AS coupon_id, coupons, returned_coupons FROM held_benefits
    ), spent AS (
        SELECT order_id, h.state, h.points, coalesce(s.points, 0) AS taken, coalesce(s.returned, 0) AS returned
        FROM held_benefits h FULL JOIN points_spends s USING (order_id)
    )
    SELECT 'claimed_unexplained' AS check, t.template_id AS subject,
           format('says that %s were claimed, there are %s coupons', t.claimed, coalesce(m.coupons, 0)) AS detail
    FROM coupon_templates t LEFT JOIN made m USING (template_id) WHERE t.claimed <> coalesce(m.coupons, 0)
    UNION ALL
    SELECT 'quantity_exceeded', t.template_id, format('%s coupons, at most %s', m.coupons, t.quantity)
    FROM coupon_templates t JOIN made m USING (template_id) WHERE m.coupons > t.quantity
    UNION ALL
    SELECT 'claimant_unexplained', coalesce(n.template_id, m.template_id),
           format('%s is said to have claimed %s, and has %s', coalesce(n.user_id, m.user_id), n.claimed, m.coupons)
    FROM coupon_claimants n FULL JOIN made_for m USING (template_id, user_id)
    WHERE coalesce(n.claimed, 0) <> coalesce(m.coupons, 0)
    UNION ALL
    SELECT 'per_user_limit_exceeded', m.template_id, format('%s has %s coupons, at most %s', m.user_id, m.coupons, x.per_user)
    FROM made_for m JOIN most x USING (template_id) WHERE m.coupons > x.per_user
    UNION ALL
    SELECT 'code_without_its_coupon', k.batch_id, format('a code is used for %s, which is not its coupon', k.coupon_id)
    FROM coupon_codes k JOIN coupon_batches b USING (batch_id) LEFT JOIN coupons c USING (coupon_id)
    WHERE k.coupon_id IS NOT NULL AND (c.code IS NULL OR c.template_id <> b.template_id)
    UNION ALL
    SELECT 'coupon_without_its_code', c.coupon_id, 'was claimed with a code that is not used'
    FROM coupons c LEFT JOIN coupon_codes k USING (coupon_id) WHERE c.code IS NOT NULL AND k.digest IS NULL
    UNION ALL
    SELECT 'lock_without_order', c.coupon_id, format('is %s by %s, which does not hold it', c.state, c.order_id)
    FROM coupons c LEFT JOIN held h ON h.order_id = c.order_id AND h.coupon_id = c.coupon_id
    WHERE c.order_id IS NOT NULL
      AND CASE c.state WHEN 'locked' THEN 'held' ELSE 'redeemed' END IS DISTINCT FROM
          CASE WHEN h.state = 'returned' AND NOT h.coupon_id = ANY(h.returned_coupons) THEN 'redeemed' ELSE h.state END
    UNION ALL
    SELECT 'order_without_lock', h.order_id, format('holds %s, which is %s by %s', h.coupon_id, c.state, c.order_id)
    FROM held h LEFT JOIN coupons c USING (coupon_id)
    WHERE NOT h.coupon_id = ANY(h.returned_coupons) AND c.order_id IS DISTINCT FROM h.order_id
    UNION ALL
    SELECT 'points_differ', order_id, format('is %s with %s points, yet %s were spent and %s came back', state, points, taken, returned)
    FROM spent WHERE coalesce(points, 0) <> taken OR (state = 'returned' AND returned <> taken)
    ORDER BY 1, 2, 3 LIMIT 1000
"""


class CouponAuditing:
    """The audit of coupons, and of what orders hold."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def breaks(self) -> list[PromotionBreak]:
        """Every break (at most 1000), none if all is well; safe beside running traffic, since it sees one snapshot.

        Each template and each buyer count as many claims as there are coupons, and no more than their limits; each used code
        is one coupon; each locked or redeemed coupon has its order and each order its coupons; an order's points are what
        was spent for it.
        """
        async with self._db.reader() as connection:
            rows = await connection.fetch(BREAKS, timeout=WHOLE_BOOK)
        return [PromotionBreak(**dict(row)) for row in rows]
