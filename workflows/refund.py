"""Money on its way back: `refund/{refund_id}`."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.inventory import InventoryActivities
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from activities.refusals import as_application_error
    from models.inventory.messages import Restock
    from models.inventory.types import SkuQuantity
    from models.orders.messages import RefundRecorded
    from models.payments.errors import NoRefundDecisionNeeded
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
    from models.payments.types import RefundLeg, RefundState
    from workflows.asks import Ask
    from workflows.options import TaskQueue
    from workflows.saga import Saga, is_refusal, unbroken
    from workflows.search_attributes import show

_FIRST_POLL = timedelta(seconds=30)
_LAST_POLL = timedelta(hours=1)
_REMIND = timedelta(days=1)


@workflow.defn(name="Refund")
class Refund:
    """Hold, send back over the channels it came by, book, and put the rest right: stock, order.

    The refund's legs carry ids that are fixed before the first call, so a repeated or timed-out call never pays twice. A
    leg whose outcome is unknown is asked for until the channel knows. A channel's final no gives the hold back and waits for
    an operator: `retry` (new legs) or `other_means`.
    """

    @workflow.init
    def __init__(self, start: RefundInput) -> None:
        self._start = start
        self._saga = Saga(start.placement)
        self._reports: dict[str, RefundReport] = {}
        self._decisions: list[Ask[DecideRefund, RefundAnswer]] = []
        self._waits_for_decision = False
        self._held: RefundHeld | None = None
        self._refused: BaseException | None = None
        self._line = "starting"

    @workflow.run
    async def run(self, start: RefundInput) -> RefundState:
        """How it ended. Once money is held, Temporal's own cancel no longer stops it: what was promised is paid."""
        state = await unbroken(self._process())
        await self._saga.announced()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return state

    async def _process(self) -> RefundState:
        while True:
            if not await self._amount_is_held():
                return RefundState.REFUSED
            refusal = await self._every_leg_went_back()
            if refusal is None:
                return await self._booked(RefundState.SUCCEEDED)
            if await self._decided_after(refusal) is RefundDecision.OTHER_MEANS:
                return await self._booked(RefundState.OTHER_MEANS)

    async def _amount_is_held(self) -> bool:
        """Whether what is asked fits into what is still refundable; otherwise the one who asked is told, and that is all."""
        try:
            self._held = await self._saga.store_call(
                PaymentActivities.hold_refund, self._start, "hold the amount against what is still refundable"
            )
        except ActivityError as error:
            if not is_refusal(error):
                raise
            self._refused = error
            self._tell("Refused: not refundable")
            return False
        self._tell(f"{self._held.amount} held, going back over {len(self._held.legs)} capture(s)")
        return True

    async def _every_leg_went_back(self) -> str | None:
        """None when all of it went back; otherwise the channel's words for its final no."""
        assert self._held is not None
        for leg in self._held.legs:
            report = await self._channel_knows(leg)
            if report.state is RefundLegState.REFUSED:
                return f"{leg.channel}: {report.detail}"
        return None

    async def _channel_knows(self, leg: RefundLeg) -> RefundReport:
        """Send the leg, then wait for a callback or ask, further and further apart, until the channel knows."""
        ref = RefundLegRef(refund_id=self._start.refund_id, leg_id=leg.leg_id)
        report = await self._saga.outside_call(
            PaymentActivities.send_refund_leg,
            ref,
            f"refund {leg.amount} over {leg.channel}",
            TaskQueue.CHANNELS_PAYMENT,
        )
        pause = _FIRST_POLL
        while report.state is RefundLegState.PROCESSING:
            self._tell(f"{leg.channel} works on {leg.amount}")
            try:
                await workflow.wait_condition(lambda: leg.leg_id in self._reports, timeout=pause)
            except TimeoutError:
                pause = min(pause * 2, _LAST_POLL)
            if leg.leg_id in self._reports:
                report = self._reports.pop(leg.leg_id)
            else:
                report = await self._saga.outside_call(
                    PaymentActivities.ask_refund_leg,
                    ref,
                    "ask the channel about the refund",
                    TaskQueue.CHANNELS_PAYMENT,
                )
        return report

    async def _decided_after(self, refusal: str) -> RefundDecision:
        """The hold is given back; an operator decides. Brought up again every day until someone does."""
        released = ReleaseRefund(refund_id=self._start.refund_id, at=workflow.now(), detail=refusal)
        told = await self._saga.store_call(
            PaymentActivities.release_refund, released, "release the hold: the channel refused"
        )
        self._saga.announce(told.unannounced)
        self._tell(f"**Refused by the channel** ({refusal}); waiting for an operator: update `decide`")
        show(PaymentStatus="refund_refused")
        self._waits_for_decision = True
        while not self._decisions:
            try:
                await workflow.wait_condition(lambda: bool(self._decisions), timeout=_REMIND)
            except TimeoutError:
                workflow.metric_meter().create_counter("hanse_refund_undecided").add(1)
                workflow.logger.warning("refund %s still waits for an operator's decision", self._start.refund_id)
        self._waits_for_decision = False
        ask = self._decisions.pop(0)
        assert self._held is not None
        if ask.wish.decision is RefundDecision.OTHER_MEANS:
            settle = RefundByOtherMeans(refund_id=self._start.refund_id, actor=ask.wish.actor, at=workflow.now())
            await self._saga.store_call(
                PaymentActivities.refund_by_other_means, settle, "book what was paid by other means"
            )
        ask.answer(RefundAnswer(refund_id=self._start.refund_id, amount=self._held.amount, state=ask.wish.decision))
        return ask.wish.decision

    async def _booked(self, state: RefundState) -> RefundState:
        """The books, the shelf and the order agree that the money is gone."""
        assert self._held is not None
        now = workflow.now()
        if state is RefundState.SUCCEEDED:
            booking = BookRefund(refund_id=self._start.refund_id, order_id=self._start.order_id, at=now)
            done = await self._saga.store_call(PaymentActivities.book_refund, booking, "book the refund")
            self._saga.announce(done.unannounced)
        if self._start.restock and self._start.lines:
            await self._restocked()
        if self._start.attempt_id is None:
            recorded = RefundRecorded(
                order_id=self._start.order_id,
                refund_id=self._start.refund_id,
                amount=self._held.amount,
                at=now,
                sku_ids=tuple(line.sku_id for line in self._start.lines),
            )
            await self._saga.store_call(OrderActivities.record_refund, recorded, "tell the order")
        self._tell(f"{self._held.amount} went back")
        show(PaymentStatus="refunded")
        return state

    async def _restocked(self) -> None:
        lines = tuple(SkuQuantity(sku_id=line.sku_id, quantity=line.quantity) for line in self._start.lines)
        restock = Restock(order_id=self._start.order_id, key=self._start.refund_id, lines=lines)
        await self._saga.store_call(InventoryActivities.restock, restock, "put the goods back on the shelf")

    @workflow.update
    async def begin(self) -> RefundAnswer:
        """What the one who asks for a refund is told at once: held, or refused."""
        await workflow.wait_condition(lambda: self._held is not None or self._refused is not None)
        if self._refused is not None:
            raise self._refused
        assert self._held is not None
        return RefundAnswer(refund_id=self._start.refund_id, amount=self._held.amount, state=RefundState.HELD)

    @workflow.update
    async def decide(self, decision: DecideRefund) -> RefundAnswer:
        """An operator's word after the channel's final no."""
        ask: Ask[DecideRefund, RefundAnswer] = Ask(decision)
        self._decisions.append(ask)
        return await ask.answered()

    @decide.validator
    def _may_decide(self, decision: DecideRefund) -> None:
        if not self._waits_for_decision:
            raise as_application_error(NoRefundDecisionNeeded("This refund does not wait for a decision."))

    @workflow.signal
    def refund_reported(self, report: RefundReport) -> None:
        """A verified callback about one leg. `processing` says nothing new."""
        if report.state is not RefundLegState.PROCESSING:
            self._reports[report.leg_id] = report

    @workflow.query
    def progress(self) -> str:
        """Where this refund stands, in words."""
        return self._line

    def _tell(self, line: str) -> None:
        self._line = line
        workflow.set_current_details(f"{line}\n\nOrder `{self._start.order_id}` · {self._start.reason}")
