"""A kept statement held against our books: set operations in the database, whatever the number of lines.

One statement of SQL sees one snapshot, so nothing that moves meanwhile is seen half. What is counted as ours is what the books
say (`ledger`), when they say it; `models/payments/reconciliation.py` has the words and the carry-over rule.
"""

from datetime import datetime, timedelta

from hanse.database import Connection, Database
from models.payments.reconciliation import DifferenceKind, Report, judged_between
from models.shared.refusals import NotFound
from stores.payments.reports import read_report
from stores.payments.rows import Row

_COMPARING_TAKES = 600.0
_MATCHED = (DifferenceKind.MATCHED, DifferenceKind.REFUND_MATCHED)

# $1 the statement, $2 its channel, $3 its day, $4 and $5 between which moments our own movements are judged.
_COMPARE = """
WITH current_ones AS MATERIALIZED (  -- of each day what the channel said last
    SELECT DISTINCT ON (day) number, day FROM statements
    WHERE channel = $2 AND state = 'accepted' ORDER BY day, revision DESC
), there AS (
    SELECT s.*, EXISTS (
        SELECT FROM statement_lines o WHERE o.transaction_id = s.transaction_id AND o.kind = s.kind AND o.statement <> $1
          AND o.statement IN (SELECT number FROM current_ones WHERE day <> $3)
    ) AS elsewhere
    FROM statement_lines s WHERE s.statement = $1 AND s.kind <> 'fee'
), paid AS (
    SELECT t.*, coalesce(b.attempt_id, a.attempt_id) AS attempt_id, coalesce(b.payment_id, a.payment_id) AS payment_id,
           coalesce(b.order_id, a.order_id) AS order_id, b.attempt_id IS NOT NULL AS booked,
           a.attempt_id IS NOT NULL AND a.channel_transaction IS NULL AS open_here,
           coalesce(b.amount_minor, a.amount_minor) AS ours,
           coalesce(b.amount_minor, a.amount_minor) = t.amount_minor
             AND coalesce(b.currency, a.currency) = t.currency AS same,
           row_number() OVER (PARTITION BY t.merchant_id, b.attempt_id IS NULL ORDER BY t.line) AS nth
    FROM there t
    LEFT JOIN attempts b ON b.channel = $2 AND b.channel_transaction = t.transaction_id
    LEFT JOIN attempts a ON a.attempt_id = t.merchant_id AND a.channel = $2
    WHERE t.kind = 'payment'
), paid_judged AS (
    SELECT p.*, CASE
        WHEN elsewhere THEN 'duplicate'
        WHEN booked AND same THEN 'matched'
        WHEN booked THEN 'amount_differs'
        WHEN attempt_id IS NULL THEN 'missing_here'
        WHEN NOT open_here OR nth > 1 THEN 'duplicate'
        WHEN same THEN 'missing_here'
        ELSE 'amount_differs'
    END AS judged FROM paid p
), back AS (
    SELECT t.*, a.attempt_id, a.payment_id, a.order_id, l.state, l.amount_minor AS ours,
           l.amount_minor = -t.amount_minor AND a.currency = t.currency AS same
    FROM there t
    LEFT JOIN (refund_legs l JOIN attempts a ON a.attempt_id = l.attempt_id AND a.channel = $2)
      ON l.leg_id = t.merchant_id
    WHERE t.kind = 'refund'
), back_judged AS (
    SELECT b.*, CASE
        WHEN elsewhere THEN 'duplicate'
        WHEN attempt_id IS NULL THEN 'refund_missing_here'
        WHEN NOT same THEN 'refund_differs'
        WHEN state = 'succeeded' THEN 'refund_matched'
        ELSE 'refund_missing_here'
    END AS judged FROM back b
), judged AS MATERIALIZED (
    SELECT judged AS kind, line, transaction_id, merchant_id, attempt_id, payment_id, order_id, currency,
           CASE WHEN booked THEN ours END AS ours, amount_minor AS theirs, occurred_at,
           CASE WHEN judged = 'missing_here' AND open_here THEN 'report_payment' END AS repair
    FROM paid_judged
    UNION ALL
    SELECT judged, line, transaction_id, merchant_id, attempt_id, payment_id, order_id, currency,
           ours, -amount_minor, occurred_at,
           CASE WHEN judged = 'refund_missing_here' AND state IN ('held', 'processing') THEN 'report_refund' END
    FROM back_judged
    UNION ALL
    SELECT 'missing_there', NULL, a.channel_transaction, a.attempt_id, a.attempt_id, a.payment_id, a.order_id, l.currency,
           l.amount_minor, NULL, l.at, NULL
    FROM ledger l JOIN attempts a ON a.attempt_id = l.reference
    WHERE l.kind IN ('capture', 'surplus') AND l.debit = 'channel:' || $2 AND l.at >= $4 AND l.at < $5
      AND NOT EXISTS (
        SELECT FROM statement_lines o WHERE o.transaction_id = a.channel_transaction AND o.kind = 'payment'
          AND o.statement IN (SELECT number FROM current_ones)
      )
    UNION ALL
    SELECT 'refund_missing_there', NULL, NULL, l.reference, r.attempt_id, l.payment_id, l.order_id, l.currency,
           l.amount_minor, NULL, l.at, NULL
    FROM ledger l JOIN refund_legs r ON r.leg_id = l.reference
    WHERE l.kind = 'refund' AND l.credit = 'channel:' || $2 AND l.at >= $4 AND l.at < $5
      AND NOT EXISTS (
        SELECT FROM statement_lines o WHERE o.merchant_id = l.reference AND o.kind = 'refund'
          AND o.statement IN (SELECT number FROM current_ones)
      )
), kept AS (
    INSERT INTO reconciliation_differences
        (report, number, kind, line, transaction_id, merchant_id, attempt_id, payment_id, order_id, currency, ours_minor,
         theirs_minor, occurred_at, repair)
    SELECT $1, row_number() OVER (ORDER BY line NULLS LAST, occurred_at, merchant_id), kind, line, transaction_id,
           merchant_id, attempt_id, payment_id, order_id, currency, ours, theirs, occurred_at, repair
    FROM judged WHERE kind NOT IN ('matched', 'refund_matched')
)
SELECT kind, currency, count(*) AS count, coalesce(sum(ours), 0)::bigint AS ours,
       coalesce(sum(theirs), 0)::bigint AS theirs, count(repair) AS repairs
FROM judged GROUP BY kind, currency ORDER BY currency, kind
"""


