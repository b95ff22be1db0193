"""The steps of sagas that move money. Undo stands directly below do."""

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from prometheus_client import Counter
from temporalio import activity

from activities.siblings import Siblings
from channels.payment.contract import ChannelPayment, ChannelRefund, RefundRequest, RefundState
from channels.payment.contract import PaymentState as StateAtChannel
from channels.payment.errors import ChannelRefused, ChannelUnavailable
from models.orders.messages import OrderRef, Placement, Settlement, SettlementKind
from models.payments.events import PaymentRefunded, PaymentSucceeded, RefundRefused
from models.payments.messages import (
    AskChannel,
    BookRefund,
    ChangeAmount,
    ChannelAnswer,
    CloseWindow,
    OpenAttempts,
    OpenPayment,
    PaymentReport,
    PaymentTimeoutInput,
    RefundByOtherMeans,
    RefundHeld,
    RefundInput,
    RefundLegRef,
    RefundLegState,
    RefundReport,
    ReleaseRefund,
    RequestStop,
    Settled,
    SettleReport,
    SettleResult,
    StopWaiting,
    WindowClosed,
)
from models.payments.rules import order_refund_id, surplus_refund_id
from models.payments.types import Attempt, AttemptState, Payment, PaymentState, Refund, RefundLeg, RefundReason
from models.payments.types import RefundState as StateHere
from models.shared import Instant, Money
from models.shared.done import Done
from models.shared.events import Event
from models.shared.ids import AttemptId, RefundId
from models.shared.refusals import NotFound
from models.shared.time import Clock

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from channels.payment.registry import PaymentChannels
    from stores.payments import PaymentStore

_log = logging.getLogger(__name__)
_mismatches = Counter("hanse_payment_mismatches", "Reported captures that contradict their attempt", ["channel"])
_LEG_STATE = {
    RefundState.PROCESSING: RefundLegState.PROCESSING,
    RefundState.SUCCEEDED: RefundLegState.SUCCEEDED,
    RefundState.REFUSED: RefundLegState.REFUSED,
}


