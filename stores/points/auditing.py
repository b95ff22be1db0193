"""Do points add up? Every promise is looked at again from the rows themselves, in one snapshot."""

from hanse.database import WHOLE_BOOK
from models.points.types import PointsBreak, PointsBreakKind
from models.shared.ids import OrderId, UserId
from stores.points.room import Room

_SHOWN = 1000

_BREAKS = """
    WITH ledger AS (
        SELECT user_id, sum(delta) AS explained FROM points_entries GROUP BY user_id
    ), lots AS (
        SELECT user_id, sum(remaining) AS remaining FROM points_lots GROUP BY user_id
    ), accounts AS (
        SELECT user_id, coalesce(balance, 0) AS balance, coalesce(explained, 0) AS explained,
               coalesce(remaining, 0) AS remaining
        FROM points_accounts FULL JOIN ledger USING (user_id) FULL JOIN lots USING (user_id)
    ), running AS (
        SELECT user_id, entry_id, balance, sum(delta) OVER (PARTITION BY user_id ORDER BY number) AS explained
        FROM points_entries
    ), by_order AS (
        SELECT order_id, min(user_id) AS user_id,
               -coalesce(sum(delta) FILTER (WHERE kind = 'spent'), 0) AS spent,
               coalesce(sum(delta) FILTER (WHERE kind = 'returned'), 0) AS returned,
               coalesce(sum(delta) FILTER (WHERE kind = 'earned'), 0) AS earned,
               -coalesce(sum(delta) FILTER (WHERE kind = 'clawed_back'), 0) AS clawed
        FROM points_entries WHERE order_id IS NOT NULL GROUP BY order_id
    ), from_lots AS (
        SELECT order_id, sum(points) AS points, sum(returned) AS returned FROM points_spend_lots GROUP BY order_id
    ), by_refund AS (
        SELECT order_id, sum(taken) AS taken FROM points_refunds GROUP BY order_id
    )
    SELECT 'balance_unexplained' AS kind, user_id, NULL AS order_id,
           format('the balance is %s, the ledger adds up to %s, lots hold %s', balance, explained, remaining) AS detail
    FROM accounts WHERE balance <> explained OR balance <> remaining OR balance < 0
    UNION ALL
    SELECT 'entry_out_of_step', user_id, NULL,
           format('line %s says the balance was %s, but the lines up to it add up to %s', entry_id, balance, explained)
    FROM running WHERE balance <> explained
    UNION ALL
    SELECT 'lot_out_of_bounds', user_id, NULL, format('lot %s holds %s of %s points', lot_id, remaining, earned)
    FROM points_lots WHERE NOT remaining BETWEEN 0 AND earned
    UNION ALL
    SELECT 'spend_unexplained', coalesce(s.user_id, o.user_id), order_id,
           format('the order spent %s and got back %s; the ledger says %s and %s, its lots say %s and %s',
                  coalesce(s.points, 0), coalesce(s.returned, 0), coalesce(o.spent, 0), coalesce(o.returned, 0),
                  coalesce(l.points, 0), coalesce(l.returned, 0))
    FROM points_spends s FULL JOIN by_order o USING (order_id) FULL JOIN from_lots l USING (order_id)
    WHERE (coalesce(s.points, 0), coalesce(s.returned, 0)) <> (coalesce(o.spent, 0), coalesce(o.returned, 0))
       OR (coalesce(s.points, 0), coalesce(s.returned, 0)) <> (coalesce(l.points, 0), coalesce(l.returned, 0))
       OR s.returned > s.points
    UNION ALL
    SELECT 'award_unexplained', coalesce(a.user_id, o.user_id), order_id,
           format('the order earned %s and lost %s; the ledger says %s and %s, its refunds say %s',
                  coalesce(a.points, 0), coalesce(a.clawed, 0), coalesce(o.earned, 0), coalesce(o.clawed, 0),
                  coalesce(r.taken, 0))
    FROM points_awards a FULL JOIN by_order o USING (order_id) FULL JOIN by_refund r USING (order_id)
    WHERE (coalesce(a.points, 0), coalesce(a.clawed, 0)) <> (coalesce(o.earned, 0), coalesce(o.clawed, 0))
       OR coalesce(a.clawed, 0) <> coalesce(r.taken, 0) OR a.clawed > a.points
    ORDER BY 1, 2, 3 LIMIT $1
"""


class Auditing(Room):
    """The audit of invariant 3, its part about points."""

    async def audit(self) -> list[PointsBreak]:
        """Every break (at most 1000), none if all is well; safe beside running traffic, since it sees one snapshot.

        For each buyer the balance is the sum of the ledger, the sum of what is left in lots, and not negative; each line
        continues the one before; each order got back, and lost, what the ledger says, and never more than it spent or earned.
        """
        async with self._db.reader() as connection:
            rows = await connection.fetch(_BREAKS, _SHOWN, timeout=WHOLE_BOOK)
        return [
            PointsBreak(
                kind=PointsBreakKind(row["kind"]),
                user_id=UserId(row["user_id"]) if row["user_id"] else None,
                order_id=OrderId(row["order_id"]) if row["order_id"] else None,
                detail=row["detail"],
            )
            for row in rows
        ]