class Comparing:
    """Reports are made here, once for each kept statement."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def compare_statement(self, number: int, carry_over: timedelta, now: datetime) -> Report:
        """Match every line of an accepted statement by the channel's transaction id (refunds by our leg id), find what of ours
        stands in no statement, and keep the report. Idempotent by the statement: it is compared once, and a repeat finds the
        report as it was made, whatever moved since. `NotFound`."""
        async with self._db.transaction() as tx:
            statement = await tx.fetchrow("SELECT * FROM statements WHERE number = $1", number)
            if statement is None:
                raise NotFound(f"There is no statement {number}.")
            await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('comparing', $1))", number, timeout=120)
            if not await tx.fetchval("SELECT true FROM reconciliations WHERE statement = $1", number):
                await _compare(tx, statement, carry_over, now)
            return await read_report(tx, number)


async def _compare(tx: Connection, statement: Row, carry_over: timedelta, now: datetime) -> None:
    number = statement["number"]
    span = judged_between(statement["begins"], statement["ends"], statement["fetched_at"], carry_over)
    rows = await tx.fetch(_COMPARE, *(number, statement["channel"], statement["day"], *span), timeout=_COMPARING_TAKES)
    fees = await tx.fetch(
        """
        SELECT currency, -sum(amount_minor)::bigint AS minor FROM statement_lines
        WHERE statement = $1 AND kind = 'fee' GROUP BY currency ORDER BY currency
        """,
        number,
        timeout=_COMPARING_TAKES,
    )
    totals = [{name: row[name] for name in ("kind", "currency", "count", "ours", "theirs")} for row in rows]
    differences = sum(row["count"] for row in rows if row["kind"] not in _MATCHED)
    await tx.execute(
        """
        INSERT INTO reconciliations (statement, outcome, judged_from, judged_until, totals, fees, differences, repairs, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        *(number, "differs" if differences else "balanced", *span, totals, [dict(row) for row in fees], differences),
        *(sum(row["repairs"] for row in rows), now),
    )
