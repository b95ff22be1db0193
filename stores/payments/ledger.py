"""The books: transfers are written here and nowhere else, and never changed."""

from collections.abc import Sequence
from datetime import datetime

from hanse.database import Connection, Database
from models.payments.ledger import AccountBalance, BookedTransfer, Transfer
from models.payments.types import Payment
from models.shared.ids import PaymentId
from stores.payments.rows import money


async def book(tx: Connection, payment: Payment, transfers: Sequence[Transfer], now: datetime) -> None:
    """Write transfers in the caller's transaction. Each (kind, reference) is written once; a second one is an error,
    since the caller's own row lock should have shown that it was done."""
    await tx.executemany(
        """
        INSERT INTO ledger (kind, reference, debit, credit, amount_minor, currency, payment_id, order_id, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        [
            (
                *(transfer.kind, transfer.reference, transfer.debit, transfer.credit),
                *(transfer.amount.minor, transfer.amount.currency, payment.payment_id, payment.order_id, now),
            )
            for transfer in transfers
            if transfer.amount.minor
        ],
    )


class Ledger:
    """Reading the books."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def trial_balance(self) -> tuple[AccountBalance, ...]:
        """Every account's debits and credits by currency. Reads the whole book: for audits and reports, not for pages."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT account, currency, sum(debit)::bigint AS debit, sum(credit)::bigint AS credit
                FROM (
                    SELECT debit AS account, currency, amount_minor AS debit, 0 AS credit FROM ledger
                    UNION ALL
                    SELECT credit, currency, 0, amount_minor FROM ledger
                ) AS sides
                GROUP BY account, currency ORDER BY currency, account
                """
            )
        return tuple(AccountBalance(**dict(row)) for row in rows)

    async def transfers(self, payment_id: PaymentId) -> tuple[BookedTransfer, ...]:
        """Everything booked for one payment, in the order it was booked."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT * FROM ledger WHERE payment_id = $1 ORDER BY number", payment_id)
        names = set(BookedTransfer.model_fields) - {"amount"}
        return tuple(
            BookedTransfer.model_validate(
                {**{name: row[name] for name in names}, "amount": money(row["amount_minor"], row["currency"])}
            )
            for row in rows
        )
