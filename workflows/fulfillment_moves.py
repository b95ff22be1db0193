"""What `Fulfillment` does to its parcel: each method is one move, its store and carrier calls in order."""

from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.fulfillment import FulfillmentActivities
    from activities.inventory import InventoryActivities
    from activities.payments import PaymentActivities
    from models.fulfillment.messages import (
        AdvanceShipment,
        BookWaybill,
        FinishShipment,
        FulfillmentInput,
        PlanReplacement,
        RedirectParcel,
        SplitAnswer,
        SplitParcel,
        TrackingReport,
        TrackShipment,
    )
    from models.fulfillment.returning import ExchangeEnd
    from models.fulfillment.rules import split_off
    from models.fulfillment.types import Outbound, ShipmentStatus
    from models.inventory.errors import ReservationReleased
    from models.inventory.messages import CommitStock, ReleaseClaims, TakeClaim
    from models.inventory.types import Claim, ClaimState
    from models.orders.messages import ParcelEnd
    from models.orders.types import LineRequest
    from models.payments.types import RefundReason
    from models.shared.ids import ClaimId
    from workflows.asks import Ask
    from workflows.fulfillment_desk import FulfillmentDesk
    from workflows.fulfillment_steps import exchange_restock, open_split, parcel_refund
    from workflows.low_stock import tell_low_stock
    from workflows.options import TaskQueue
    from workflows.saga import Deadline, refusal_code
    from workflows.search_attributes import show

_S = ShipmentStatus
_MOMENT = timedelta(seconds=1)
_REST = timedelta(minutes=5)
"""After no carrier took the parcel, before the first is asked again."""


class Booked(Enum):
    """What a carrier said to a parcel."""

    TAKEN = "taken"
    REFUSED = "refused"
    SILENT = "silent"


