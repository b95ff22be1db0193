"""What a reported capture turns out to be, and how a payment window ends."""

from collections.abc import Callable
from datetime import datetime

from hanse.database import Connection, Database
from models.orders.messages import SettlementKind
from models.payments.bookings import Booked, Ended
from models.payments.ledger import CUSTOMER_DEPOSITS, FEES, SURPLUS_DEPOSITS, Transfer, TransferKind, receivable
from models.payments.messages import PaymentReport, SettleReport, SettleResult
from models.payments.rules import is_kept, surplus_reason
from models.payments.types import Attempt, AttemptState, Mismatch, Payment, PaymentState, RefundReason
from models.shared import Money
from models.shared.ids import AttemptId, OrderId
from models.shared.refusals import NotFound
from stores.payments.ledger import book
from stores.payments.rows import (
    lock_payment_of_order,
    money,
    read_payment,
    sole_row,
    to_attempt,
    to_mismatch,
    to_payment,
)

_REPORTED = """
    SELECT a.*,
        EXISTS (SELECT FROM attempts b WHERE (b.channel, b.channel_transaction) = (a.channel, $2)) AS elsewhere,
        ARRAY(SELECT o.attempt_id FROM attempts o
              WHERE o.payment_id = a.payment_id AND o.state = 'pending' AND o.attempt_id <> a.attempt_id
              ORDER BY o.created_at, o.attempt_id) AS still_open
    FROM attempts a WHERE a.attempt_id = $1
"""


