"""One payment an order: open it, read it, list it."""

from collections.abc import Sequence
from datetime import datetime

from hanse.database import Database
from models.payments.errors import PaymentConflict
from models.payments.messages import OpenPayment
from models.payments.types import Payment, PaymentState
from models.shared.ids import OrderId, PaymentId, UserId
from models.shared.refusals import NotFound
from stores.payments.rows import narrowed, read_payment, to_payment


class Payments:
    """What is owed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def open_payment(self, ask: OpenPayment) -> Payment:
        """Open the order's only payment. Idempotent by order id: a repeat finds the payment as it stands now, whatever
        became of it. `PaymentConflict` if the order's payment has another id, amount or buyer."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(
                """
                INSERT INTO payments (payment_id, order_id, user_id, currency, amount_minor, state, due_at, created_at)
                VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7)
                ON CONFLICT DO NOTHING RETURNING *
                """,
                ask.payment_id,
                ask.order_id,
                ask.user_id,
                ask.amount.currency,
                ask.amount.minor,
                ask.due_at,
                ask.at,
            )
            if row is None:  # it was there
                row = await connection.fetchrow("SELECT * FROM payments WHERE order_id = $1", ask.order_id)
        payment = to_payment(row) if row else None
        asked = (ask.payment_id, ask.user_id, ask.amount)
        if payment is None or (payment.payment_id, payment.user_id, payment.amount) != asked:
            raise PaymentConflict.of(ask.payment_id)
        return payment

    async def payment(self, payment_id: PaymentId) -> Payment:
        """The payment as it stands. `NotFound`."""
        async with self._db.reader() as connection:
            return await read_payment(connection, payment_id)

    async def payment_for_order(self, order_id: OrderId) -> Payment:
        """The order's payment as it stands. `NotFound` if none was opened."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow("SELECT * FROM payments WHERE order_id = $1", order_id)
        if row is None:
            raise NotFound(f"Order {order_id} has no payment.")
        return to_payment(row)

    async def list_payments(
        self,
        *,
        limit: int,
        before: PaymentId | None = None,
        state: PaymentState | None = None,
        user_id: UserId | None = None,
    ) -> tuple[Payment, ...]:
        """At most `limit` payments, newest first, older than `before`; narrowed by state and buyer."""
        where, arguments = narrowed({"payment_id < ${}": before, "state = ${}": state, "user_id = ${}": user_id})
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"SELECT * FROM payments {where} ORDER BY payment_id DESC LIMIT $1", limit, *arguments
            )
        return tuple(map(to_payment, rows))

    async def payments_overdue(self, moment: datetime, *, limit: int) -> tuple[Payment, ...]:
        """Open payments whose window should have ended before `moment`, oldest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT * FROM payments WHERE state = 'pending' AND due_at < $1 ORDER BY payment_id LIMIT $2",
                moment,
                limit,
            )
        return tuple(map(to_payment, rows))

    async def payments_ended(self, order_ids: Sequence[OrderId], moment: datetime) -> tuple[Payment, ...]:
        """Those payments of these orders that were complete or closed before `moment`."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT * FROM payments WHERE order_id = ANY($1::text[]) AND settled_at < $2 ORDER BY payment_id",
                list(order_ids),
                moment,
            )
        return tuple(map(to_payment, rows))
