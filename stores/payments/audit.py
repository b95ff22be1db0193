"""Invariant 2, checked against the rows: what is not as it must be, and which rows show it.

That debits equal credits needs no check: a row of the books is a transfer between two accounts (`models/payments/ledger.py`).
What is checked is that the books say the same as the payments.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from hanse.database import WHOLE_BOOK, Connection, Database
from models.payments.types import MoneyBreak, PaymentBalance
from models.shared import Money
from models.shared.ids import OrderId, PaymentId

_SURPLUS_GRACE = timedelta(minutes=15)
"""How long a surplus may wait for its refund to be held; the saga needs seconds, a restart minutes."""
_SHOWN = 1000

_CHECKS: tuple[tuple[str, str, str], ...] = (
    (
        "every_capture_is_booked",
        "This attempt's capture and the books differ: missing, booked without one, or of another amount.",
        """
        SELECT a.payment_id, a.order_id, a.attempt_id, a.state, a.amount_minor AS amount, l.amount_minor AS booked
        FROM attempts a LEFT JOIN ledger l ON l.reference = a.attempt_id AND l.kind IN ('capture', 'surplus')
        WHERE (a.state IN ('captured', 'surplus')) <> (l.number IS NOT NULL) OR l.amount_minor <> a.amount_minor
           OR l.currency <> a.currency
        """,
    ),
    (
        "captured_is_the_kept_attempts",
        "The payment's captured sum is not that of its kept captures.",
        """
        SELECT p.payment_id, p.order_id, p.captured_minor AS captured, coalesce(a.kept, 0)::bigint AS kept_by_attempts
        FROM payments p LEFT JOIN (
            SELECT payment_id, sum(amount_minor) AS kept FROM attempts WHERE state = 'captured' GROUP BY payment_id
        ) a USING (payment_id) WHERE p.captured_minor <> coalesce(a.kept, 0)
        """,
    ),
    (
        "refunded_and_held_are_the_attempts",
        "The payment's refunded, held or charged back sum is not that of its kept captures.",
        """
        SELECT p.payment_id, p.order_id, p.refunded_minor AS refunded, coalesce(a.refunded, 0)::bigint AS by_attempts,
               p.held_minor AS held, coalesce(a.held, 0)::bigint AS held_by_attempts,
               p.charged_back_minor AS charged_back, coalesce(a.charged_back, 0)::bigint AS charged_back_by_attempts
        FROM payments p LEFT JOIN (
            SELECT payment_id, sum(refunded_minor) AS refunded, sum(held_minor) AS held,
                   sum(charged_back_minor) AS charged_back
            FROM attempts WHERE state = 'captured' GROUP BY payment_id
        ) a USING (payment_id)
        WHERE p.refunded_minor <> coalesce(a.refunded, 0) OR p.held_minor <> coalesce(a.held, 0)
           OR p.charged_back_minor <> coalesce(a.charged_back, 0)
        """,
    ),
    (
        "state_says_what_is_held",
        "The payment's state does not fit the money kept for it.",
        """
        SELECT payment_id, order_id, state, amount_minor AS amount, captured_minor AS captured FROM payments
        WHERE (state = 'paid') <> (captured_minor = amount_minor) OR (state = 'closed' AND captured_minor <> 0)
        """,
    ),
    (
        "never_kept_above_the_amount",
        "More is kept than was owed: a capture too many.",
        """
        SELECT p.payment_id, p.order_id, p.amount_minor AS amount, sum(a.amount_minor)::bigint AS kept
        FROM payments p JOIN attempts a USING (payment_id) WHERE a.state = 'captured'
        GROUP BY p.payment_id HAVING sum(a.amount_minor) > p.amount_minor
        """,
    ),
    (
        "never_refunded_above_captured",
        "More went back, is held to go back or was charged back than this capture brought.",
        """
        SELECT payment_id, order_id, attempt_id, amount_minor AS captured, refunded_minor AS refunded, held_minor AS held,
               charged_back_minor AS charged_back
        FROM attempts
        WHERE refunded_minor + held_minor + charged_back_minor > CASE WHEN state IN ('captured', 'surplus') THEN amount_minor ELSE 0 END
        """,
    ),
    (
        "refunds_are_their_legs",
        "The legs of this attempt do not sum to what the attempt says went back or is held.",
        """
        SELECT a.payment_id, a.order_id, a.attempt_id, a.refunded_minor AS refunded, coalesce(l.gone, 0)::bigint AS by_legs,
               a.held_minor AS held, coalesce(l.held, 0)::bigint AS held_by_legs
        FROM attempts a LEFT JOIN (
            SELECT attempt_id, sum(amount_minor) FILTER (WHERE state = 'succeeded') AS gone,
                   sum(amount_minor) FILTER (WHERE state IN ('held', 'processing', 'refused')) AS held
            FROM refund_legs GROUP BY attempt_id
        ) l USING (attempt_id)
        WHERE a.refunded_minor <> coalesce(l.gone, 0) OR a.held_minor <> coalesce(l.held, 0)
        """,
    ),
    (
        "finished_refunds_went_back_whole",
        "The refund is finished, but its legs do not sum to its amount.",
        """
        SELECT r.payment_id, r.order_id, r.refund_id, r.amount_minor AS amount, coalesce(sum(l.amount_minor), 0)::bigint AS gone
        FROM refunds r LEFT JOIN refund_legs l ON l.refund_id = r.refund_id AND l.state = 'succeeded'
        WHERE r.state IN ('succeeded', 'other_means')
        GROUP BY r.refund_id HAVING coalesce(sum(l.amount_minor), 0) <> r.amount_minor
        """,
    ),
    (
        "every_surplus_has_a_refund",
        "This capture must go back whole, and no refund holds it.",
        """
        SELECT a.payment_id, a.order_id, a.attempt_id, a.amount_minor AS captured,
               a.refunded_minor + a.held_minor + a.charged_back_minor AS going_back, a.surplus_reason
        FROM attempts a JOIN payments p USING (payment_id)
        WHERE a.state = 'surplus' AND a.refunded_minor + a.held_minor + a.charged_back_minor < a.amount_minor
          AND greatest(a.captured_at, p.settled_at) < $1
          AND NOT EXISTS (SELECT FROM refunds r WHERE r.attempt_id = a.attempt_id AND r.state = 'refused')
        """,
    ),
    (
        "refused_refunds_stay_refused",
        "A channel paid a refund back after its hold was released: the money may have gone back twice.",
        """
        SELECT a.payment_id, a.order_id, l.refund_id, l.leg_id, l.amount_minor AS amount
        FROM refund_legs l JOIN attempts a USING (attempt_id) WHERE l.state = 'contradicted'
        """,
    ),
    (
        "chargebacks_are_covered_as_far_as_possible",
        "What was kept of this capture does not pay for its chargebacks as it should, or the sums disagree.",
        """
        SELECT a.payment_id, a.order_id, a.attempt_id, a.charged_back_minor AS charged_back,
               coalesce(c.covered, 0)::bigint AS covered, coalesce(c.amount, 0)::bigint AS chargebacks,
               a.amount_minor - a.refunded_minor - a.held_minor - a.charged_back_minor AS left_over
        FROM attempts a LEFT JOIN (
            SELECT attempt_id, sum(covered_minor) AS covered, sum(amount_minor) AS amount FROM chargebacks GROUP BY attempt_id
        ) c USING (attempt_id)
        WHERE a.charged_back_minor <> coalesce(c.covered, 0) OR c.amount > a.amount_minor
           OR (c.covered < c.amount AND a.refunded_minor + a.held_minor + a.charged_back_minor < a.amount_minor)
        """,
    ),
    (
        "adjustments_are_booked",
        "An operator's adjustment and the books differ: missing, without a reason, or of another amount.",
        """
        SELECT NULL AS payment_id, NULL AS order_id, coalesce(j.adjustment_id, l.reference) AS adjustment_id,
               j.amount_minor AS amount, l.amount_minor AS booked
        FROM adjustments j FULL JOIN (SELECT * FROM ledger WHERE kind = 'adjustment') l ON l.reference = j.adjustment_id
        WHERE j.adjustment_id IS NULL OR l.number IS NULL OR l.currency <> j.currency
           OR (l.debit, l.credit, l.amount_minor) <> (j.debit, j.credit, j.amount_minor)
        """,
    ),
    (
        "ledger_says_what_payments_say",
        "The books hold another amount for this payment than its rows do.",
        """
        SELECT p.payment_id, p.order_id,
               coalesce(b.deposits, 0)::bigint AS booked_deposits,
               p.captured_minor - p.refunded_minor - p.held_minor - p.charged_back_minor AS deposits,
               coalesce(b.surplus, 0)::bigint AS booked_surplus, coalesce(a.surplus, 0)::bigint AS surplus,
               coalesce(b.payable, 0)::bigint AS booked_payable, coalesce(a.held, 0)::bigint AS payable,
               coalesce(b.loss, 0)::bigint AS booked_loss, coalesce(c.loss, 0)::bigint AS loss_by_chargebacks
        FROM payments p
        LEFT JOIN (
            SELECT payment_id,
                   sum(CASE 'customer_deposits' WHEN credit THEN amount_minor WHEN debit THEN -amount_minor END) AS deposits,
                   sum(CASE 'surplus_deposits' WHEN credit THEN amount_minor WHEN debit THEN -amount_minor END) AS surplus,
                   sum(CASE 'refunds_payable' WHEN credit THEN amount_minor WHEN debit THEN -amount_minor END) AS payable,
                   sum(CASE 'chargebacks' WHEN debit THEN amount_minor WHEN credit THEN -amount_minor END) AS loss
            FROM ledger GROUP BY payment_id
        ) b USING (payment_id)
        LEFT JOIN (
            SELECT payment_id, sum(held_minor) AS held,
                   sum(amount_minor - refunded_minor - held_minor - charged_back_minor)
                       FILTER (WHERE state = 'surplus') AS surplus
            FROM attempts GROUP BY payment_id
        ) a USING (payment_id)
        LEFT JOIN (
            SELECT payment_id, sum(amount_minor - covered_minor) AS loss FROM chargebacks GROUP BY payment_id
        ) c USING (payment_id)
        WHERE coalesce(b.deposits, 0) <> p.captured_minor - p.refunded_minor - p.held_minor - p.charged_back_minor
           OR coalesce(b.loss, 0) <> coalesce(c.loss, 0)
           OR coalesce(b.surplus, 0) <> coalesce(a.surplus, 0) OR coalesce(b.payable, 0) <> coalesce(a.held, 0)
        """,
    ),
)


class Audit:
    """Looks at everything and changes nothing."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def audit(self, now: datetime) -> tuple[MoneyBreak, ...]:
        """Every break of invariant 2 (at most 1000 a check), in one snapshot, so a shop at work shows no false alarm."""
        async with self._db.reader() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            found: list[MoneyBreak] = []
            for check, detail, query in _CHECKS:
                found += await _breaks(connection, check, detail, query, now)
            return tuple(found)

    async def balances(self) -> AsyncIterator[PaymentBalance]:
        """What every payment keeps and sends back, in one snapshot and bounded memory, in the order of order ids."""
        async with self._db.transaction() as tx:
            rows = tx.cursor(
                """
                SELECT order_id, currency, captured_minor - refunded_minor AS kept, held_minor, charged_back_minor, (
                    SELECT coalesce(sum(amount_minor), 0)::bigint FROM refunds r
                    WHERE r.payment_id = p.payment_id AND r.state = 'refused' AND r.attempt_id IS NULL
                ) AS undecided_minor
                FROM payments p ORDER BY order_id
                """,
                prefetch=1000,
            )
            async for row in rows:
                yield PaymentBalance(
                    order_id=OrderId(row["order_id"]),
                    kept=Money(minor=row["kept"], currency=row["currency"]),
                    going_back=Money(minor=row["held_minor"], currency=row["currency"]),
                    charged_back=Money(minor=row["charged_back_minor"], currency=row["currency"]),
                    undecided=Money(minor=row["undecided_minor"], currency=row["currency"]),
                )


async def _breaks(connection: Connection, check: str, detail: str, query: str, now: datetime) -> list[MoneyBreak]:
    arguments = [now - _SURPLUS_GRACE] if "$1" in query else []
    rows = await connection.fetch(f"{query} LIMIT {_SHOWN}", *arguments, timeout=WHOLE_BOOK)
    return [
        MoneyBreak(
            check=check,
            payment_id=PaymentId(row["payment_id"]) if row["payment_id"] else None,
            order_id=OrderId(row["order_id"]) if row["order_id"] else None,
            detail=detail,
            facts={name: row[name] for name in row.keys() if name not in ("payment_id", "order_id")},  # noqa: SIM118
        )
        for row in rows
    ]
