"""One parcel from picking to its end: `fulfillment/{shipment_id}`."""

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.fulfillment import FulfillmentActivities
    from activities.inventory import InventoryActivities
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from models.fulfillment.messages import (
        AdvanceShipment,
        BookWaybill,
        DecideException,
        Dispatch,
        ExceptionDecision,
        FinishShipment,
        FulfillmentInput,
        ReportException,
        ShipmentAnswer,
        SignOff,
        TrackingReport,
        TrackShipment,
    )
    from models.fulfillment.types import ExceptionKind, Outbound, ShipmentStatus, TrackingEvent
    from models.inventory.messages import CommitStock
    from models.orders.messages import ParcelEnd, PriceLines
    from models.orders.types import LineRequest
    from models.payments.types import RefundReason
    from workflows.asks import Ask
    from workflows.fulfillment_desk import FulfillmentDesk
    from workflows.fulfillment_steps import missing_from, parcel_refund, replacement_stock
    from workflows.options import TaskQueue
    from workflows.saga import Deadline, is_refusal, refusal_code, unbroken
    from workflows.search_attributes import show

_S = ShipmentStatus


@workflow.defn(name="Fulfillment")
class Fulfillment(FulfillmentDesk):
    """Pick, let out, hand to a carrier, follow until it is signed for; what goes wrong ends in a new parcel or in a refund.

    It reports one end to the order's `Checkout`: signed, refunded or stopped.
    """

    @workflow.init
    def __init__(self, start: FulfillmentInput) -> None:
        super().__init__(start)
        self._round = 1
        self._in_parcel: tuple[LineRequest, ...] = start.items
        self._left = False
        """Whether this packing was handed to a carrier."""

    @workflow.run
    async def run(self, start: FulfillmentInput) -> ParcelEnd:
        """How it ended. A parcel on its way cannot be called back by cancelling a workflow: that is heard and let pass."""
        end = await unbroken(self._process())
        self._refuse_whoever_waits()
        await self._saga.announced()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return end

    async def _process(self) -> ParcelEnd:
        while True:
            if not await self._let_out():
                return ParcelEnd.STOPPED
            if not self._in_parcel:
                return await self._given_up(RefundReason.SHORT_PICK, already_refunded=True)
            if not await self._handed_to_a_carrier():
                return ParcelEnd.STOPPED if self._stopped else await self._given_up(RefundReason.ORDER_CANCELLED)
            end = await self._arrived()
            if end is not None:
                return end
            self._round += 1
            self._left = False

    # ---- in the warehouse --------------------------------------------------------------------------------------------

    async def _let_out(self) -> bool:
        """Whether the parcel was picked and packed; False when the order was called off first."""
        if self._start.outbound is Outbound.AUTOMATIC or self._round > 1:
            try:
                await self._advance(_S.OUTBOUND, "saga")
            except ActivityError as error:
                if refusal_code(error) == "illegal_shipment_step":
                    return False  # stopped at the store before this saga heard of it
                raise
            self._now_it_is(_S.OUTBOUND, "a waybill")
            return True
        self._now_it_is(_S.PICKING, "the warehouse to let it out: update `dispatch`")
        while not self._stopped:
            await workflow.wait_condition(lambda: bool(self._dispatches) or self._stopped)
            if self._dispatches and await self._picked(self._dispatches[0].wish):
                return True
        return False

    async def _picked(self, wish: Dispatch) -> bool:
        ask = self._dispatches.pop(0)
        try:
            await self._advance(_S.OUTBOUND, wish.actor, picked=wish.picked)
        except ActivityError as refusal:
            ask.refuse(refusal)
            return False
        self._now_it_is(_S.OUTBOUND, "a waybill")
        ask.answer(self._answer())
        if wish.picked is not None:
            missing = missing_from(self._start.items, wish.picked)
            self._in_parcel = wish.picked
            if missing:
                await self._refund(missing, RefundReason.SHORT_PICK, restock=False)
        return True

    async def _handed_to_a_carrier(self) -> bool:
        """Whether some carrier took it. One that stays silent for too long is left for the next; all silent, start over."""
        while True:
            for carrier in self._start.carriers:
                try:
                    bound = await self._saga.outside_call(
                        FulfillmentActivities.book_waybill,
                        BookWaybill(
                            shipment_id=self._start.shipment_id,
                            order_id=self._start.order_id,
                            carrier=carrier,
                            at=workflow.now(),
                        ),
                        f"waybill from {carrier}",
                        TaskQueue.CHANNELS_CARRIER,
                        give_up_after=self._start.terms.carrier_limit,
                    )
                except ActivityError as error:
                    if refusal_code(error) == "carrier_refused":
                        if not await self._address_was_corrected():
                            return False
                        break
                    if is_refusal(error):
                        return False
                    workflow.logger.warning("carrier %s does not answer; asking the next", carrier)
                else:
                    self._saga.announce(bound.unannounced)
                    self._left = True
                    self._now_it_is(_S.SHIPPED, f"tracking of {bound.carrier} {bound.waybill}")
                    show(ShipmentStatus=_S.SHIPPED)
                    return True

    # ---- on its way --------------------------------------------------------------------------------------------------

    async def _arrived(self) -> ParcelEnd | None:
        """How it ended; None when it is to be sent again."""
        while True:
            await self._something_happened()
            if self._sign_offs:
                return await self._signed(self._sign_offs[0].wish)
            if self._decisions:
                decided = await self._decided(self._decisions.pop(0))
                if decided is ExceptionDecision.RESHIP:
                    return None
                if decided is ExceptionDecision.REFUND:
                    return ParcelEnd.REFUNDED
            elif self._troubles:
                ask = self._troubles.pop(0)
                await self._advance(_S.EXCEPTION, ask.wish.actor, exception=ask.wish.kind)
                end = await self._trouble(ask.wish.kind, ask)
                if end is not None:
                    return end
            else:
                end = await self._tracked(self._tracking.pop(0))
                if end is not None:
                    return end

    async def _tracked(self, report: TrackingReport) -> ParcelEnd | None:
        """How the carrier's report ends the parcel's way, if it does."""
        if not await self._moved_by(report):
            return None
        if report.status is _S.SIGNED:
            return await self._signed(SignOff(actor="carrier", at=report.event.at), report.event)
        return await self._trouble(report.exception) if report.exception else None

    async def _something_happened(self) -> None:
        """A report or a wish; while an exception waits for a decision, it is brought up again and again."""
        while True:
            try:
                await workflow.wait_condition(
                    lambda: bool(self._tracking or self._sign_offs or self._troubles or self._decisions),
                    timeout=self._start.terms.exception_reminder if self._undecided else None,
                )
            except TimeoutError:
                workflow.metric_meter().create_counter("hanse_parcel_undecided").add(1)
                workflow.logger.warning("parcel %s still waits for a decision", self._start.shipment_id)
            else:
                return

    async def _moved_by(self, report: TrackingReport) -> bool:
        """Whether the report takes the parcel further. A first parcel that is signed for is booked with its end at once."""
        if report.status is _S.SIGNED and self._round == 1:
            return True
        tracked = await self._saga.store_call(
            FulfillmentActivities.track_shipment,
            TrackShipment(shipment_id=self._start.shipment_id, report=report),
            f"tracking: {report.status}",
        )
        self._saga.announce(tracked.unannounced)
        if tracked.moved:
            self._undecided = False
            self._now_it_is(tracked.status, "the next report of the carrier")
            show(ShipmentStatus=tracked.status)
        return tracked.moved

    async def _signed(self, sign_off: SignOff, event: TrackingEvent | None = None) -> ParcelEnd:
        await self._finish(_S.SIGNED, ParcelEnd.SIGNED, sign_off.actor, event)
        for ask in self._sign_offs:
            ask.answer(self._answer())
        return ParcelEnd.SIGNED

    # ---- what went wrong ---------------------------------------------------------------------------------------------

    async def _trouble(
        self, kind: ExceptionKind, told_by: Ask[ReportException, ShipmentAnswer] | None = None
    ) -> ParcelEnd | None:
        """How the parcel's way ends because of this; None when it goes on, or waits for an operator's decision."""
        self._now_it_is(_S.EXCEPTION, f"what becomes of it: {kind}")
        show(ShipmentStatus=_S.EXCEPTION)
        if told_by is not None:
            told_by.answer(self._answer())
        match kind:
            case ExceptionKind.REFUSED:
                return await self._come_back()
            case ExceptionKind.ADDRESS_ERROR:
                return None if await self._address_was_corrected() else await self._come_back()
            case ExceptionKind.LOST | ExceptionKind.DAMAGED:
                self._undecided = True
                self._now_it_is(_S.EXCEPTION, f"an operator ({kind}): update `decide_exception`, reship or refund")
                return None

    async def _decided(self, ask: Ask[DecideException, ShipmentAnswer]) -> ExceptionDecision | None:
        """What was decided and done; None when there is nothing left to send again, so another decision is needed."""
        if ask.wish.decision is ExceptionDecision.REFUND:
            await self._given_up(RefundReason.PARCEL_LOST)
        else:
            try:
                await self._replaced(ask.wish.actor)
            except ActivityError as refusal:
                ask.refuse(refusal)
                return None
        self._undecided = False
        ask.answer(self._answer())
        return ask.wish.decision

    async def _replaced(self, actor: str) -> None:
        """Take new goods from the shelf for another packing; refused when they are sold out."""
        stock = replacement_stock(self._start, self._round, self._in_parcel)
        await self._saga.store_call(InventoryActivities.reserve_stock, stock, "reserve the replacement")
        commit = CommitStock(order_id=stock.order_id)
        await self._saga.store_call(InventoryActivities.commit_stock, commit, "commit the replacement")
        await self._advance(_S.PICKING, actor)
        self._now_it_is(_S.PICKING, "the warehouse, again")

    async def _address_was_corrected(self) -> bool:
        """Wait for the buyer's correction, up to a limit."""
        if self._status is not _S.EXCEPTION:
            await self._advance(_S.EXCEPTION, "saga", exception=ExceptionKind.ADDRESS_ERROR)
        self._now_it_is(_S.EXCEPTION, "the buyer to correct the address")
        limit = Deadline(self._start.terms.address_correction, "limit for the correction of the address")
        await workflow.wait_condition(lambda: self._address_corrected or self._stopped or limit.passed)
        corrected = self._address_corrected and not self._stopped
        self._address_corrected = False
        limit.drop()
        if corrected:
            back_to = _S.SHIPPED if self._left else _S.OUTBOUND
            await self._advance(back_to, "saga")
            self._now_it_is(back_to, "the carrier, with the corrected address")
        return corrected

    async def _come_back(self) -> ParcelEnd:
        """Reverse logistics: on its way back, received, back on the shelf, refunded."""
        await self._advance(_S.RETURNING, "saga")
        self._now_it_is(_S.RETURNING, "the warehouse to receive it back: update `receive_back`")
        show(ShipmentStatus=_S.RETURNING)
        await workflow.wait_condition(lambda: bool(self._returns))
        ask = self._returns.pop(0)
        await self._refund(self._in_parcel, RefundReason.PARCEL_REFUSED, restock=True)
        await self._finish(_S.RETURNED, ParcelEnd.REFUNDED, ask.wish.actor)
        ask.answer(self._answer())
        return ParcelEnd.REFUNDED

    async def _given_up(self, reason: RefundReason, *, already_refunded: bool = False) -> ParcelEnd:
        """What never comes is paid back."""
        if not already_refunded:
            await self._refund(self._in_parcel, reason, restock=not self._left)
        await self._finish(_S.STOPPED, ParcelEnd.REFUNDED, "saga")
        return ParcelEnd.REFUNDED

    async def _refund(self, lines: tuple[LineRequest, ...], reason: RefundReason, *, restock: bool) -> None:
        paid = await self._saga.store_call(
            OrderActivities.paid_for_lines,
            PriceLines(order_id=self._start.order_id, lines=lines),
            "what was paid for these lines",
        )
        if paid.amount.minor > 0:
            refund = parcel_refund(self._start, lines, paid.amount, reason, restock=restock)
            await self._saga.store_call(PaymentActivities.start_refund, refund, f"start the refund of {paid.amount}")

    # ---- mechanics ---------------------------------------------------------------------------------------------------

    async def _advance(self, to: ShipmentStatus, actor: str, **facts: Any) -> None:
        done = await self._saga.store_call(
            FulfillmentActivities.advance_shipment, self._step(to, actor, **facts), f"the parcel is {to}"
        )
        self._saga.announce(done.unannounced)

    async def _finish(self, to: ShipmentStatus, end: ParcelEnd, actor: str, event: TrackingEvent | None = None) -> None:
        finish = FinishShipment(step=self._step(to, actor, event=event), end=end)
        done = await self._saga.store_call(
            FulfillmentActivities.finish_shipment, finish, f"the parcel is {to}: tell the order"
        )
        self._saga.announce(done.unannounced)
        self._now_it_is(to, "nothing")
        show(ShipmentStatus=to)

    def _step(self, to: ShipmentStatus, actor: str, **facts: Any) -> AdvanceShipment:
        return AdvanceShipment(
            shipment_id=self._start.shipment_id,
            order_id=self._start.order_id,
            to=to,
            at=workflow.now(),
            actor=actor,
            **facts,
        )
