"""What is owed, changed while nobody has paid."""

from hanse.database import Connection, Database
from models.orders.errors import PriceNotAdjustable
from models.payments.errors import PaymentConflict
from models.payments.messages import ChangeAmount
from models.payments.rules import why_amount_stays
from models.payments.types import Payment
from models.shared.refusals import NotFound
from stores.payments.rows import lock_payment_of_order, sole_row, to_payment


class Amounts:
    """The amount of a payment, under the lock that every capture takes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def change_amount(self, change: ChangeAmount) -> Payment:
        """Ask another amount from now on. Of a change and a capture that race, one comes first under the payment's lock: a
        capture that was kept refuses the change, and a change makes surplus of a capture that exceeds it.

        Idempotent by key: a repeat finds the payment as it stands, whatever was paid or changed since; `PaymentConflict` if it
        asks for something else. Refuses `PriceNotAdjustable` (`rules.why_amount_stays`), `NotFound`.
        """
        async with self._db.transaction() as tx:
            payment = await lock_payment_of_order(tx, change.order_id)
            if payment is None:
                raise NotFound(f"Order {change.order_id} has no payment.")
            if await _is_done(tx, payment, change):
                return payment
            open_ones = "SELECT EXISTS (SELECT FROM attempts WHERE payment_id = $1 AND state = 'pending')"
            attempts_open = await tx.fetchval(open_ones, payment.payment_id)
            if why := why_amount_stays(payment, attempts_open=attempts_open):
                raise PriceNotAdjustable(
                    f"The payment of order {change.order_id} {why}. Look at it, and ask again later."
                )
            await tx.execute(
                """
                INSERT INTO amount_changes (change_key, payment_id, was_minor, amount_minor, at)
                VALUES ($1, $2, $3, $4, $5)
                """,
                change.key,
                payment.payment_id,
                payment.amount.minor,
                change.amount.minor,
                change.at,
            )
            query = "UPDATE payments SET amount_minor = $2 WHERE payment_id = $1 RETURNING *"
            return to_payment(await sole_row(tx, query, payment.payment_id, change.amount.minor))


async def _is_done(tx: Connection, payment: Payment, change: ChangeAmount) -> bool:
    row = await tx.fetchrow("SELECT payment_id, amount_minor FROM amount_changes WHERE change_key = $1", change.key)
    if row is not None and tuple(row) != (payment.payment_id, change.amount.minor):
        raise PaymentConflict.of(payment.payment_id)
    if change.amount.currency != payment.amount.currency:
        raise PaymentConflict.of(payment.payment_id)
    return row is not None
