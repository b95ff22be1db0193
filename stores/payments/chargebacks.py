"""Money that channels take back: booked once for each case, and never refunded as well."""

from datetime import datetime

from hanse.database import Connection, Database
from models.payments.chargebacks import BookChargeback, Chargeback
from models.payments.ledger import CHARGEBACKS, Transfer, TransferKind, receivable
from models.payments.ledger_errors import ChargebackConflict, ChargebackExceedsCapture, NothingCaptured
from models.payments.types import Attempt
from models.shared import Money
from models.shared.ids import ChargebackId, PaymentId
from stores.payments.covering import cover_chargebacks
from stores.payments.ledger import book
from stores.payments.rows import Row, lock_payment, money, read_attempt, sole_row


class Chargebacks:
    """Chargebacks of a payment happen one after another with its refunds, under the payment's row lock."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def book_chargeback(self, ask: BookChargeback, now: datetime) -> Chargeback:
        """Book that a channel took money back, in one transaction: the channel owes us less, and what is left of the capture
        pays for it, so that no refund can give it back any more; what had gone back before is the shop's loss. Idempotent by
        the channel's case (channel, reference), whoever tells of it; `ChargebackConflict` if the case, or the chargeback id,
        is booked otherwise. `NothingCaptured`, `ChargebackExceedsCapture`, `NotFound`."""
        async with self._db.transaction() as tx:
            known_as = await read_attempt(tx, ask.attempt_id)
            payment = await lock_payment(tx, known_as.payment_id)
            attempt = await read_attempt(tx, ask.attempt_id)
            known = await tx.fetchrow(
                "SELECT * FROM chargebacks WHERE (channel = $1 AND reference = $2) OR chargeback_id = $3",
                *(attempt.channel, ask.reference, ask.chargeback_id),
            )
            if known is not None:
                return _same_or_refuse(to_chargeback(known), ask)
            await _refuse_too_much(tx, attempt, ask.amount)
            await _insert(tx, attempt, ask, now)
            taken = Transfer(
                kind=TransferKind.CHARGEBACK,
                reference=ask.chargeback_id,
                debit=CHARGEBACKS,
                credit=receivable(attempt.channel),
                amount=ask.amount,
            )
            await book(tx, payment, [taken], now)
            await cover_chargebacks(tx, payment, attempt.attempt_id, ask.chargeback_id, now)
            row = await sole_row(tx, "SELECT * FROM chargebacks WHERE chargeback_id = $1", ask.chargeback_id)
            return to_chargeback(row)

    async def list_chargebacks(
        self, *, limit: int, before: ChargebackId | None = None, payment_id: PaymentId | None = None
    ) -> tuple[Chargeback, ...]:
        """At most `limit` chargebacks, newest first, older than `before`; of one payment or all."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM chargebacks WHERE ($1::text IS NULL OR chargeback_id < $1)
                  AND ($2::text IS NULL OR payment_id = $2)
                ORDER BY chargeback_id DESC LIMIT $3
                """,
                *(before, payment_id, limit),
            )
        return tuple(map(to_chargeback, rows))


def to_chargeback(row: Row) -> Chargeback:
    """A row of `chargebacks`."""
    same = {name: row[name] for name in Chargeback.model_fields if name not in ("amount", "covered")}
    amounts = {name: money(row[f"{name}_minor"], row["currency"]) for name in ("amount", "covered")}
    return Chargeback.model_validate({**same, **amounts})


def _same_or_refuse(known: Chargeback, ask: BookChargeback) -> Chargeback:
    asked = (ask.attempt_id, ask.reference, ask.amount)
    if (known.attempt_id, known.reference, known.amount) != asked:
        raise ChargebackConflict.of(known.chargeback_id, ask.reference)
    return known


async def _refuse_too_much(tx: Connection, attempt: Attempt, asked: Money) -> None:
    if attempt.channel_transaction is None:
        raise NothingCaptured.of(attempt.attempt_id)
    before = await tx.fetchval(
        "SELECT coalesce(sum(amount_minor), 0)::bigint FROM chargebacks WHERE attempt_id = $1", attempt.attempt_id
    )
    left = money(attempt.amount.minor - before, attempt.amount.currency)
    if asked.currency != left.currency or not 0 < asked.minor <= left.minor:
        raise ChargebackExceedsCapture.of(attempt.attempt_id, asked, left)


async def _insert(tx: Connection, attempt: Attempt, ask: BookChargeback, now: datetime) -> None:
    await tx.execute(
        """
        INSERT INTO chargebacks (chargeback_id, attempt_id, payment_id, order_id, channel, reference, amount_minor, currency,
                                 reason, source, actor, occurred_at, booked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        *(ask.chargeback_id, attempt.attempt_id, attempt.payment_id, attempt.order_id, attempt.channel, ask.reference),
        *(ask.amount.minor, ask.amount.currency, ask.reason, ask.source, ask.actor, ask.occurred_at, now),
    )
