"""Tries to pay. Several may be open at once, on several channels; only captures count, never the wish to pay."""

from datetime import datetime

from hanse.database import Database
from models.payments.errors import (
    AttemptAmountInvalid,
    AttemptConflict,
    AttemptExceedsRest,
    TooManyAttempts,
)
from models.payments.rules import left_to_pay, refuse_when_over
from models.payments.types import MAX_OPEN_ATTEMPTS, Attempt, Payment
from models.shared import Money
from models.shared.ids import AttemptId, OrderId, PaymentId
from stores.payments.rows import lock_payment, read_attempt, sole_row, to_attempt


class Attempts:
    """One try, on one channel, each."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def open_attempt(
        self,
        payment_id: PaymentId,
        channel: str,
        method: str,
        amount: Money | None,
        attempt_id: AttemptId,
        now: datetime,
        instalments: int = 1,
    ) -> Attempt:
        """Open a try for `amount`, or for all that is left to pay. Idempotent by attempt id: a repeat finds the attempt
        as it stands, even when the payment has ended meanwhile; `AttemptConflict` if it asks for something else.

        Refused with `PaymentClosed`, `PaymentAlreadyComplete`, `PaymentWindowOver`, `AttemptExceedsRest`,
        `AttemptAmountInvalid`, `TooManyAttempts`, `NotFound`. Open attempts may together exceed what is owed.
        """
        async with self._db.transaction() as tx:
            payment = await lock_payment(tx, payment_id)
            earlier = await tx.fetch(
                "SELECT * FROM attempts WHERE attempt_id = $1 OR (payment_id = $2 AND state = 'pending')",
                attempt_id,
                payment_id,
            )
            for row in earlier:
                if row["attempt_id"] == attempt_id:
                    return _same_or_refuse(to_attempt(row), payment_id, channel, method, amount)
            wanted = left_to_pay(payment) if amount is None else amount
            refuse_when_over(payment, now)
            _refuse_amount(payment, wanted)
            if len(earlier) >= MAX_OPEN_ATTEMPTS:
                raise TooManyAttempts.of(payment_id)
            row = await sole_row(
                tx,
                """
                INSERT INTO attempts (attempt_id, payment_id, order_id, channel, method, instalments, currency,
                                      amount_minor, state, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9) RETURNING *
                """,
                attempt_id,
                payment_id,
                payment.order_id,
                channel,
                method,
                instalments,
                wanted.currency,
                wanted.minor,
                now,
            )
            return to_attempt(row)

    async def bind_attempt(self, attempt_id: AttemptId, reference: str, cashier_url: str) -> Attempt:
        """Keep what the channel answered to opening the attempt; the first answer stays. Look at the state of what comes
        back: an attempt whose window closed meanwhile is bound all the same (its money must find its way), but must be
        closed at the channel and not shown to the buyer."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(
                """
                UPDATE attempts SET channel_reference = $2, cashier_url = $3
                WHERE attempt_id = $1 AND channel_reference IS NULL RETURNING *
                """,
                attempt_id,
                reference,
                cashier_url,
            )
            return await read_attempt(connection, attempt_id) if row is None else to_attempt(row)

    async def attempt(self, attempt_id: AttemptId) -> Attempt:
        """The attempt as it stands. `NotFound`."""
        async with self._db.reader() as connection:
            return await read_attempt(connection, attempt_id)

    async def attempts(self, payment_id: PaymentId) -> tuple[Attempt, ...]:
        """Every attempt of a payment, oldest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT * FROM attempts WHERE payment_id = $1 ORDER BY created_at, attempt_id", payment_id
            )
        return tuple(map(to_attempt, rows))

    async def attempts_open(self, order_id: OrderId) -> tuple[Attempt, ...]:
        """The attempts of an order that may still bring money, oldest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT a.* FROM attempts a JOIN payments p USING (payment_id)
                WHERE p.order_id = $1 AND a.state = 'pending' ORDER BY a.created_at, a.attempt_id
                """,
                order_id,
            )
        return tuple(map(to_attempt, rows))

    async def attempts_waiting_since(
        self, moment: datetime, *, limit: int, after: AttemptId | None = None, channel: str | None = None
    ) -> tuple[Attempt, ...]:
        """Attempts opened before `moment` that the channel was told of and that neither paid nor closed, of open and of
        closed payments alike: the channel should be asked. In pages by attempt id, of one channel or of all."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM attempts
                WHERE state = 'pending' AND channel_reference IS NOT NULL AND created_at < $1
                  AND ($2::text IS NULL OR attempt_id > $2) AND ($4::text IS NULL OR channel = $4)
                ORDER BY attempt_id LIMIT $3
                """,
                moment,
                after,
                limit,
                channel,
            )
        return tuple(map(to_attempt, rows))

    async def channels_waiting_since(self, moment: datetime) -> tuple[str, ...]:
        """The channels that have attempts of which `attempts_waiting_since` tells."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT DISTINCT channel FROM attempts
                WHERE state = 'pending' AND channel_reference IS NOT NULL AND created_at < $1 ORDER BY channel
                """,
                moment,
            )
        return tuple(row["channel"] for row in rows)

    async def close_attempt(self, attempt_id: AttemptId) -> Attempt:
        """Nobody can pay this attempt any more, says its channel. Idempotent; one that brought money stays as it is."""
        async with self._db.transaction() as tx:
            known = await read_attempt(tx, attempt_id)
            await lock_payment(tx, known.payment_id)
            await tx.execute(
                "UPDATE attempts SET state = 'closed' WHERE attempt_id = $1 AND state = 'pending'", attempt_id
            )
            return await read_attempt(tx, attempt_id)


def _same_or_refuse(known: Attempt, payment_id: PaymentId, channel: str, method: str, amount: Money | None) -> Attempt:
    asked = (payment_id, channel, method, known.amount if amount is None else amount)
    if (known.payment_id, known.channel, known.method, known.amount) != asked:
        raise AttemptConflict.of(known.attempt_id)
    return known


def _refuse_amount(payment: Payment, wanted: Money) -> None:
    if wanted.currency != payment.amount.currency or wanted.minor <= 0:
        raise AttemptAmountInvalid.of(payment.payment_id, wanted, payment.amount.currency)
    left = left_to_pay(payment)
    if left < wanted:
        raise AttemptExceedsRest.of(payment.payment_id, wanted, left)
