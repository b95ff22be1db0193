"""A kept statement held against our books: set operations in the database, whatever the number of lines.

One statement of SQL sees one snapshot, so nothing that moves meanwhile is seen half. What is counted as ours is what the books
say (`ledger`), when they say it; `models/payments/reconciliation.py` has the words and the carry-over rule.
"""

from datetime import datetime, timedelta

from hanse.database import Connection, Database
from models.payments.reconciliation import AGREES, Report, judged_between
from models.shared.refusals import NotFound
from stores.payments.reports import read_report
from stores.payments.rows import Row

_COMPARING_TAKES = 600.0

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
), charged AS (
    SELECT t.*, a.attempt_id, a.payment_id, a.order_id, c.amount_minor AS ours, c.chargeback_id IS NOT NULL AS booked,
           c.amount_minor = -t.amount_minor AND c.currency = t.currency AS same,
           t.amount_minor < 0 AND a.channel_transaction IS NOT NULL AND a.currency = t.currency AND coalesce((
               SELECT sum(o.amount_minor) FROM chargebacks o WHERE o.attempt_id = a.attempt_id
           ), 0) - sum(t.amount_minor) OVER (PARTITION BY a.attempt_id ORDER BY t.line) <= a.amount_minor AS fits
    FROM there t
    LEFT JOIN chargebacks c ON c.channel = $2 AND c.reference = t.transaction_id
    LEFT JOIN attempts a ON a.channel = $2 AND a.attempt_id = coalesce(c.attempt_id, t.merchant_id)
    WHERE t.kind = 'chargeback'
), charged_judged AS (
    SELECT c.*, CASE
        WHEN elsewhere THEN 'duplicate'
        WHEN NOT booked THEN 'chargeback_missing_here'
        WHEN same THEN 'chargeback_matched'
        ELSE 'chargeback_differs'
    END AS judged FROM charged c
), stated AS (  -- the fees of this statement, a payment each
    SELECT transaction_id, min(line) AS line, min(occurred_at) AS occurred_at
    FROM statement_lines WHERE statement = $1 AND kind = 'fee' GROUP BY transaction_id
), feed AS (  -- payments that agree, and payments of other days of which a fee was kept or given back today
    SELECT attempt_id, payment_id, order_id, transaction_id, currency, line, occurred_at FROM paid_judged
    WHERE judged = 'matched'
    UNION ALL
    SELECT a.attempt_id, a.payment_id, a.order_id, s.transaction_id, a.currency, s.line, s.occurred_at
    FROM stated s JOIN attempts a ON a.channel = $2 AND a.channel_transaction = s.transaction_id
    WHERE NOT EXISTS (
        SELECT FROM statement_lines o
        WHERE o.transaction_id = s.transaction_id AND o.kind = 'payment' AND o.statement = $1
    )
), fees_there AS (  -- of all days: a fee may be given back with a refund, days later
    SELECT o.transaction_id, -sum(o.amount_minor) AS minor, min(o.currency) AS currency, count(DISTINCT o.currency) AS currencies
    FROM statement_lines o
    WHERE o.kind = 'fee' AND o.statement IN (SELECT number FROM current_ones)
      AND o.transaction_id IN (SELECT transaction_id FROM feed)
    GROUP BY o.transaction_id
), corrections AS (
    SELECT split_part(reference, '/', 1) AS attempt_id,
           sum(CASE WHEN debit = 'fees' THEN amount_minor ELSE -amount_minor END) AS minor
    FROM ledger WHERE kind = 'fee_correction' AND 'channel:' || $2 IN (debit, credit) GROUP BY 1
), fees_judged AS (
    SELECT f.*, coalesce(b.amount_minor, 0) + coalesce(c.minor, 0) AS ours, coalesce(t.minor, 0) AS theirs,
           t.currencies = 1 AND t.currency = f.currency AS said
    FROM feed f
    LEFT JOIN ledger b ON b.kind = 'fee' AND b.reference = f.attempt_id
    LEFT JOIN corrections c ON c.attempt_id = f.attempt_id
    LEFT JOIN fees_there t ON t.transaction_id = f.transaction_id
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
    SELECT judged, line, transaction_id, merchant_id, attempt_id, payment_id, order_id, currency,
           ours, -amount_minor, occurred_at,
           CASE WHEN judged = 'chargeback_missing_here' AND fits THEN 'book_chargeback' END
    FROM charged_judged
    UNION ALL
    SELECT CASE WHEN ours = theirs THEN 'fee_matched' ELSE 'fee_differs' END, line, transaction_id, attempt_id, attempt_id,
           payment_id, order_id, currency, ours, theirs, occurred_at,
           CASE WHEN ours <> theirs AND said THEN 'book_fee' END
    FROM fees_judged WHERE ours <> 0 OR theirs <> 0
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
    UNION ALL
    SELECT 'chargeback_missing_there', NULL, c.reference, c.attempt_id, c.attempt_id, c.payment_id, c.order_id, c.currency,
           c.amount_minor, NULL, c.booked_at, NULL
    FROM chargebacks c
    WHERE c.channel = $2 AND c.booked_at >= $4 AND c.booked_at < $5
      AND NOT EXISTS (
        SELECT FROM statement_lines o WHERE o.transaction_id = c.reference AND o.kind = 'chargeback'
          AND o.statement IN (SELECT number FROM current_ones)
      )
), kept AS (
    INSERT INTO reconciliation_differences
        (report, number, kind, line, transaction_id, merchant_id, attempt_id, payment_id, order_id, currency, ours_minor,
         theirs_minor, occurred_at, repair)
    SELECT $1, row_number() OVER (ORDER BY line NULLS LAST, occurred_at, merchant_id, kind), kind, line, transaction_id,
           merchant_id, attempt_id, payment_id, order_id, currency, ours, theirs, occurred_at, repair
    FROM judged WHERE kind NOT IN ('matched', 'refund_matched', 'fee_matched', 'chargeback_matched')
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
        """Match every line of an accepted statement by the channel's transaction id (refunds by our leg id, chargebacks by the
        channel's case), hold the fee of each payment that agrees against the one we booked, find what of ours stands in no
        statement, and keep the report. Idempotent by the statement: it is compared once, and a repeat finds the
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
    differences = sum(row["count"] for row in rows if row["kind"] not in AGREES)
    await tx.execute(
        """
        INSERT INTO reconciliations (statement, outcome, judged_from, judged_until, totals, fees, differences, repairs, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        *(number, "differs" if differences else "balanced", *span, totals, [dict(row) for row in fees], differences),
        *(sum(row["repairs"] for row in rows), now),
    )
