"""The books: transfers are written here and nowhere else, and never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hanse.database import Connection, Database
from models.payments.ledger import (
    ADJUSTMENTS,
    CHARGEBACKS,
    OTHER_MEANS,
    REFUNDS_PAYABLE,
    SURPLUS_DEPOSITS,
    AccountBalance,
    BookedTransfer,
    Transfer,
    TransferKind,
)
from models.payments.types import Payment
from models.shared.ids import OrderId, PaymentId
from stores.payments.rows import Row, money, narrowed

# Nearly every row is the capture of an order or its fee. The others have an index of their own (`ledger_seldom`), so that whoever
# looks for them does not read a million of those.
_SELDOM = "kind NOT IN ('capture', 'fee')"
_SELDOM_KINDS = frozenset(TransferKind) - {TransferKind.CAPTURE, TransferKind.FEE}
_SELDOM_TOUCHED = frozenset({SURPLUS_DEPOSITS, REFUNDS_PAYABLE, OTHER_MEANS, CHARGEBACKS, ADJUSTMENTS})


async def book(tx: Connection, payment: Payment | None, transfers: Sequence[Transfer], now: datetime) -> None:
    """Write transfers in the caller's transaction. Each (kind, reference) is written once; a second one is an error,
    since the caller's own row lock should have shown that it was done. Only an adjustment concerns no payment."""
    whom = (None, None) if payment is None else (payment.payment_id, payment.order_id)
    rows = [
        (each.kind, each.reference, each.debit, each.credit, each.amount.minor, each.amount.currency)
        for each in transfers
        if each.amount.minor
    ]
    if rows:
        await tx.execute(
            """
            INSERT INTO ledger (kind, reference, debit, credit, amount_minor, currency, payment_id, order_id, at)
            SELECT t.*, $7, $8, $9 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[]) AS t
            """,
            *map(list, zip(*rows, strict=True)),
            *(*whom, now),
        )


class Ledger:
    """Reading the books."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def trial_balance(self, at: datetime | None = None) -> tuple[AccountBalance, ...]:
        """Every account's debits and credits by currency, of what was booked up to `at` (inclusive) or until now. Reads the whole
        book, once: for audits and reports, not for pages. A moment that is seconds old may still get a transfer that was about
        to be written."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT account, currency, sum(debit)::bigint AS debit, sum(credit)::bigint AS credit,
                       (sum(debit) - sum(credit))::bigint AS balance
                FROM (
                    SELECT debit AS debited, credit AS credited, currency, sum(amount_minor) AS amount FROM ledger
                    WHERE $1::timestamptz IS NULL OR at <= $1 GROUP BY debit, credit, currency
                ) AS pairs
                CROSS JOIN LATERAL (VALUES (debited, amount, 0), (credited, 0, amount)) AS sides (account, debit, credit)
                GROUP BY account, currency ORDER BY currency, account
                """,
                at,
                timeout=60,
            )
        return tuple(AccountBalance(**dict(row)) for row in rows)

    async def transfers(self, payment_id: PaymentId) -> tuple[BookedTransfer, ...]:
        """Everything booked for one payment, in the order it was booked."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT * FROM ledger WHERE payment_id = $1 ORDER BY number", payment_id)
        return tuple(map(_to_transfer, rows))

    async def entries(
        self,
        *,
        limit: int,
        before: int | None = None,
        account: str | None = None,
        kind: TransferKind | None = None,
        order_id: OrderId | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[BookedTransfer, ...]:
        """At most `limit` transfers, newest first, older than number `before`; of one account (on either side), kind, order or
        span of time (`since` and `until` inclusive), or all."""
        where, arguments = narrowed(
            {
                "number < ${}": before,
                "${} IN (debit, credit)": account,
                "kind = ${}": kind,
                "payment_id = (SELECT payment_id FROM payments WHERE order_id = ${})": order_id,
                "at >= ${}": since,
                "at <= ${}": until,
            }
        )
        seldom = f"AND {_SELDOM}" if account in _SELDOM_TOUCHED or kind in _SELDOM_KINDS else ""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"SELECT * FROM ledger {where} {seldom} ORDER BY number DESC LIMIT $1", limit, *arguments
            )
        return tuple(map(_to_transfer, rows))


def _to_transfer(row: Row) -> BookedTransfer:
    names = set(BookedTransfer.model_fields) - {"amount"}
    values: dict[str, Any] = {name: row[name] for name in names}
    return BookedTransfer.model_validate({**values, "amount": money(row["amount_minor"], row["currency"])})
