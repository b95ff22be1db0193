"""Money on its way back: `refund/{refund_id}`."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.aftersales import AftersaleActivities
    from activities.inventory import InventoryActivities
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from activities.promotions import PromotionActivities
    from activities.refusals import as_application_error
    from models.aftersales.messages import RefundOutcome, ReportRefund
    from models.inventory.messages import Restock
    from models.inventory.types import SkuQuantity
    from models.orders.messages import DropReturn, RefundRecorded, TakeReturn
    from models.orders.types import LineRequest, ReturnProposal
    from models.payments.errors import NoRefundDecisionNeeded, RefundExceedsRest
    from models.payments.messages import (
        BookRefund,
        DecideRefund,
        RefundAnswer,
        RefundByOtherMeans,
        RefundDecision,
        RefundHeld,
        RefundInput,
        RefundLegRef,
        RefundLegState,
        RefundReport,
        ReleaseRefund,
    )
    from models.payments.types import RefundLeg, RefundReason, RefundState
    from models.promotions.messages import SettleRefund
    from models.shared import Money
    from workflows.asks import Ask
    from workflows.options import TaskQueue
    from workflows.refund_desk import RefundDesk
    from workflows.saga import Step, refusal_code, unbroken
    from workflows.search_attributes import show

_FIRST_POLL = timedelta(seconds=30)
_LAST_POLL = timedelta(hours=1)
_REMIND = timedelta(days=1)
_WITH_THE_ORDER = (RefundReason.ORDER_CANCELLED, RefundReason.STOCK_COMMIT_FAILED)
"""The order is over: `Checkout` itself gives its coupons and points back."""


@workflow.defn(name="Refund")
class Refund(RefundDesk):
    """Hold, send back over the channels it came by, book, and put the rest right: stock, order, coupons and points.

    The refund's legs carry ids that are fixed before the first call, so a repeated or timed-out call never pays twice. A
    leg whose outcome is unknown is asked for until the channel knows. A channel's final no gives the hold back and waits for
    an operator: `retry` (new legs) or `other_means`. `refund_desk.py` is what it can be told and asked.
    """

    @workflow.init
    def __init__(self, start: RefundInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: RefundInput) -> RefundState:
        """How it ended. Temporal's own cancel does not stop it: what was promised is paid."""
        return await unbroken(self._process())

    async def _process(self) -> RefundState:
        state = await self._held_sent_and_booked()
        if self._start.aftersale_id is not None:
            await self._case_knows(state)
        await self._saga.closed()
        return state

    async def _held_sent_and_booked(self) -> RefundState:
        try:
            self._returned = await self._taken_back()
            self._held = await self._hold()
        except ActivityError as refusal:
            await self._saga.compensate()
            await self._not_refundable(refusal)
            return RefundState.REFUSED
        self._saga.keep(OrderActivities.drop_return)
        self._tell(f"{self._held.amount} held, going back over {len(self._held.legs)} capture(s)")
        while refusal_of_channel := await self._refused_by_channel(self._held):
            match await self._decided_after(refusal_of_channel):
                case RefundDecision.OTHER_MEANS:
                    return await self._put_right(RefundState.OTHER_MEANS)
                case None:
                    await self._restock()
                    return RefundState.REFUSED
        return await self._put_right(RefundState.SUCCEEDED)

    async def _taken_back(self) -> ReturnProposal | None:
        """What was really paid for the lines, less what the rest of the order no longer earns."""
        start = self._start
        if not start.by_lines:
            return None
        drop = DropReturn(order_id=start.order_id, refund_id=start.refund_id)
        self._saga.on_failure(OrderActivities.drop_return, drop, "these units can go back another time")
        take = TakeReturn(
            order_id=start.order_id,
            refund_id=start.refund_id,
            lines=tuple(LineRequest(sku_id=line.sku_id, quantity=line.quantity) for line in start.lines),
            shipping=start.shipping,
            at_most=start.at_most,
            aftersale_id=start.aftersale_id,
            at=workflow.now(),
        )
        return await self._saga.store_call(OrderActivities.take_return, take, "what was paid for these units")

    async def _hold(self) -> RefundHeld:
        """Units that cost nothing go back without money: nothing is held, and no channel is asked."""
        asked = self._start
        if self._returned is not None:
            if self._returned.amount.minor == 0:
                return RefundHeld(refund_id=asked.refund_id, amount=self._returned.amount, legs=())
            asked = asked.model_copy(update={"amount": self._returned.amount, "by_lines": False})
        return await self._saga.store_call(
            PaymentActivities.hold_refund, asked, "hold the amount against what is still refundable"
        )

    async def _not_refundable(self, refusal: ActivityError) -> None:
        """The one who asked is told, and nothing has happened. A refund that a saga started has nobody to tell: that is an
        alert, and the goods go back on the shelf all the same (an operator may have paid everything back before)."""
        self._refused = refusal
        self._tell(f"Refused: {refusal_code(refusal)}")
        show(PaymentStatus="refund_refused")
        if not self._asked_for and self._start.aftersale_id is None:
            workflow.metric_meter().create_counter("hanse_refund_not_held").add(1, {"reason": self._start.reason})
            workflow.logger.error("refund %s was not held: %s", self._start.refund_id, refusal_code(refusal))
            await self._restock()

    # ---- at the channels ---------------------------------------------------------------------------------------------

    async def _refused_by_channel(self, held: RefundHeld) -> str:
        """Send every leg, then wait for each; the words of the channels that refused, empty when all went back."""
        said = [await self._sent(leg) for leg in held.legs]
        known = [await self._known(leg, report) for leg, report in zip(held.legs, said, strict=True)]
        return "; ".join(
            f"{leg.channel}: {report.detail}"
            for leg, report in zip(held.legs, known, strict=True)
            if report.state is RefundLegState.REFUSED
        )

    async def _sent(self, leg: RefundLeg) -> RefundReport:
        return await self._said_about(leg, PaymentActivities.send_refund_leg, f"refund {leg.amount} over {leg.channel}")

    async def _known(self, leg: RefundLeg, report: RefundReport) -> RefundReport:
        """What became of a leg: wait for a callback, and ask, further and further apart, until the channel knows."""
        pause = _FIRST_POLL
        while report.state is RefundLegState.PROCESSING:
            self._tell(f"{leg.channel} works on {leg.amount}")
            try:
                await workflow.wait_condition(lambda: leg.leg_id in self._reports, timeout=pause)
                report = self._reports.pop(leg.leg_id)
            except TimeoutError:
                pause = min(pause * 2, _LAST_POLL)
                report = await self._said_about(leg, PaymentActivities.ask_refund_leg, "ask about the refund")
        return report

    async def _said_about(self, leg: RefundLeg, step: Step[RefundLegRef, RefundReport], summary: str) -> RefundReport:
        """The channel's word on a leg. Any refusal but the channel's own no (a channel that is no longer there) leaves open
        what became of the money, so the leg is asked for again."""
        ref = RefundLegRef(refund_id=self._start.refund_id, leg_id=leg.leg_id)
        try:
            return await self._saga.outside_call(step, ref, summary, TaskQueue.CHANNELS_PAYMENT)
        except ActivityError as error:
            workflow.logger.error("refund leg %s: %s", leg.leg_id, refusal_code(error), exc_info=error)
            return RefundReport(leg_id=leg.leg_id, state=RefundLegState.PROCESSING)

    # ---- after a channel's final no ----------------------------------------------------------------------------------

    async def _decided_after(self, refusal: str) -> RefundDecision | None:
        """The hold is given back; an operator decides. Brought up again every day until someone does. None when it turns out
        that nothing is left to go back: all of it went another way meanwhile."""
        released = ReleaseRefund(refund_id=self._start.refund_id, at=workflow.now(), detail=refusal)
        told = await self._saga.store_call(
            PaymentActivities.release_refund, released, "release the hold: the channel refused"
        )
        self._saga.announce(told.unannounced)
        self._tell(f"**Refused by the channel** ({refusal}); waiting for an operator: update `decide`")
        show(PaymentStatus="refund_refused")
        self._waits_for_decision = True
        while True:
            ask = await self._next_decision()
            try:
                await self._carry_out(ask.wish)
            except ActivityError as no:  # what was released may have gone back otherwise by now
                ask.refuse(no)
                if ask.wish.decision is RefundDecision.RETRY and refusal_code(no) == RefundExceedsRest.code:
                    self._saga.just_answered()
                    self._over_without_money(no)
                    return None
                continue
            self._waits_for_decision = False
            ask.answer(self._answer(ask.wish.decision))
            self._refuse_other_decisions()
            if ask.wish.decision is RefundDecision.OTHER_MEANS:
                self._saga.just_answered()
            return ask.wish.decision

    def _over_without_money(self, refusal: ActivityError) -> None:
        self._refused = refusal
        self._waits_for_decision = False
        self._refuse_other_decisions()
        self._tell("Nothing is left to go back: it went another way")

    async def _next_decision(self) -> Ask[DecideRefund, RefundAnswer]:
        while not self._decisions:
            try:
                await workflow.wait_condition(lambda: bool(self._decisions), timeout=_REMIND)
            except TimeoutError:
                workflow.metric_meter().create_counter("hanse_refund_undecided").add(1)
                workflow.logger.warning("refund %s still waits for an operator's decision", self._start.refund_id)
        return self._decisions.pop(0)

    async def _carry_out(self, wish: DecideRefund) -> None:
        """Hold again what has not gone back yet, or book that it was paid by hand; either may be refused."""
        if wish.decision is RefundDecision.RETRY:
            self._held = await self._hold()
            show(PaymentStatus="refunding")
            return
        settle = RefundByOtherMeans(refund_id=self._start.refund_id, actor=wish.actor, at=workflow.now())
        done = await self._saga.store_call(
            PaymentActivities.refund_by_other_means, settle, "book what was paid by other means"
        )
        self._saga.announce(done.unannounced)

    def _refuse_other_decisions(self) -> None:
        while self._decisions:
            self._decisions.pop(0).refuse(as_application_error(NoRefundDecisionNeeded("Someone else decided first.")))

    # ---- when the money is gone --------------------------------------------------------------------------------------

    async def _put_right(self, state: RefundState) -> RefundState:
        """The books, the shelf, the order and what its buyer spent agree that the money is gone."""
        assert self._held is not None
        money = self._held.amount
        if state is RefundState.SUCCEEDED and money.minor:
            booking = BookRefund(refund_id=self._start.refund_id, order_id=self._start.order_id, at=workflow.now())
            done = await self._saga.store_call(PaymentActivities.book_refund, booking, "book the refund")
            self._saga.announce(done.unannounced)
        await self._restock()
        if self._start.attempt_id is None:
            await self._order_knows(money)
        self._tell(f"{money} went back")
        show(PaymentStatus="refunded")
        return state

    async def _order_knows(self, money: Money) -> None:
        """The order's own books, and the coupons and points that paid for what came back."""
        if money.minor:
            recorded = RefundRecorded(
                order_id=self._start.order_id,
                refund_id=self._start.refund_id,
                amount=money,
                at=workflow.now(),
                sku_ids=tuple(line.sku_id for line in self._start.lines),
            )
            await self._saga.store_call_or_alert(OrderActivities.record_refund, recorded, "tell the order")
        if self._start.reason in _WITH_THE_ORDER:
            return
        settle = SettleRefund(
            order_id=self._start.order_id,
            user_id=self._start.user_id,
            refund_id=self._start.refund_id,
            points=self._returned.points if self._returned else 0,
            refunded=money,
            whole=self._returned.whole if self._returned else self._start.amount is None,
            at=workflow.now(),
        )
        settled = await self._saga.store_call_or_alert(
            PromotionActivities.settle_refund, settle, "coupons and points of what came back"
        )
        if settled is not None:
            self._saga.announce(settled.unannounced)

    async def _case_knows(self, state: RefundState) -> None:
        """The after-sale that pays this goes on, or waits for an operator."""
        assert self._start.aftersale_id is not None
        outcome = RefundOutcome(
            refund_id=self._start.refund_id,
            state=state,
            amount=self._held.amount if self._held and state is not RefundState.REFUSED else None,
            refusal=refusal_code(self._refused) if self._refused else "",
        )
        report = ReportRefund(aftersale_id=self._start.aftersale_id, outcome=outcome)
        await self._saga.store_call(AftersaleActivities.report_refund, report, "tell the after-sale")

    async def _restock(self) -> None:
        if not (self._start.restock and self._start.lines):
            return
        lines = tuple(SkuQuantity(sku_id=line.sku_id, quantity=line.quantity) for line in self._start.lines)
        restock = Restock(order_id=self._start.order_id, key=self._start.refund_id, lines=lines)
        await self._saga.store_call_or_alert(InventoryActivities.restock, restock, "put the goods back on the shelf")
