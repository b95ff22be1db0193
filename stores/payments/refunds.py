"""Money on its way back: held first, then booked leg by leg as channels confirm it, or released."""

from datetime import datetime

from hanse.database import Connection, Database
from models.payments.errors import RefundConflict, RefundNotReleased
from models.payments.messages import BookRefund, RefundHeld, RefundInput, RefundLegState, RefundReport, ReleaseRefund
from models.payments.types import Payment, Refund, RefundState
from models.shared import Money
from models.shared.ids import PaymentId, RefundId
from models.shared.refusals import NotFound
from stores.payments.refund_legs import (
    book_leg,
    find_room,
    hold_legs,
    legs_to_go,
    not_given_back,
    read_leg,
    release_leg,
    set_leg,
)
from stores.payments.refund_reading import read_refund, refund_row_of_leg
from stores.payments.rows import Row, lock_payment, money, sole_row, to_leg


class Refunds:
    """Refunds of a payment happen one after another, under the payment's row lock."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def hold_refund(self, ask: RefundInput, now: datetime) -> RefundHeld:
        """Hold an amount against what can still go back (captured − refunded − held − charged back, never below zero however many ask
        at once) and say over which captured attempts it goes. Idempotent by refund id; `RefundConflict` if it names
        another refund. A refund that was released after a channel's refusal is held again, for what has not gone back
        yet, in legs with new ids; when other refunds have taken a part of that, for the rest, and its amount is lowered.

        With `attempt_id` it gives back one surplus capture; surplus goes back in no other way. `RefundExceedsRest`,
        `RefundAmountInvalid`, `PaymentStillOpen`, `CaptureNotSurplus`, `NotFound`.
        """
        async with self._db.transaction() as tx:
            payment = await lock_payment(tx, ask.payment_id)
            if payment.order_id != ask.order_id:
                raise NotFound(f"Order {ask.order_id} has no payment {ask.payment_id}.")
            known = await tx.fetchrow("SELECT * FROM refunds WHERE refund_id = $1", ask.refund_id)
            if known is None:
                room = await find_room(tx, payment, ask.attempt_id)
                amount = room.take(ask.amount, or_the_rest=ask.or_the_rest)
                await _insert(tx, ask, amount, now)
                await hold_legs(tx, payment, ask.refund_id, 1, room, amount, now)
            else:
                _same_or_refuse(known, ask)
                if known["state"] == RefundState.REFUSED:
                    await _hold_again(tx, payment, known, now, or_the_rest=True)
            return await _held(tx, ask.refund_id)

    async def mark_leg_sent(self, leg_id: RefundId) -> None:
        """The channel is about to be asked: from now on the money may be gone whatever we hear. Idempotent."""
        async with self._db.transaction() as tx:
            refund = await refund_row_of_leg(tx, leg_id)
            await lock_payment(tx, PaymentId(refund["payment_id"]))
            await tx.execute("UPDATE refund_legs SET state = 'processing' WHERE leg_id = $1 AND state = 'held'", leg_id)
            await tx.execute(
                "UPDATE refunds SET state = 'submitted' WHERE refund_id = $1 AND state = 'held'", refund["refund_id"]
            )

    async def record_leg(self, report: RefundReport, now: datetime) -> RefundReport:
        """Keep what the channel says about a leg and answer how the leg stands then. A success is booked at once, a
        refusal keeps its hold until `release_refund`. The first final word stays; a success after the hold was released
        is kept as a contradiction, which the audit shows. `NotFound`."""
        async with self._db.transaction() as tx:
            refund = await refund_row_of_leg(tx, report.leg_id)
            payment = await lock_payment(tx, PaymentId(refund["payment_id"]))
            leg = await read_leg(tx, report.leg_id)
            match (report.state, leg["state"]):
                case (RefundLegState.SUCCEEDED, "held" | "processing" | "refused"):
                    await book_leg(tx, payment, leg, now)
                case (RefundLegState.SUCCEEDED, "released"):
                    await set_leg(tx, report.leg_id, "contradicted", "The channel paid after the hold was released.")
                case (RefundLegState.REFUSED, "held" | "processing"):
                    await set_leg(tx, report.leg_id, "refused", report.detail)
                    if refund["state"] == RefundState.REFUSED:
                        await release_leg(tx, payment, leg, now)
            return _as_report(await read_leg(tx, report.leg_id))

    async def book_refund(self, ask: BookRefund) -> Refund:
        """All legs have gone back, says the saga: book those not booked yet and finish the refund. Idempotent by refund
        id. A refund with a refused leg cannot be finished so: an error."""
        async with self._db.transaction() as tx:
            payment, refund = await _lock_refund(tx, ask.refund_id)
            if refund["state"] in (RefundState.SUCCEEDED, RefundState.OTHER_MEANS):
                return await read_refund(tx, ask.refund_id)
            legs = await legs_to_go(tx, refund)
            refused = [leg["leg_id"] for leg in legs if leg["state"] not in ("held", "processing", "succeeded")]
            if refused or refund["state"] == RefundState.REFUSED:
                raise ValueError(
                    f"refund {ask.refund_id} is not complete, legs {refused} did not go back; release it instead"
                )
            for leg in legs:
                if leg["state"] != "succeeded":
                    await book_leg(tx, payment, leg, ask.at)
            await _finish(tx, ask.refund_id, RefundState.SUCCEEDED, ask.at)
            return await read_refund(tx, ask.refund_id)

    async def release_refund(self, ask: ReleaseRefund) -> Refund | None:
        """Give back the hold of every leg that was refused or never sent, and call the refund refused. A leg that the
        channel is still working on keeps its hold until `record_leg` hears the end of it. Does nothing to a refund that
        is finished, released already, or was never held (None)."""
        async with self._db.transaction() as tx:
            try:
                payment, refund = await _lock_refund(tx, ask.refund_id)
            except NotFound:
                return None
            if refund["state"] in (RefundState.HELD, RefundState.SUBMITTED):
                legs = await legs_to_go(tx, refund)
                for leg in legs:
                    if leg["state"] in ("held", "refused"):
                        await release_leg(tx, payment, leg, ask.at)
                await tx.execute(
                    "UPDATE refunds SET state = 'refused', refusal = $2 WHERE refund_id = $1", ask.refund_id, ask.detail
                )
            return await read_refund(tx, ask.refund_id)

    async def refund_by_other_means(self, refund_id: RefundId, actor: str, now: datetime) -> Refund:
        """An operator paid back, outside the channel, what a refused refund still owes: book it. Idempotent by refund id.
        `RefundNotReleased` if its channel has not refused it; `RefundExceedsRest` if the money went back otherwise."""
        async with self._db.transaction() as tx:
            payment, refund = await _lock_refund(tx, refund_id)
            if refund["state"] == RefundState.OTHER_MEANS:
                return await read_refund(tx, refund_id)
            if refund["state"] != RefundState.REFUSED:
                raise RefundNotReleased.of(refund_id, refund["state"])
            await _hold_again(tx, payment, refund, now, or_the_rest=False)
            for leg in await legs_to_go(tx, await _refund_row(tx, refund_id)):
                if leg["state"] == "held":
                    await book_leg(tx, payment, leg, now, by_other_means=True)
            await _finish(tx, refund_id, RefundState.OTHER_MEANS, now, actor)
            return await read_refund(tx, refund_id)


async def _insert(tx: Connection, ask: RefundInput, amount: Money, now: datetime) -> None:
    await tx.execute(
        """
        INSERT INTO refunds (refund_id, payment_id, order_id, currency, amount_minor, asked_minor, reason, state,
                             attempt_id, lines, actor, note, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'held', $8, $9, $10, $11, $12)
        """,
        ask.refund_id,
        ask.payment_id,
        ask.order_id,
        amount.currency,
        amount.minor,
        ask.amount.minor if ask.amount else None,
        ask.reason,
        ask.attempt_id,
        [line.model_dump() for line in ask.lines],
        ask.actor,
        ask.note,
        now,
    )


def _same_or_refuse(known: Row, ask: RefundInput) -> None:
    asked = (ask.payment_id, ask.attempt_id, ask.amount.minor if ask.amount else None)
    if (known["payment_id"], known["attempt_id"], known["asked_minor"]) != asked:
        raise RefundConflict.of(ask.refund_id)


async def _hold_again(tx: Connection, payment: Payment, refund: Row, now: datetime, *, or_the_rest: bool) -> None:
    """Hold what a released refund has not given back yet, in a new round of legs."""
    refund_id = RefundId(refund["refund_id"])
    room = await find_room(tx, payment, refund["attempt_id"])
    owed = await not_given_back(tx, refund)
    amount = room.take(owed, or_the_rest=or_the_rest)
    round_no = refund["round_no"] + 1
    await hold_legs(tx, payment, refund_id, round_no, room, amount, now)
    await tx.execute(
        "UPDATE refunds SET state = 'held', refusal = NULL, round_no = $2, amount_minor = amount_minor - $3"
        " WHERE refund_id = $1",
        refund_id,
        round_no,
        (owed - amount).minor,
    )


async def _held(tx: Connection, refund_id: RefundId) -> RefundHeld:
    refund = await _refund_row(tx, refund_id)
    legs = tuple(map(to_leg, await legs_to_go(tx, refund)))
    return RefundHeld(refund_id=refund_id, amount=money(refund["amount_minor"], refund["currency"]), legs=legs)


async def _refund_row(tx: Connection, refund_id: RefundId) -> Row:
    return await sole_row(tx, "SELECT * FROM refunds WHERE refund_id = $1", refund_id)


async def _lock_refund(tx: Connection, refund_id: RefundId) -> tuple[Payment, Row]:
    payment_id = await tx.fetchval("SELECT payment_id FROM refunds WHERE refund_id = $1", refund_id)
    if payment_id is None:
        raise NotFound(f"There is no refund {refund_id}.")
    payment = await lock_payment(tx, PaymentId(payment_id))
    return payment, await _refund_row(tx, refund_id)


def _as_report(leg: Row) -> RefundReport:
    states = {
        "held": RefundLegState.PROCESSING,
        "processing": RefundLegState.PROCESSING,
        "succeeded": RefundLegState.SUCCEEDED,
        "contradicted": RefundLegState.SUCCEEDED,
    }
    state = states.get(leg["state"], RefundLegState.REFUSED)
    return RefundReport(leg_id=RefundId(leg["leg_id"]), state=state, detail=leg["detail"])


async def _finish(
    tx: Connection, refund_id: RefundId, state: RefundState, now: datetime, actor: str | None = None
) -> None:
    await tx.execute(
        """
        UPDATE refunds SET state = $2, finished_at = $3, note = CASE WHEN $4::text IS NULL THEN note
            ELSE concat_ws(E'\\n', nullif(note, ''), 'paid back by other means: ' || $4) END
        WHERE refund_id = $1
        """,
        refund_id,
        state,
        now,
        actor,
    )