class Settling:
    """The winner rule and the end of the window, both under the payment's row lock."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def settle(self, ask: SettleReport, fee_of: Callable[[Attempt], Money]) -> Booked:
        """Book what a channel reported, once per channel transaction: of racing captures exactly those are kept that fit
        what is owed (`rules.is_kept`), in the order of the lock; every other is surplus. A report whose amount or
        transaction contradicts the attempt is kept as a mismatch and books nothing; the right report may still follow.

        `fee_of` says what the channel keeps of a capture. `NotFound` if the attempt is not one of this order.
        """
        report = ask.report
        async with self._db.transaction() as tx:
            payment = await _lock_payment_of(tx, report.attempt_id)
            if payment is None or payment.order_id != ask.order_id:
                raise NotFound(f"Order {ask.order_id} has no attempt {report.attempt_id}.")
            # Of its own, since it has to see what a booking did that held the lock before.
            row = await sole_row(tx, _REPORTED, report.attempt_id, report.channel_transaction)
            attempt, still_open = to_attempt(row), tuple(map(AttemptId, row["still_open"]))
            known = Booked(result=SettleResult.KNOWN, payment=payment, attempt=attempt, still_open=still_open)
            why = _why_not_believed(attempt, report, elsewhere=row["elsewhere"])
            if why:
                await _keep_mismatch(tx, attempt, report, why, ask.at)
                return known.model_copy(update={"result": SettleResult.MISMATCH})
            if attempt.channel_transaction is not None:
                return known
            book_it = _keep if is_kept(payment, report.amount) else _put_aside
            booked = await book_it(tx, payment, attempt, report, report.fee or fee_of(attempt), ask.at)
            return booked.model_copy(update={"still_open": still_open})

    async def close_window(self, order_id: OrderId, kind: SettlementKind, now: datetime) -> Ended:
        """End the window as `expired` or `cancelled`. A complete payment stays paid. Otherwise the payment is closed, for
        good, and every capture kept so far becomes surplus. Idempotent: a second end, of whatever kind, answers the first.
        """
        async with self._db.transaction() as tx:
            payment = await lock_payment_of_order(tx, order_id)
            if payment is None:
                return Ended(kind=kind, payment=None)
            if payment.state is PaymentState.PENDING:
                await _unkeep(tx, payment, now)
                await tx.execute(
                    """
                    UPDATE payments SET state = 'closed', closed_as = $2, captured_minor = 0, charged_back_minor = 0,
                        settled_at = $3
                    WHERE payment_id = $1
                    """,
                    payment.payment_id,
                    kind,
                    now,
                )
            return await _ended(tx, payment)

    async def mismatches(self, *, limit: int) -> tuple[Mismatch, ...]:
        """Mismatches that no later report has cleared up, newest first: work for a person."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM mismatches m
                WHERE NOT EXISTS (
                    SELECT FROM attempts a
                    WHERE a.attempt_id = m.attempt_id AND a.channel_transaction = m.channel_transaction
                )
                ORDER BY at DESC LIMIT $1
                """,
                limit,
            )
        return tuple(map(to_mismatch, rows))


async def _lock_payment_of(tx: Connection, attempt_id: AttemptId) -> Payment | None:
    row = await tx.fetchrow(
        "SELECT p.* FROM payments p JOIN attempts a USING (payment_id) WHERE a.attempt_id = $1 FOR UPDATE OF p",
        attempt_id,
    )
    return to_payment(row) if row else None


def _why_not_believed(attempt: Attempt, report: PaymentReport, *, elsewhere: bool) -> str | None:
    if report.amount != attempt.amount:
        return "amount"
    if attempt.channel_transaction is not None:
        return None if attempt.channel_transaction == report.channel_transaction else "transaction"
    return "transaction" if elsewhere else None


async def _keep_mismatch(tx: Connection, attempt: Attempt, report: PaymentReport, why: str, now: datetime) -> None:
    await tx.execute(
        """
        INSERT INTO mismatches (channel, channel_transaction, attempt_id, payment_id, expected_minor, expected_currency,
                                reported_minor, reported_currency, why, event_id, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT DO NOTHING
        """,
        attempt.channel,
        report.channel_transaction,
        attempt.attempt_id,
        attempt.payment_id,
        attempt.amount.minor,
        attempt.amount.currency,
        report.amount.minor,
        report.amount.currency,
        why,
        report.event_id,
        now,
    )


async def _keep(
    tx: Connection, payment: Payment, attempt: Attempt, report: PaymentReport, fee: Money, now: datetime
) -> Booked:
    kept = await _capture(tx, attempt, report, AttemptState.CAPTURED, None)
    row = await sole_row(
        tx,
        """
        UPDATE payments SET captured_minor = captured_minor + $2,
            state = CASE WHEN captured_minor + $2 = amount_minor THEN 'paid' ELSE state END,
            settled_at = CASE WHEN captured_minor + $2 = amount_minor THEN $3::timestamptz END
        WHERE payment_id = $1 RETURNING *
        """,
        payment.payment_id,
        report.amount.minor,
        now,
    )
    await book(tx, payment, _came_in(kept, TransferKind.CAPTURE, CUSTOMER_DEPOSITS, fee), now)
    after = to_payment(row)
    result = SettleResult.PAID if after.state is PaymentState.PAID else SettleResult.PART
    return Booked(result=result, payment=after, attempt=kept)


async def _put_aside(
    tx: Connection, payment: Payment, attempt: Attempt, report: PaymentReport, fee: Money, now: datetime
) -> Booked:
    surplus = await _capture(tx, attempt, report, AttemptState.SURPLUS, surplus_reason(payment))
    await book(tx, payment, _came_in(surplus, TransferKind.SURPLUS, SURPLUS_DEPOSITS, fee), now)
    return Booked(result=SettleResult.SURPLUS, payment=payment, attempt=surplus)


async def _capture(
    tx: Connection, attempt: Attempt, report: PaymentReport, state: AttemptState, reason: RefundReason | None
) -> Attempt:
    row = await sole_row(
        tx,
        """
        UPDATE attempts SET state = $2, surplus_reason = $3, channel_transaction = $4, captured_at = $5
        WHERE attempt_id = $1 RETURNING *
        """,
        attempt.attempt_id,
        state,
        reason,
        report.channel_transaction,
        report.paid_at,
    )
    return to_attempt(row)


def _came_in(attempt: Attempt, kind: TransferKind, deposit: str, fee: Money) -> list[Transfer]:
    owed_by = receivable(attempt.channel)
    return [
        Transfer(kind=kind, reference=attempt.attempt_id, debit=owed_by, credit=deposit, amount=attempt.amount),
        Transfer(kind=TransferKind.FEE, reference=attempt.attempt_id, debit=FEES, credit=owed_by, amount=fee),
    ]


async def _unkeep(tx: Connection, payment: Payment, now: datetime) -> None:
    rows = await tx.fetch(
        """
        UPDATE attempts SET state = 'surplus', surplus_reason = $2
        WHERE payment_id = $1 AND state = 'captured' RETURNING *
        """,
        payment.payment_id,
        RefundReason.ORDER_CANCELLED,
    )
    back = [
        Transfer(
            kind=TransferKind.UNKEEP,
            reference=row["attempt_id"],
            debit=CUSTOMER_DEPOSITS,
            credit=SURPLUS_DEPOSITS,
            amount=money(row["amount_minor"] - row["charged_back_minor"], row["currency"]),
        )
        for row in rows
    ]
    await book(tx, payment, back, now)


async def _ended(tx: Connection, payment: Payment) -> Ended:
    after = await read_payment(tx, payment.payment_id)
    if after.state is PaymentState.PAID:
        return Ended(kind=SettlementKind.PAID, payment=after)
    closed_as = await tx.fetchval("SELECT closed_as FROM payments WHERE payment_id = $1", payment.payment_id)
    rows = await tx.fetch(
        "SELECT * FROM attempts WHERE payment_id = $1 AND surplus_reason = $2 ORDER BY attempt_id",
        payment.payment_id,
        RefundReason.ORDER_CANCELLED,
    )
    return Ended(kind=SettlementKind(closed_as), payment=after, going_back=tuple(map(to_attempt, rows)))
