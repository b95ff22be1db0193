"""The legs of a refund: where there is room, and the sums and transfers that move with each leg.

Every function runs in the caller's transaction, which holds the payment's row lock.
"""

from dataclasses import dataclass
from datetime import datetime

from hanse.database import Connection
from models.payments.errors import CaptureNotSurplus, PaymentStillOpen, RefundAmountInvalid, RefundExceedsRest
from models.payments.ledger import (
    CUSTOMER_DEPOSITS,
    OTHER_MEANS,
    REFUNDS_PAYABLE,
    SURPLUS_DEPOSITS,
    Transfer,
    TransferKind,
    receivable,
)
from models.payments.rules import leg_id_of, split_refund
from models.payments.types import AttemptState, Payment, PaymentState
from models.shared import Money
from models.shared.ids import AttemptId, RefundId
from models.shared.money import total
from models.shared.refusals import NotFound
from stores.payments.covering import cover_chargebacks
from stores.payments.ledger import book
from stores.payments.rows import Row, money, sole_row

_LEGS = """
    SELECT l.*, a.channel, a.channel_reference, a.currency, a.payment_id, a.state AS attempt_state
    FROM refund_legs l JOIN attempts a USING (attempt_id)
"""


@dataclass(frozen=True)
class Room:
    """The captures over which money may go back, each with what is left of it."""

    payment: Payment
    left: list[tuple[AttemptId, Money]]

    def take(self, asked: Money | None, *, or_the_rest: bool = False) -> Money:
        """The amount to hold: what is asked, or all that is left. Refused unless it is positive and fits; with `or_the_rest`
        so much of it as fits."""
        currency = self.payment.amount.currency
        left = total([part for _, part in self.left], currency)
        if asked is not None and (asked.currency != currency or asked.minor <= 0):
            raise RefundAmountInvalid.of(self.payment.payment_id, asked, currency)
        wanted = left if asked is None or (or_the_rest and left < asked) else asked
        if wanted.minor == 0 or left < wanted:
            raise RefundExceedsRest.of(self.payment.payment_id, left)
        return wanted


async def find_room(tx: Connection, payment: Payment, attempt_id: AttemptId | None) -> Room:
    """Where money may go back over: one surplus capture if it is named, else all captures kept for the order."""
    if attempt_id is None and payment.state is PaymentState.PENDING:
        raise PaymentStillOpen.of(payment.payment_id)
    rows = await tx.fetch(
        """
        SELECT attempt_id, state, currency, amount_minor - refunded_minor - held_minor - charged_back_minor AS left_minor
        FROM attempts
        WHERE payment_id = $1 AND CASE WHEN $2::text IS NULL THEN state = 'captured' ELSE attempt_id = $2 END
        """,
        payment.payment_id,
        attempt_id,
    )
    if attempt_id is not None and not rows:
        raise NotFound(f"Payment {payment.payment_id} has no attempt {attempt_id}.")
    if attempt_id is not None and rows[0]["state"] != AttemptState.SURPLUS:
        raise CaptureNotSurplus.of(attempt_id)
    return Room(payment, [(AttemptId(row["attempt_id"]), money(row["left_minor"], row["currency"])) for row in rows])


async def hold_legs(
    tx: Connection, payment: Payment, refund_id: RefundId, round_no: int, room: Room, amount: Money, now: datetime
) -> None:
    """Spread `amount` over the room in a new round of legs, and hold it."""
    for attempt_id, part in split_refund(amount, room.left):
        leg_id = leg_id_of(refund_id, attempt_id, now, round_no)
        await tx.execute(
            """
            INSERT INTO refund_legs (leg_id, refund_id, attempt_id, round_no, amount_minor, state)
            VALUES ($1, $2, $3, $4, $5, 'held')
            """,
            leg_id,
            refund_id,
            attempt_id,
            round_no,
            part.minor,
        )
        leg = await read_leg(tx, leg_id)
        await _move_sums(tx, leg, held=part.minor, refunded=0)
        await _book(tx, payment, leg, TransferKind.REFUND_HOLD, _deposit(leg), REFUNDS_PAYABLE, now)