class FulfillmentMoves(FulfillmentDesk):
    """The moves, and what they must remember from one to the next."""

    def __init__(self, start: FulfillmentInput) -> None:
        super().__init__(start)
        self._missing: tuple[LineRequest, ...] = ()
        """What the buyer of an exchange does not get."""
        self._split_parcels = 0
        self._address_limit: Deadline | None = None
        """Runs while a parcel on its way waits for another address."""

    # ---- carriers ----------------------------------------------------------------------------------------------------

    async def _booked_with(self, carrier: str) -> Booked:
        """Ask one carrier for a waybill; with it the parcel is on its way."""
        booking = BookWaybill(
            shipment_id=self._start.shipment_id,
            order_id=self._start.order_id,
            carrier=carrier,
            at=workflow.now(),
            let_out=self._start.outbound is Outbound.AUTOMATIC,
        )
        try:
            bound = await self._saga.outside_call(
                FulfillmentActivities.book_waybill,
                booking,
                f"waybill from {carrier}",
                TaskQueue.CHANNELS_CARRIER,
                give_up_after=self._start.terms.carrier_limit,
            )
        except ActivityError as error:
            match refusal_code(error):
                case "carrier_refused":
                    return Booked.REFUSED
                case "" | "carrier_unknown":
                    workflow.logger.warning("carrier %s does not answer; asking the next", carrier)
                    return Booked.SILENT
            raise
        self._saga.announce(bound.unannounced)
        self._left = True
        self._now_it_is(
            _S.SHIPPED, f"its signature ({bound.carrier} {bound.waybill}; where it is stands in its tracking)"
        )
        show(ShipmentStatus=_S.SHIPPED)
        return Booked.TAKEN

    async def _rested(self) -> None:
        self._now_it_is(self._status, "a carrier that answers")
        try:
            await workflow.wait_condition(lambda: self._stopped, timeout=_REST, timeout_summary="no carrier answered")
        except TimeoutError:
            return

    async def _redirected(self) -> None:
        """Tell the carrier the corrected address; if it refuses that one too, another is waited for."""
        limit = self._address_limit
        assert limit is not None
        self._address_corrected = False
        try:
            await self._saga.outside_call(
                FulfillmentActivities.redirect_parcel,
                RedirectParcel(shipment_id=self._start.shipment_id),
                "tell the carrier the corrected address",
                TaskQueue.CHANNELS_CARRIER,
                give_up_after=self._start.terms.carrier_limit,
            )
        except ActivityError as error:
            silent = refusal_code(error) == ""
            self._address_corrected = silent and not limit.passed  # then it is asked again
            self._now_it_is(_S.EXCEPTION, "the carrier" if silent else "another correction of the address")
            return
        await self._advance(_S.SHIPPED, "saga")
        self._no_trouble_any_more()
        self._now_it_is(_S.SHIPPED, "the carrier, with the corrected address")
        show(ShipmentStatus=_S.SHIPPED)

    async def _moved_by(self, report: TrackingReport) -> bool:
        """Keep a carrier's report; whether it took the parcel further."""
        tracked = await self._saga.store_call(
            FulfillmentActivities.track_shipment,
            TrackShipment(shipment_id=self._start.shipment_id, report=report),
            f"tracking: {report.status}",
        )
        self._saga.announce(tracked.unannounced)
        if tracked.moved:
            self._no_trouble_any_more()
            self._now_it_is(tracked.status, "the next report of the carrier")
            show(ShipmentStatus=tracked.status)
        return tracked.moved

    def _no_trouble_any_more(self) -> None:
        self._undecided = self._address_corrected = False
        if self._address_limit is not None:
            self._address_limit.drop()
            self._address_limit = None

    # ---- goods that were bought ahead ---------------------------------------------------------------------------------

    async def _claim_taken(self, claim_id: ClaimId) -> Claim | None:
        """The parcel's claim, `committed` if its goods are there now; None if it was given up with its order."""
        try:
            return await self._saga.store_call(
                InventoryActivities.take_claim, TakeClaim(claim_id=claim_id), "take the goods if they came"
            )
        except ActivityError as refusal:
            if refusal_code(refusal) != ReservationReleased.code:
                raise
            return None

    async def _looked_again(self, claim: Claim) -> None:
        """Until goods come, the release is there, or it is time to look."""
        pause = self._start.terms.look_for_goods
        if claim.state is ClaimState.FILLED and claim.not_before is not None:
            pause = max(min(pause, claim.not_before - workflow.now()), _MOMENT)
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._goods_came or self._stopped or bool(self._give_ups),
                timeout=pause,
                timeout_summary="look whether the goods may leave",
            )

    async def _claim_given_up(self) -> None:
        assert self._start.waits is not None
        release = ReleaseClaims(order_id=self._start.order_id, claim_id=self._start.waits.claim_id)
        await self._saga.store_call(InventoryActivities.release_claims, release, "give up the claim on goods to come")

    # ---- goods and money ---------------------------------------------------------------------------------------------

    async def _packed_again(self, actor: str) -> None:
        """Take new goods from the shelf for another packing; refused when they are sold out, and then nothing is held."""
        plan = PlanReplacement(shipment_id=self._start.shipment_id, lines=self._in_parcel, packing=self._round + 1)
        stock = await self._saga.store_call(FulfillmentActivities.plan_replacement, plan, "what to take from the shelf")
        held = await self._saga.store_call(InventoryActivities.reserve_stock, stock, "reserve the replacement")
        commit = CommitStock(order_id=stock.order_id)
        await self._saga.store_call(InventoryActivities.commit_stock, commit, "commit the replacement")
        tell_low_stock(self._saga, held.low_stock, workflow.now())
        await self._advance(_S.PICKING, actor)
        self._no_trouble_any_more()
        self._round += 1
        self._left = False
        self._now_it_is(_S.PICKING, "the warehouse, again")
        show(ShipmentStatus=_S.PICKING)

    async def _refund(self, lines: tuple[LineRequest, ...], reason: RefundReason, *, restock: bool) -> None:
        """Pay back what was paid for these lines; `Refund` finds out what that is, and puts goods that cost nothing back too.
        What an exchange lacks, its after-sale pays back; here its goods only go on the shelf."""
        if self._start.aftersale_id is not None:
            self._missing += lines
            if restock:
                back = exchange_restock(self._start.aftersale_id, self._start.shipment_id, self._round, lines)
                await self._saga.store_call(InventoryActivities.restock, back, "put the goods back on the shelf")
            return
        refund = parcel_refund(self._start, self._round, lines, reason, restock=restock)
        await self._saga.store_call(PaymentActivities.start_refund, refund, f"start the refund of {len(lines)} line(s)")

    # ---- the parcel --------------------------------------------------------------------------------------------------

    async def _advance(self, to: ShipmentStatus, actor: str, **facts: Any) -> None:
        step = self._step(to, actor, workflow.now(), **facts)
        done = await self._saga.store_call(FulfillmentActivities.advance_shipment, step, f"the parcel is {to}")
        self._saga.announce(done.unannounced)

    async def _finished(
        self, to: ShipmentStatus, end: ParcelEnd, actor: str, at: datetime | None = None, **facts: Any
    ) -> ParcelEnd:
        """The parcel's last step, and its end told to the order, in one call."""
        step = self._step(to, actor, at or workflow.now(), **facts)
        finish = FinishShipment(step=step, end=end, exchange=self._end_of_exchange(end, step.at))
        done = await self._saga.store_call(
            FulfillmentActivities.finish_shipment, finish, f"the parcel is {to}: tell the order"
        )
        self._saga.announce(done.unannounced)
        self._no_trouble_any_more()
        self._now_it_is(to, "nothing")
        show(ShipmentStatus=to)
        return end

    def _end_of_exchange(self, end: ParcelEnd, at: datetime) -> ExchangeEnd | None:
        if self._start.aftersale_id is None:
            return None
        return ExchangeEnd(
            aftersale_id=self._start.aftersale_id,
            shipment_id=self._start.shipment_id,
            end=end,
            missing=self._missing,
            at=at,
        )

    async def _split_into_two(self, ask: Ask[SplitParcel, SplitAnswer]) -> None:
        """Part of what belongs into it is sent in a parcel of its own, which lives by itself from here on."""
        self._split_parcels += 1
        opening = open_split(self._start, self._split_parcels, ask.wish)
        try:
            await self._saga.store_call(FulfillmentActivities.open_split, opening, "split the parcel in two")
        except ActivityError as refusal:
            ask.refuse(refusal)
            return
        self._in_parcel = split_off(self._start.shipment_id, self._in_parcel, ask.wish.items)
        self._now_it_is(_S.PICKING, "the warehouse to let it out: update `dispatch`")
        answer = self._answer()
        ask.answer(SplitAnswer(**answer.model_dump(), new_shipment_id=opening.new_id))

    def _step(self, to: ShipmentStatus, actor: str, at: datetime, **facts: Any) -> AdvanceShipment:
        return AdvanceShipment(
            shipment_id=self._start.shipment_id, order_id=self._start.order_id, to=to, at=at, actor=actor, **facts
        )
