"""One parcel from picking to its end: `fulfillment/{shipment_id}`."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from models.fulfillment.messages import (
        DecideException,
        Dispatch,
        ExceptionDecision,
        FulfillmentInput,
        ReportException,
        ShipmentAnswer,
        SignOff,
        TrackingReport,
    )
    from models.fulfillment.types import ExceptionKind, Outbound, ShipmentStatus
    from models.inventory.types import ClaimState
    from models.orders.messages import ParcelEnd
    from models.payments.types import RefundReason
    from workflows.asks import Ask
    from workflows.fulfillment_moves import Booked, FulfillmentMoves
    from workflows.fulfillment_steps import missing_from
    from workflows.saga import Deadline, refusal_code, unbroken, written_down
    from workflows.search_attributes import show

_S = ShipmentStatus


@workflow.defn(name="Fulfillment")
class Fulfillment(FulfillmentMoves):
    """Pick, let out, hand to a carrier, follow until it is signed for; what goes wrong ends in a new parcel or in a refund.

    It reports one end to the order's `Checkout`: signed or refunded. A parcel that was stopped with its order reports nothing:
    the order knows. Steps of one way do not fit another, so off the straight way what is to be done is written down first, and
    no two steps are in one task (`saga.written_down`). What each wish may be asked of the parcel is in `fulfillment_desk.py`,
    its calls are in `fulfillment_moves.py`.
    """

    @workflow.init
    def __init__(self, start: FulfillmentInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: FulfillmentInput) -> ParcelEnd:
        """How it ended. A parcel on its way cannot be called back by cancelling a workflow: that is heard and let pass."""
        return await unbroken(self._whole_life())

    async def _whole_life(self) -> ParcelEnd:
        try:
            end = await self._sent_until_it_arrived()
        except ActivityError as error:
            if self._left or refusal_code(error) not in ("illegal_shipment_step", "shipment_stopped"):
                raise
            end = ParcelEnd.STOPPED  # at the store, before this saga heard of it
        if end is ParcelEnd.STOPPED:
            self._now_it_is(_S.STOPPED, "nothing")
            show(ShipmentStatus=_S.STOPPED)
        await self._saga.closed(at_once=end is ParcelEnd.SIGNED)
        return end

    async def _sent_until_it_arrived(self) -> ParcelEnd:
        if not await self._goods_are_there():
            return ParcelEnd.STOPPED if self._stopped else await self._waited_in_vain()
        while True:
            if not await self._let_out():
                return ParcelEnd.STOPPED
            if not self._in_parcel:
                self._saga.just_answered()  # that nothing was found
                return await self._finished(_S.STOPPED, ParcelEnd.REFUNDED, "saga")
            if not await self._handed_to_a_carrier():
                return ParcelEnd.STOPPED if self._stopped else await self._given_up(RefundReason.PARCEL_REFUSED)
            end = await self._arrived()
            if end is not None:
                return end

    # ---- before its goods are there ----------------------------------------------------------------------------------

    async def _goods_are_there(self) -> bool:
        """Whether its goods lie there and may leave; at once for goods that were in stock. False when it is stopped or given up."""
        waits = self._start.waits
        if waits is None:
            return True
        self._now_it_is(_S.WAITING, f"its goods ({waits.policy}, promised for {waits.ships_by:%Y-%m-%d})")
        show(ShipmentStatus=_S.WAITING)
        while not self._stopped and not self._give_ups:
            self._goods_came = False
            claim = await self._claim_taken(waits.claim_id)
            if claim is None:
                self._stopped = True  # the order was called off, and its word is on the way
            elif claim.state is ClaimState.COMMITTED:
                await self._advance(_S.PICKING, "saga")
                self._now_it_is(_S.PICKING, "the warehouse")
                return True
            else:
                await self._looked_again(claim)
        return False

    async def _waited_in_vain(self) -> ParcelEnd:
        """Given up by an operator: its claim goes to who waits next, its price to the buyer."""
        waiting, self._give_ups = self._give_ups, []
        await written_down("that it is given up")
        await self._claim_given_up()
        await self._refund(self._in_parcel, RefundReason.GOODS_NEVER_CAME, restock=False)
        await self._finished(_S.STOPPED, ParcelEnd.REFUNDED, waiting[0].wish.actor, detail=waiting[0].wish.why)
        for ask in waiting:
            ask.answer(self._answer())
        return ParcelEnd.REFUNDED

    # ---- in the warehouse --------------------------------------------------------------------------------------------

    async def _let_out(self) -> bool:
        """Whether the parcel may leave; False when the order was called off first."""
        if self._start.outbound is Outbound.AUTOMATIC:
            self._now_it_is(_S.PICKING, "a waybill")
            return not self._stopped  # it leaves the shelf in the step that binds its waybill
        self._now_it_is(_S.PICKING, "the warehouse to let it out: update `dispatch`")
        while not self._stopped:
            await workflow.wait_condition(lambda: bool(self._dispatches or self._splits) or self._stopped)
            if self._splits:
                await self._split_into_two(self._splits.pop(0))
            elif self._dispatches and await self._picked(self._dispatches.pop(0)):
                return True
        return False

    async def _picked(self, ask: Ask[Dispatch, ShipmentAnswer]) -> bool:
        """What was not found is paid back, the rest goes on."""
        if ask.wish.picked is not None:
            await written_down("what was found")
        try:
            await self._advance(_S.OUTBOUND, ask.wish.actor, picked=ask.wish.picked)
        except ActivityError as refusal:
            ask.refuse(refusal)
            return False
        missing = () if ask.wish.picked is None else missing_from(self._in_parcel, ask.wish.picked)
        self._in_parcel = self._in_parcel if ask.wish.picked is None else ask.wish.picked
        self._now_it_is(_S.OUTBOUND, "a waybill")
        ask.answer(self._answer())
        if missing:
            await self._refund(missing, RefundReason.SHORT_PICK, restock=False)
        return True

    async def _handed_to_a_carrier(self) -> bool:
        """Whether some carrier took it. A silent one is left for the next; one that refuses gets another address, or none."""
        while not self._stopped:
            for carrier in self._start.carriers:
                answer = await self._booked_with(carrier)
                if answer is Booked.TAKEN:
                    return True
                if answer is Booked.REFUSED and not await self._address_was_corrected():
                    return False
                if answer is Booked.REFUSED or self._stopped:
                    break
            else:
                await self._rested()
        return False

    async def _address_was_corrected(self) -> bool:
        """Wait for the buyer's correction before hand-over, up to a limit."""
        await self._advance(_S.EXCEPTION, "saga", exception=ExceptionKind.ADDRESS_ERROR)
        self._now_it_is(_S.EXCEPTION, "the buyer to correct the address")
        show(ShipmentStatus=_S.EXCEPTION)
        limit = Deadline(self._start.terms.address_correction, "limit for the correction of the address")
        await workflow.wait_condition(lambda: self._address_corrected or self._stopped or limit.passed)
        limit.drop()
        if self._stopped or not self._address_corrected:
            return False
        self._address_corrected = False
        await self._advance(_S.OUTBOUND, "saga")
        self._now_it_is(_S.OUTBOUND, "a waybill, with the corrected address")
        return True

    # ---- on its way --------------------------------------------------------------------------------------------------

    async def _arrived(self) -> ParcelEnd | None:
        """How it ended; None when it is packed again."""
        end = None
        while end is None:
            await self._something_happened()
            if self._sign_offs:
                end = await self._signed(self._sign_offs[0].wish)
            elif self._decisions:
                decided = await self._decided(self._decisions.pop(0))
                if decided is ExceptionDecision.RESHIP:
                    return None
                end = ParcelEnd.REFUNDED if decided else None
            elif self._troubles:
                end = await self._told_of(self._troubles.pop(0))
            elif self._tracking:
                end = await self._tracked(self._tracking.pop(0))
            elif self._address_corrected:
                await self._redirected()
            else:
                await written_down("that nobody corrected the address in time")
                end = await self._come_back()
        return end

    async def _something_happened(self) -> None:
        """A report, a wish, or a limit; while an exception waits for a decision, it is brought up again and again."""
        while True:
            try:
                await workflow.wait_condition(
                    lambda: (
                        bool(self._sign_offs or self._decisions or self._troubles or self._tracking)
                        or (self._address_limit is not None and (self._address_corrected or self._address_limit.passed))
                    ),
                    timeout=self._start.terms.exception_reminder if self._undecided else None,
                )
            except TimeoutError:
                workflow.metric_meter().create_counter("hanse_parcel_undecided").add(1)
                workflow.logger.warning("parcel %s still waits for a decision", self._start.shipment_id)
            else:
                return

    async def _tracked(self, report: TrackingReport) -> ParcelEnd | None:
        """How the carrier's report ends the parcel's way, if it does. On the straight way the signature is booked with the end."""
        straight = self._round == 1 and self._status in (_S.SHIPPED, _S.DELIVERED)
        if report.status is _S.SIGNED and straight:
            return await self._signed(SignOff(actor="carrier", at=report.event.at), report)
        await written_down("the carrier's report")
        if not await self._moved_by(report):
            return None
        if report.status is _S.SIGNED:
            return await self._signed(SignOff(actor="carrier", at=report.event.at))
        return await self._trouble(report.exception) if report.exception else None

    async def _signed(self, sign_off: SignOff, report: TrackingReport | None = None) -> ParcelEnd:
        waiting, self._sign_offs = self._sign_offs, []
        event = report.event if report else None
        await self._finished(
            _S.SIGNED, ParcelEnd.SIGNED, sign_off.actor, sign_off.at, event=event, detail=sign_off.proof
        )
        for ask in waiting:
            ask.answer(self._answer())
        return ParcelEnd.SIGNED

    # ---- what went wrong ---------------------------------------------------------------------------------------------

    async def _told_of(self, ask: Ask[ReportException, ShipmentAnswer]) -> ParcelEnd | None:
        wish = ask.wish
        await written_down("what went wrong")
        await self._advance(_S.EXCEPTION, wish.actor, exception=wish.kind, detail=wish.detail)
        ask.answer(self._answer().model_copy(update={"status": _S.EXCEPTION}))
        return await self._trouble(wish.kind)

    async def _trouble(self, kind: ExceptionKind) -> ParcelEnd | None:
        """How the parcel's way ends because of this; None when it waits for someone's word."""
        match kind:
            case ExceptionKind.REFUSED:
                await written_down("that it is refused")
                return await self._come_back()
            case ExceptionKind.ADDRESS_ERROR:
                self._address_limit = Deadline(self._start.terms.address_correction, "limit for the address")
                self._now_it_is(_S.EXCEPTION, "the buyer to correct the address")
            case ExceptionKind.LOST | ExceptionKind.DAMAGED:
                self._undecided = True
                self._now_it_is(_S.EXCEPTION, f"an operator ({kind}): update `decide_exception`, reship or refund")
        show(ShipmentStatus=_S.EXCEPTION)
        return None

    async def _decided(self, ask: Ask[DecideException, ShipmentAnswer]) -> ExceptionDecision | None:
        """What was decided and done; None when there is nothing left to send again, so another decision is needed."""
        await written_down("the decision")
        if ask.wish.decision is ExceptionDecision.REFUND:
            await self._given_up(RefundReason.PARCEL_LOST)
        else:
            try:
                await self._packed_again(ask.wish.actor)
            except ActivityError as refusal:
                ask.refuse(refusal)
                return None
        ask.answer(self._answer())
        return ask.wish.decision

    async def _come_back(self) -> ParcelEnd:
        """Reverse logistics: on its way back, received, back on the shelf, refunded."""
        await self._advance(_S.RETURNING, "saga")
        self._no_trouble_any_more()
        self._now_it_is(_S.RETURNING, "the warehouse to receive it back: update `receive_back`")
        show(ShipmentStatus=_S.RETURNING)
        while not self._returns:
            await workflow.wait_condition(lambda: bool(self._returns or self._tracking))
            if self._tracking:
                await self._moved_by(self._tracking.pop(0))
        ask = self._returns.pop(0)
        await self._refund(self._in_parcel, RefundReason.PARCEL_REFUSED, restock=ask.wish.resellable)
        await self._finished(_S.RETURNED, ParcelEnd.REFUNDED, ask.wish.actor)
        ask.answer(self._answer())
        return ParcelEnd.REFUNDED

    async def _given_up(self, reason: RefundReason) -> ParcelEnd:
        """What never comes is paid back; what never left goes back on the shelf."""
        await self._refund(self._in_parcel, reason, restock=not self._left)
        return await self._finished(_S.STOPPED, ParcelEnd.REFUNDED, "saga")
