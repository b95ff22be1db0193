"""Does stock add up? Every promise is looked at again from the rows themselves, in one snapshot."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hanse.database import WHOLE_BOOK
from models.inventory.types import BreakKind, StockBreak
from models.shared.ids import OrderId
from stores.inventory.room import Room

OVERDUE_AFTER = timedelta(hours=1)
"""How long after its expiry a hold may wait for the process that releases it before that counts as a break."""

_BREAKS = """
    WITH moves AS (
        SELECT warehouse_id, sku_id, sum(delta) AS explained FROM journal GROUP BY warehouse_id, sku_id
    ), held AS (
        SELECT warehouse_id, sku_id, sum(quantity) AS promised
        FROM reservation_lines JOIN reservations USING (order_id) WHERE state = 'held' GROUP BY warehouse_id, sku_id
    ), aside AS (
        SELECT warehouse_id, sku_id, sum(free) AS free, count(*) AS buckets FROM stock_buckets GROUP BY warehouse_id, sku_id
    ), stocked AS (
        SELECT warehouse_id, sku_id, coalesce(on_hand, 0) AS on_hand, coalesce(reserved, 0) - coalesce(free, 0) AS reserved,
               coalesce(explained, 0) AS explained, coalesce(promised, 0) AS promised,
               coalesce(split_over, 0) AS split_over, coalesce(buckets, 0) AS buckets
        FROM stock FULL JOIN moves USING (warehouse_id, sku_id) FULL JOIN held USING (warehouse_id, sku_id)
            FULL JOIN aside USING (warehouse_id, sku_id)
    ), sold AS (
        SELECT l.order_id, l.warehouse_id, l.sku_id, l.quantity AS sold, l.restocked
        FROM reservation_lines l JOIN reservations r USING (order_id) WHERE r.state = 'committed'
    ), shipped AS (
        SELECT reference AS order_id, warehouse_id, sku_id,
               -coalesce(sum(delta) FILTER (WHERE reason = 'commit'), 0) AS taken,
               coalesce(sum(delta) FILTER (WHERE reason = 'restock'), 0) AS returned
        FROM journal WHERE reason IN ('commit', 'restock') GROUP BY reference, warehouse_id, sku_id
    ), sent AS (
        SELECT transfer_id, sku_id, t.state, t.from_warehouse_id, t.to_warehouse_id,
               CASE WHEN t.left_at IS NULL THEN 0 ELSE l.quantity END AS sent, l.arrived, l.returned, l.lost
        FROM transfer_lines l JOIN transfers t USING (transfer_id)
    ), carried AS (
        SELECT reference AS transfer_id, sku_id,
               coalesce(sum(in_transit) FILTER (WHERE reason = 'transfer_out'), 0) AS went,
               coalesce(sum(delta) FILTER (WHERE reason = 'transfer_in' AND warehouse_id = to_warehouse_id), 0) AS came,
               coalesce(sum(delta) FILTER (WHERE reason = 'transfer_in' AND warehouse_id = from_warehouse_id), 0) AS back,
               -coalesce(sum(in_transit) FILTER (WHERE reason = 'transfer_lost'), 0) AS gone,
               coalesce(sum(in_transit), 0) AS left_over
        FROM journal LEFT JOIN transfers ON transfer_id = reference
        WHERE reason IN ('transfer_out', 'transfer_in', 'transfer_lost') GROUP BY reference, sku_id
    ), waiting AS (
        SELECT warehouse_id, sku_id, sum(quantity) AS units FROM claims WHERE state = 'open' GROUP BY warehouse_id, sku_id
    ), claimed AS (
        SELECT c.claim_id, c.order_id, c.warehouse_id, c.sku_id, c.quantity, c.state, c.number, o.state AS of_order,
               coalesce(r.state, 'none') AS held, coalesce(l.quantity, 0) AS reserved
        FROM claims c LEFT JOIN reservations o ON o.order_id = c.order_id LEFT JOIN reservations r ON r.order_id = c.claim_id
            LEFT JOIN reservation_lines l
                ON (l.order_id, l.warehouse_id, l.sku_id) = (c.claim_id, c.warehouse_id, c.sku_id)
    )
    SELECT 'on_hand_unexplained' AS kind, warehouse_id, sku_id, NULL AS order_id,
           format('on_hand is %s, but the journal adds up to %s', on_hand, explained) AS detail
    FROM stocked WHERE on_hand <> explained
    UNION ALL
    SELECT 'reserved_unexplained', warehouse_id, sku_id, NULL,
           format('reserved is %s, but open reservations hold %s', reserved, promised)
    FROM stocked WHERE reserved <> promised
    UNION ALL
    SELECT 'out_of_bounds', warehouse_id, sku_id, NULL,
           format('0 <= reserved <= on_hand does not hold: reserved %s, on_hand %s', reserved, on_hand)
    FROM stocked WHERE NOT (0 <= reserved AND reserved <= on_hand)
    UNION ALL
    SELECT 'units_stranded', warehouse_id, sku_id, NULL,
           format('the level says it is split over %s rows, but there are %s', split_over, buckets)
    FROM stocked WHERE split_over <> buckets
    UNION ALL
    SELECT 'commit_unexplained', warehouse_id, sku_id, order_id,
           format('the order sold %s and got back %s, but the journal says %s and %s',
                  coalesce(sold, 0), coalesce(restocked, 0), coalesce(taken, 0), coalesce(returned, 0))
    FROM sold FULL JOIN shipped USING (order_id, warehouse_id, sku_id)
    WHERE (sold, restocked) IS DISTINCT FROM (taken, returned)
    UNION ALL
    SELECT 'transit_unexplained', from_warehouse_id, sku_id, transfer_id,
           format('sent, arrived, returned and lost are %s, but the journal says %s',
                  (sent, arrived, returned, lost), (went, came, back, gone))
    FROM sent FULL JOIN carried USING (transfer_id, sku_id)
    WHERE (coalesce(sent, 0), coalesce(arrived, 0), coalesce(returned, 0), coalesce(lost, 0))
          IS DISTINCT FROM (coalesce(went, 0), coalesce(came, 0), coalesce(back, 0), coalesce(gone, 0))
    UNION ALL
    SELECT 'transfer_not_settled', min(from_warehouse_id), NULL, transfer_id,
           format('it is %s with %s units on their way', min(state), coalesce(sum(left_over), 0))
    FROM sent LEFT JOIN carried USING (transfer_id, sku_id) GROUP BY transfer_id
    HAVING (min(state) IN ('in_transit', 'returning')) <> (coalesce(sum(left_over), 0) > 0)
    UNION ALL
    SELECT 'line_without_reservation', warehouse_id, sku_id, order_id, format('%s units for an order unknown', quantity)
    FROM reservation_lines l WHERE NOT EXISTS (SELECT FROM reservations r WHERE r.order_id = l.order_id)
    UNION ALL
    SELECT 'claimed_unexplained', warehouse_id, sku_id, NULL,
           format('%s units are said to be waited for, but open claims wait for %s', coalesce(claimed, 0), coalesce(units, 0))
    FROM stock FULL JOIN waiting USING (warehouse_id, sku_id) WHERE coalesce(claimed, 0) <> coalesce(units, 0)
    UNION ALL
    SELECT 'claim_unexplained', warehouse_id, sku_id, order_id,
           format('claim %s of %s units is %s; under its id %s units are %s, and its order is %s', claim_id, quantity, state,
                  reserved, held, coalesce(of_order, 'unknown'))
    FROM claimed WHERE NOT CASE state
        WHEN 'open' THEN held = 'none' AND of_order IN ('held', 'committed')
        WHEN 'filled' THEN held = 'held' AND reserved = quantity AND of_order IN ('held', 'committed')
        WHEN 'committed' THEN held = 'committed' AND reserved = quantity AND of_order = 'committed'
        ELSE held IN ('none', 'released') END
    UNION ALL
    SELECT 'claim_overtaken', a.warehouse_id, a.sku_id, a.order_id,
           format('claim %s still waits, but a later one got goods', a.claim_id)
    FROM claims a WHERE a.state = 'open' AND EXISTS (
        SELECT FROM claims b WHERE (b.sku_id, b.warehouse_id) = (a.sku_id, a.warehouse_id) AND b.number > a.number
            AND b.state IN ('filled', 'committed'))
    UNION ALL
    SELECT 'hold_overdue', NULL, NULL, order_id,
           format('still held, though it expired at %s; is its checkout still running?', expires_at)
    FROM reservations WHERE state = 'held' AND expires_at < $1
    ORDER BY 1, 2, 3, 4 LIMIT 1000
