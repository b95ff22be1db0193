"""What is written into the books that no capture and no refund explains: operators' adjustments, and fees as channels state them."""

from datetime import datetime

from hanse.database import Database
from models.payments.ledger import (
    ADJUSTABLE,
    FEES,
    Adjustment,
    Transfer,
    TransferKind,
    receivable,
)
from models.payments.ledger_errors import AccountNotAdjustable, AdjustmentConflict
from models.shared import Money
from models.shared.ids import AdjustmentId, AttemptId
from stores.payments.ledger import book
from stores.payments.rows import Row, lock_payment, money, read_attempt, sole_row


class Adjusting:
    """Corrections are new transfers; nothing in the books changes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def adjust(self, ask: Adjustment, channels: tuple[str, ...]) -> Adjustment:
        """Write an operator's transfer into the books. Idempotent by adjustment id, `AdjustmentConflict` if it names another.
        `AccountNotAdjustable` unless both accounts are different ones of `channels` (by name) or expenses."""
        accounts = (*ADJUSTABLE, *map(receivable, channels))
        for account in (ask.debit, ask.credit):
            if account not in accounts or ask.debit == ask.credit:
                raise AccountNotAdjustable.of(account, accounts)
        async with self._db.transaction() as tx:
            row = await tx.fetchrow(
                """
                INSERT INTO adjustments (adjustment_id, debit, credit, amount_minor, currency, reason, actor, at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING *
                """,
                *(ask.adjustment_id, ask.debit, ask.credit, ask.amount.minor, ask.amount.currency),
                *(ask.reason, ask.actor, ask.at),
            )
            if row is None:
                known = await sole_row(tx, "SELECT * FROM adjustments WHERE adjustment_id = $1", ask.adjustment_id)
                return _same_or_refuse(known, ask)
            moved = Transfer(
                kind=TransferKind.ADJUSTMENT,
                reference=ask.adjustment_id,
                debit=ask.debit,
                credit=ask.credit,
                amount=ask.amount,
            )
            await book(tx, None, [moved], ask.at)
            return _to_adjustment(row)

    async def list_adjustments(self, *, limit: int, before: AdjustmentId | None = None) -> tuple[Adjustment, ...]:
        """At most `limit` adjustments, newest first, older than `before`."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM adjustments WHERE ($1::text IS NULL OR adjustment_id < $1)
                ORDER BY adjustment_id DESC LIMIT $2
                """,
                *(before, limit),
            )
        return tuple(map(_to_adjustment, rows))

    async def book_stated_fee(self, attempt_id: AttemptId, stated: Money, report: int, now: datetime) -> Money:
        """Make the books say, of this attempt's fee, what the channel states: the difference is booked, if there is one still,
        under the payment's row lock. Idempotent: what is there already is not booked again. Answers what was added; negative
        when the channel kept less. `NotFound`."""
        async with self._db.transaction() as tx:
            attempt = await read_attempt(tx, attempt_id)
            payment = await lock_payment(tx, attempt.payment_id)
            booked = await tx.fetchval(
                """
                SELECT coalesce(sum(CASE WHEN debit = 'fees' THEN amount_minor ELSE -amount_minor END), 0)::bigint
                FROM ledger WHERE payment_id = $1 AND kind IN ('fee', 'fee_correction')
                  AND (reference = $2 OR starts_with(reference, $2 || '/'))
                """,
                *(payment.payment_id, attempt_id),
            )
            more = stated.minor - booked
            ours, theirs = FEES, receivable(attempt.channel)
            correction = Transfer(
                kind=TransferKind.FEE_CORRECTION,
                reference=f"{attempt_id}/{report}",
                debit=ours if more > 0 else theirs,
                credit=theirs if more > 0 else ours,
                amount=money(abs(more), stated.currency),
            )
            await book(tx, payment, [correction], now)
            return money(more, stated.currency)


def _to_adjustment(row: Row) -> Adjustment:
    same = {name: row[name] for name in Adjustment.model_fields if name != "amount"}
    return Adjustment.model_validate({**same, "amount": money(row["amount_minor"], row["currency"])})


def _same_or_refuse(row: Row, ask: Adjustment) -> Adjustment:
    known = _to_adjustment(row)
    if (known.debit, known.credit, known.amount) != (ask.debit, ask.credit, ask.amount):
        raise AdjustmentConflict.of(ask.adjustment_id)
    return known