async def book_leg(tx: Connection, payment: Payment, leg: Row, now: datetime, *, by_other_means: bool = False) -> None:
    """The leg's money is gone: over its channel, or by other means."""
    kind = TransferKind.OTHER_MEANS if by_other_means else TransferKind.REFUND
    paid_from = OTHER_MEANS if by_other_means else receivable(leg["channel"])
    await set_leg(tx, RefundId(leg["leg_id"]), "succeeded", "")
    await _move_sums(tx, leg, held=-leg["amount_minor"], refunded=leg["amount_minor"])
    await _book(tx, payment, leg, kind, REFUNDS_PAYABLE, paid_from, now)


async def release_leg(tx: Connection, payment: Payment, leg: Row, now: datetime) -> None:
    """The leg's money stays: its hold is given back, and pays first for what was charged back meanwhile."""
    await set_leg(tx, RefundId(leg["leg_id"]), "released", leg["detail"])
    await _move_sums(tx, leg, held=-leg["amount_minor"], refunded=0)
    await _book(tx, payment, leg, TransferKind.REFUND_RELEASE, REFUNDS_PAYABLE, _deposit(leg), now)
    await cover_chargebacks(tx, payment, AttemptId(leg["attempt_id"]), leg["leg_id"], now)


async def set_leg(tx: Connection, leg_id: RefundId, state: str, detail: str) -> None:
    """Keep a leg's state with the channel's words."""
    await tx.execute("UPDATE refund_legs SET state = $2, detail = $3 WHERE leg_id = $1", leg_id, state, detail[:500])


async def read_leg(tx: Connection, leg_id: RefundId) -> Row:
    """A leg that exists, with its attempt's facts."""
    return await sole_row(tx, f"{_LEGS} WHERE l.leg_id = $1", leg_id)


async def legs_to_go(tx: Connection, refund: Row) -> list[Row]:
    """The legs of the refund's current round, and those of earlier rounds that their channel still works on."""
    found: list[Row] = await tx.fetch(
        f"{_LEGS} WHERE l.refund_id = $1 AND (l.round_no = $2 OR l.state = 'processing') ORDER BY l.round_no, l.leg_id",
        refund["refund_id"],
        refund["round_no"],
    )
    return found


async def legs_to_show(tx: Connection, refund: Row) -> list[Row]:
    """The legs of the current round, and those of earlier rounds that went back or may still do."""
    found: list[Row] = await tx.fetch(
        f"""{_LEGS} WHERE l.refund_id = $1 AND (l.round_no = $2 OR l.state IN ('succeeded', 'processing', 'contradicted'))
        ORDER BY l.round_no, l.leg_id""",
        refund["refund_id"],
        refund["round_no"],
    )
    return found


async def not_given_back(tx: Connection, refund: Row) -> Money:
    """What of a released refund has neither gone back nor is on its way."""
    gone = await tx.fetchval(
        """
        SELECT coalesce(sum(amount_minor), 0)::bigint FROM refund_legs
        WHERE refund_id = $1 AND state IN ('succeeded', 'processing')
        """,
        refund["refund_id"],
    )
    return money(refund["amount_minor"] - gone, refund["currency"])


def _deposit(leg: Row) -> str:
    return SURPLUS_DEPOSITS if leg["attempt_state"] == AttemptState.SURPLUS else CUSTOMER_DEPOSITS


async def _move_sums(tx: Connection, leg: Row, *, held: int, refunded: int) -> None:
    await tx.execute(
        "UPDATE attempts SET held_minor = held_minor + $2, refunded_minor = refunded_minor + $3 WHERE attempt_id = $1",
        leg["attempt_id"],
        held,
        refunded,
    )
    if leg["attempt_state"] != AttemptState.SURPLUS:
        await tx.execute(
            "UPDATE payments SET held_minor = held_minor + $2, refunded_minor = refunded_minor + $3 WHERE payment_id = $1",
            leg["payment_id"],
            held,
            refunded,
        )


async def _book(
    tx: Connection, payment: Payment, leg: Row, kind: TransferKind, debit: str, credit: str, now: datetime
) -> None:
    amount = money(leg["amount_minor"], leg["currency"])
    transfer = Transfer(kind=kind, reference=leg["leg_id"], debit=debit, credit=credit, amount=amount)
    await book(tx, payment, [transfer], now)