"""


class Auditing(Room):
    """The audit of invariant 1: stock."""

    async def audit(self, now: datetime) -> Sequence[StockBreak]:
        """Every break (at most 1000), none if all is well; safe beside running traffic, since it sees one snapshot.

        For each warehouse and SKU on_hand is the sum of the journal, reserved the sum of open reservations and between 0 and
        on_hand, over all rows that a hot level is split over, and it has just those rows; each committed or restocked line has
        its movement and no movement lacks its line; no line lacks its reservation; no hold outlives its expiry by more than
        `OVERDUE_AFTER`. What each transfer sent, received, got back and lost is what the journal says, and only one under way
        has units in transit: so on_hand and in transit together are what the journal adds up to. What a level says is waited
        for is the sum of its open claims; each claim is what the reservation under its id and its order say, and none was
        overtaken.
        """
        async with self._db.reader() as connection:
            rows = await connection.fetch(_BREAKS, now - OVERDUE_AFTER, timeout=WHOLE_BOOK)
        return [StockBreak(**{**dict(row), "kind": BreakKind(row["kind"])}) for row in rows]

    async def held_orders(self) -> list[OrderId]:
        """The orders that hold stock right now, or wait for it."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT order_id FROM reservations r WHERE state = 'held' "
                "AND NOT EXISTS (SELECT FROM claims c WHERE c.claim_id = r.order_id) "
                "UNION SELECT order_id FROM claims WHERE state IN ('open', 'filled') ORDER BY order_id"
            )
        return [OrderId(row["order_id"]) for row in rows]