class PaymentActivities:
    """Store calls are idempotent by the key in their message, calls to channels by attempt id or leg id. Whatever is to be
    told to another saga after a booking is told again when the call is repeated."""

    def __init__(
        self,
        store: "PaymentStore",
        channels: "PaymentChannels",
        siblings: Siblings,
        announcer: "Announcer",
        clock: Clock,
        *,
        callback_base: str,
        placement: Placement,
    ) -> None:
        """`callback_base` is the address of the api as channels reach it; `placement` is that of the refunds begun here."""
        self._store = store
        self._channels = channels
        self._siblings = siblings
        self._announcer = announcer
        self._clock = clock
        self._callback_base = callback_base.rstrip("/")
        self._placement = placement

    # ---- the payment and its window ----------------------------------------------------------------------------------

    @activity.defn(name="payments.open_payment")
    async def open_payment(self, ask: OpenPayment) -> None:
        """Open the order's payment and start its window. Refusal: `payment_conflict`."""
        payment = await self._store.open_payment(ask)
        await self._siblings.start_payment_timeout(
            PaymentTimeoutInput(
                order_id=payment.order_id,
                payment_id=payment.payment_id,
                user_id=payment.user_id,
                due_at=payment.due_at,
                placement=ask.placement,
            ),
            self._clock(),
        )

    @activity.defn(name="payments.close_payment")
    async def close_payment(self, order: OrderRef) -> None:
        """Undo of open: close the payment now, so that whatever comes later is late; let its window close the attempts at
        their channels; send back everything that was paid, even a complete payment. Does nothing when none was opened."""
        now = self._clock()
        ended = await self._store.close_window(order.order_id, SettlementKind.CANCELLED, now)
        if ended.payment is None:
            return
        for attempt in ended.going_back:
            await self._give_back(ended.payment, attempt)
        if ended.kind is SettlementKind.PAID:
            refund_id = order_refund_id(ended.payment.order_id)
            await self._refund(ended.payment, refund_id, RefundReason.ORDER_CANCELLED)
        await self._stop(ended.payment, "saga")

    @activity.defn(name="payments.request_stop")
    async def request_stop(self, ask: RequestStop) -> None:
        """Tell the payment window that the order is being cancelled; it asks the channels a last time, then reports."""
        with suppress(NotFound):
            await self._stop(await self._store.payment_for_order(ask.order_id), ask.actor)

    async def _stop(self, payment: Payment, actor: str) -> None:
        window = PaymentTimeoutInput.taking_up(payment, self._placement)
        asks = window.model_copy(update={"window_closed": False})  # the channels, if it only begins now
        await self._siblings.stop_payment(asks, StopWaiting(actor=actor))

    @activity.defn(name="payments.change_amount")
    async def change_amount(self, change: ChangeAmount) -> None:
        """Ask another amount, if nothing was paid and no attempt is open. Refusal: `price_not_adjustable`."""
        await self._store.change_amount(change)

    @activity.defn(name="payments.settle")
    async def settle(self, ask: SettleReport) -> Settled:
        """Book a report. A payment that is complete is reported to the order; a capture that is not kept starts its refund;
        one that contradicts its attempt raises the alert `hanse_payment_mismatches`. Refusal: `not_found`."""
        booked = await self._store.settle(ask, self._fee)
        attempt = booked.attempt
        if booked.result is SettleResult.MISMATCH:
            _mismatches.labels(attempt.channel).inc()
            _log.error(
                "%s reports %s for attempt %s of %s; nothing is booked, look at the payment's mismatches",
                *(attempt.channel, ask.report.amount, attempt.attempt_id, attempt.amount),
            )
            return Settled(result=booked.result)
        if booked.attempt.state is AttemptState.SURPLUS:
            return Settled(result=booked.result, refund_id=await self._give_back(booked.payment, booked.attempt))
        if booked.payment.state is not PaymentState.PAID:
            return Settled(result=booked.result)
        paid_at = booked.payment.settled_at or ask.at
        await self._report(booked.payment, SettlementKind.PAID, paid_at)
        paid = PaymentSucceeded(
            occurred_at=paid_at,
            order_id=booked.payment.order_id,
            payment_id=booked.payment.payment_id,
            channel=attempt.channel,
            amount=booked.payment.amount,
        )
        unannounced = await self._announcer.announce(paid)
        return Settled(result=booked.result, paid=True, still_open=booked.still_open, unannounced=unannounced)

    def _fee(self, attempt: Attempt) -> Money:
        return self._channels.named(attempt.channel).terms.fee.on(attempt.amount)

    @activity.defn(name="payments.attempts_open")
    async def attempts_open(self, order: OrderRef) -> OpenAttempts:
        """Which attempts may still bring money."""
        waiting = await self._store.attempts_open(order.order_id)
        return OpenAttempts(attempt_ids=tuple(attempt.attempt_id for attempt in waiting))

    @activity.defn(name="payments.close_window")
    async def close_window(self, ask: CloseWindow) -> WindowClosed:
        """End the window: send kept parts back and report to the order how it ended."""
        ended = await self._store.close_window(ask.order_id, ask.kind, ask.at)
        if ended.payment is None:
            return WindowClosed(kind=ended.kind)
        refunds = [await self._give_back(ended.payment, attempt) for attempt in ended.going_back]
        await self._report(ended.payment, ended.kind, ended.payment.settled_at or ask.at)
        return WindowClosed(kind=ended.kind, refund_ids=tuple(refunds))

    # ---- calls to channels about payments ----------------------------------------------------------------------------

    @activity.defn(name="payments.ask_channel")
    async def ask_channel(self, ask: AskChannel) -> ChannelAnswer:
        """How an attempt stands at its channel. One that the channel never answered for is `unknown`: no buyer has seen
        where to pay it."""
        attempt = await self._store.attempt(ask.attempt_id)
        if attempt.channel_reference is None:
            return ChannelAnswer(attempt_id=attempt.attempt_id, state="unknown")
        return await self._answer(
            attempt, await self._channels.named(attempt.channel).query(attempt.channel_reference), "poll"
        )

    @activity.defn(name="payments.close_attempt")
    async def close_attempt(self, ask: AskChannel) -> ChannelAnswer:
        """Close an attempt at its channel, then here. One that turns out to be paid stays, and its report comes along."""
        attempt = await self._store.attempt(ask.attempt_id)
        if attempt.channel_reference is None:
            await self._store.close_attempt(attempt.attempt_id)
            return ChannelAnswer(attempt_id=attempt.attempt_id, state="closed")
        return await self._answer(
            attempt, await self._channels.named(attempt.channel).close(attempt.channel_reference), "close"
        )

    @activity.defn(name="payments.close_attempts")
    async def close_attempts(self, order: OrderRef) -> None:
        """Close every open attempt of the order at its channel, before it asks another amount. Money that turns out to have come
        is reported to the payment window, which books it; until then that attempt stays open."""
        for attempt in await self._store.attempts_open(order.order_id):
            answer = await self.close_attempt(AskChannel(attempt_id=attempt.attempt_id))
            if answer.report is not None:
                payment = await self._store.payment(attempt.payment_id)
                window = PaymentTimeoutInput.taking_up(payment, self._placement)
                await self._siblings.report_payment(window, answer.report)

    async def _answer(self, attempt: Attempt, there: ChannelPayment, source: str) -> ChannelAnswer:
        match there.status:
            case StateAtChannel.PAID:
                return ChannelAnswer(
                    attempt_id=attempt.attempt_id,
                    state="paid",
                    report=report_from(attempt, there, source, self._clock()),
                )
            case StateAtChannel.CLOSED:
                await self._store.close_attempt(attempt.attempt_id)
                return ChannelAnswer(attempt_id=attempt.attempt_id, state="closed")
            case StateAtChannel.UNKNOWN_PAYMENT:
                await self._store.close_attempt(attempt.attempt_id)
                return ChannelAnswer(attempt_id=attempt.attempt_id, state="unknown")
            case StateAtChannel.PENDING:
                return ChannelAnswer(attempt_id=attempt.attempt_id, state="pending")

    # ---- refunds -----------------------------------------------------------------------------------------------------

    @activity.defn(name="payments.start_refund")
    async def start_refund(self, refund: RefundInput) -> None:
        """Start a refund, once per refund id."""
        await self._siblings.start_refund(refund)

    @activity.defn(name="payments.hold_refund")
    async def hold_refund(self, refund: RefundInput) -> RefundHeld:
        """Hold the amount; hold again what a released refund has not given back. Refusals: `refund_exceeds_rest`,
        `refund_amount_invalid`, `refund_conflict`, `payment_still_open`, `capture_not_surplus`, `not_found`."""
        return await self._store.hold_refund(refund, self._clock())

    @activity.defn(name="payments.release_refund")
    async def release_refund(self, ask: ReleaseRefund) -> Done:
        """Undo of hold: what did not go back can be refunded again. Does nothing when nothing was held."""
        released = await self._store.release_refund(ask)
        return Done() if released is None else await self._told(released)

    @activity.defn(name="payments.send_refund_leg")
    async def send_refund_leg(self, leg: RefundLegRef) -> RefundReport:
        """Ask the channel for one leg's money; the leg id is its key, so a repeat moves nothing twice. What the channel
        says is booked at once. A channel's definitive no is the report `refused`, not an error."""
        refund, part = await self._leg(leg)
        attempt = await self._store.attempt(part.attempt_id)
        await self._store.mark_leg_sent(part.leg_id)
        request = RefundRequest(
            refund_id=part.leg_id,
            channel_reference=part.channel_reference,
            amount=part.amount,
            paid=attempt.amount,
            reason=refund.reason,
            notify_url=f"{self._callback_base}/payments/{attempt.attempt_id}/callbacks",
        )
        try:
            answer = await self._channels.named(part.channel).refund(request)
        except ChannelRefused as refusal:
            return await self._record(part, RefundLegState.REFUSED, refusal.detail)
        return await self._record_answer(part, answer)

    @activity.defn(name="payments.ask_refund_leg")
    async def ask_refund_leg(self, leg: RefundLegRef) -> RefundReport:
        """How one leg stands at its channel, booked at once. A leg that the channel never heard of is sent again."""
        _, part = await self._leg(leg)
        answer = await self._channels.named(part.channel).query_refund(part.leg_id, part.channel_reference)
        if answer.status is RefundState.UNKNOWN_REFUND:
            return await self.send_refund_leg(leg)
        return await self._record_answer(part, answer)

    @activity.defn(name="payments.book_refund")
    async def book_refund(self, ask: BookRefund) -> Done:
        """All legs have gone back: finish the refund."""
        return await self._told(await self._store.book_refund(ask))

    @activity.defn(name="payments.refund_by_other_means")
    async def refund_by_other_means(self, ask: RefundByOtherMeans) -> Done:
        """An operator paid back what the channel refused. Refusals: `refund_not_released`, `refund_exceeds_rest`."""
        return await self._told(await self._store.refund_by_other_means(ask.refund_id, ask.actor, ask.at))

    async def _told(self, refund: Refund) -> Done:
        """Say how the refund ended; made of the refund alone, so that it is always the same."""
        what = {"order_id": refund.order_id, "refund_id": refund.refund_id, "amount": refund.amount}
        when = refund.finished_at or self._clock()
        events: list[Event] = []
        if refund.state in (StateHere.SUCCEEDED, StateHere.OTHER_MEANS):
            events.append(PaymentRefunded(occurred_at=when, payment_id=refund.payment_id, reason=refund.reason, **what))
        elif refund.state is StateHere.REFUSED:
            events.append(RefundRefused(occurred_at=when, channel_code=refund.refusal or "", **what))
        return Done(unannounced=await self._announcer.announce(*events))

    async def _leg(self, leg: RefundLegRef) -> tuple[Refund, RefundLeg]:
        refund = await self._store.refund(leg.refund_id)
        for part in refund.legs:
            if part.leg_id == leg.leg_id:
                return refund, part
        raise LookupError(
            f"refund {leg.refund_id} has no leg {leg.leg_id} on its way; hold it again and use the new legs"
        )

    async def _record_answer(self, leg: RefundLeg, answer: ChannelRefund) -> RefundReport:
        if answer.status not in _LEG_STATE or (answer.amount is not None and answer.amount != leg.amount):
            raise ChannelUnavailable(
                f"{leg.channel} answers {answer.status} of {answer.amount} for leg {leg.leg_id} of {leg.amount}"
            )
        return await self._record(leg, _LEG_STATE[answer.status], answer.reason or "")

    async def _record(self, leg: RefundLeg, state: RefundLegState, detail: str) -> RefundReport:
        return await self._store.record_leg(
            RefundReport(leg_id=leg.leg_id, state=state, detail=detail[:500]), self._clock()
        )

    # ---- what other sagas are told -----------------------------------------------------------------------------------

    async def _report(self, payment: Payment, kind: SettlementKind, at: Instant) -> None:
        await self._siblings.report_settlement(payment.order_id, Settlement(kind=kind, at=at))

    async def _give_back(self, payment: Payment, surplus: Attempt) -> RefundId:
        """Send one capture back whole."""
        reason = surplus.surplus_reason or RefundReason.DUPLICATE_PAYMENT
        return await self._refund(payment, surplus_refund_id(surplus), reason, surplus.attempt_id)

    async def _refund(
        self, payment: Payment, refund_id: RefundId, reason: RefundReason, attempt_id: AttemptId | None = None
    ) -> RefundId:
        refund = RefundInput(
            refund_id=refund_id,
            order_id=payment.order_id,
            payment_id=payment.payment_id,
            user_id=payment.user_id,
            amount=None,
            reason=reason,
            actor="saga",
            attempt_id=attempt_id,
            placement=self._placement,
        )
        await self._siblings.start_refund(refund)
        return refund_id


def report_from(attempt: Attempt, there: ChannelPayment, source: str, now: Instant) -> PaymentReport:
    """What a channel's answer about a paid attempt is as a report. `ChannelUnavailable` if the answer lacks what a report needs."""
    if there.transaction_id is None or there.amount is None:
        raise ChannelUnavailable(
            f"{attempt.channel} says that {attempt.attempt_id} was paid, but not what and how much"
        )
    return PaymentReport.model_validate(
        {
            "attempt_id": attempt.attempt_id,
            "channel_transaction": there.transaction_id,
            "amount": there.amount,
            "paid_at": there.paid_at or now,
            "event_id": f"{source}/{there.transaction_id}",
            "source": source,
        }
    )
