"""Which chargebacks what was kept pays for. Runs in the caller's transaction, which holds the payment's row lock."""

from datetime import datetime

from hanse.database import Connection
from models.payments.ledger import CHARGEBACKS, CUSTOMER_DEPOSITS, SURPLUS_DEPOSITS, Transfer, TransferKind
from models.payments.types import AttemptState, Payment
from models.shared.ids import AttemptId
from stores.payments.ledger import book
from stores.payments.rows import money, sole_row


async def cover_chargebacks(tx: Connection, payment: Payment, attempt_id: AttemptId, cause: str, now: datetime) -> None:
    """What is left of a capture pays for its chargebacks, the oldest first, so that no refund can give it back any more. `cause`
    names what left something: a chargeback, or the leg of a refund that was released."""
    bare = await tx.fetch(
        """
        SELECT chargeback_id, amount_minor - covered_minor AS bare_minor FROM chargebacks
        WHERE attempt_id = $1 AND covered_minor < amount_minor ORDER BY chargeback_id
        """,
        attempt_id,
    )
    if not bare:
        return
    attempt = await sole_row(
        tx,
        """
        SELECT state, currency, amount_minor - refunded_minor - held_minor - charged_back_minor AS left_minor
        FROM attempts WHERE attempt_id = $1
        """,
        attempt_id,
    )
    kept = attempt["state"] != AttemptState.SURPLUS
    left, transfers = attempt["left_minor"], []
    for row in bare:
        part = min(left, row["bare_minor"])
        if part == 0:
            break
        left -= part
        await tx.execute(
            "UPDATE chargebacks SET covered_minor = covered_minor + $2 WHERE chargeback_id = $1",
            *(row["chargeback_id"], part),
        )
        transfers.append(
            Transfer(
                kind=TransferKind.CHARGEBACK_COVER,
                reference=f"{row['chargeback_id']}/{cause}",
                debit=CUSTOMER_DEPOSITS if kept else SURPLUS_DEPOSITS,
                credit=CHARGEBACKS,
                amount=money(part, attempt["currency"]),
            )
        )
    await _move_sums(tx, payment, attempt_id, attempt["left_minor"] - left, kept=kept)
    await book(tx, payment, transfers, now)


async def _move_sums(tx: Connection, payment: Payment, attempt_id: AttemptId, minor: int, *, kept: bool) -> None:
    await tx.execute(
        "UPDATE attempts SET charged_back_minor = charged_back_minor + $2 WHERE attempt_id = $1", attempt_id, minor
    )
    if kept:
        await tx.execute(
            "UPDATE payments SET charged_back_minor = charged_back_minor + $2 WHERE payment_id = $1",
            *(payment.payment_id, minor),
        )
