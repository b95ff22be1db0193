"""One parcel in a test: what it is started with, what its steps answer by default, and what people and carriers say."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from models.fulfillment.messages import (
    DecideException,
    Dispatch,
    ExceptionDecision,
    FulfillmentInput,
    FulfillmentTerms,
    GiveUpWaiting,
    ReceiveBack,
    ReportException,
    ShipmentAnswer,
    ShipmentTracked,
    SignOff,
    SplitAnswer,
    SplitParcel,
    StopShipments,
    TrackingReport,
    TrackShipment,
    WaybillBound,
    fulfillment_id,
)
from models.fulfillment.types import ExceptionKind, Outbound, ShipmentStatus, TrackingEvent
from models.fulfillment.watching import WatchInput
from models.inventory.messages import ReserveStock
from models.inventory.types import (
    Allocation,
    Claim,
    ClaimState,
    Destination,
    Reservation,
    ReservationState,
    SellsAhead,
    SkuQuantity,
)
from models.orders.messages import ParcelEnd, Placement
from models.orders.types import LineRequest, Wait
from models.payments.messages import RefundInput, payment_of
from models.shared.ids import AftersaleId, ClaimId, MerchantId, OrderId, ShipmentId, SkuId, UserId, WarehouseId
from tests.workflows.sagas import Sagas
from workflows.fulfillment import Fulfillment
from workflows.parcel_watch import ParcelWatch

T0 = datetime(2026, 11, 11, 12, tzinfo=UTC)
TEA, POT = SkuId.derive(T0, "green tea"), SkuId.derive(T0, "tea pot")
EXCHANGE = AftersaleId.derive(T0, "exchange")
ITEMS = (LineRequest(sku_id=TEA, quantity=2), LineRequest(sku_id=POT, quantity=1))

WAYBILL, ADVANCE, FINISH = (
    "fulfillment.book_waybill",
    "fulfillment.advance_shipment",
    "fulfillment.finish_shipment",
)
TRACK, REDIRECT, PLAN = "fulfillment.track_shipment", "fulfillment.redirect_parcel", "fulfillment.plan_replacement"
REFUND, RESTOCK, SPLIT = "payments.start_refund", "inventory.restock", "fulfillment.open_split"
RESERVE, COMMIT = "inventory.reserve_stock", "inventory.commit_stock"

TAKE = "inventory.take_claim"
WAIT = Wait(claim_id=ClaimId.derive(T0, "claim"), policy=SellsAhead.BACKORDER, ships_by=T0 + timedelta(days=14))
"""What a parcel may wait for."""

_S = ShipmentStatus


def report(status: ShipmentStatus, exception: ExceptionKind | None = None, minutes: int = 60) -> TrackingReport:
    """A carrier's report about something that happened `minutes` after the order."""
    at = T0 + timedelta(minutes=minutes)
    event = TrackingEvent(event_id=f"{status}-{minutes}", status=status, place="Beijing", at=at)
    return TrackingReport(status=status, event=event, exception=exception)


def units_of(refund: RefundInput) -> int:
    """How many units a refund gives back."""
    return sum(line.quantity for line in refund.lines)


async def watched(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    """One run of the watch over parcels, as its schedule starts it, at its end."""
    run = await sagas.start(ParcelWatch.run, WatchInput(), f"parcel-watch-{secrets.token_hex(4)}")
    await sagas.ended(run)
    return run


class Parcel:
    """A parcel of two teas and a pot, let out by itself unless a test wants otherwise."""

    def __init__(self, sagas: Sagas, placement: Placement = "inline") -> None:
        self.sagas = sagas
        self._placement = placement
        self.steps = sagas.steps
        self.order_id = OrderId.mint(T0, secrets.token_bytes(10))
        self.shipment_id = ShipmentId.derive(T0, self.order_id)
        self.again_id = OrderId.derive(T0, self.shipment_id, "packing 2")
        self.handle: WorkflowHandle[Any, Any] = sagas.handle(Fulfillment.run, fulfillment_id(self.shipment_id))
        self._answer_as_usual()

    def _answer_as_usual(self) -> None:
        self.steps.answer(WAYBILL, lambda booking: WaybillBound(carrier=booking.carrier, waybill="W1"))
        self.steps.answer(TRACK, lambda ask: ShipmentTracked(moved=True, status=ask.report.status))
        self.steps.answer(
            PLAN,
            lambda plan: ReserveStock(
                order_id=self.again_id,
                lines=tuple(SkuQuantity(sku_id=line.sku_id, quantity=line.quantity) for line in plan.lines),
                destination=Destination(country="CN", city="Beijing"),
            ),
        )
        self.steps.answer(RESERVE, self._reservation(ReservationState.HELD))
        self.steps.answer(COMMIT, self._reservation(ReservationState.COMMITTED))

    def _reservation(self, state: ReservationState) -> Reservation:
        house, shop = WarehouseId.derive(T0, "house"), MerchantId.derive(T0, "shop")
        share = Allocation(warehouse_id=house, merchant_id=shop, sku_id=TEA, quantity=2)
        return Reservation(order_id=self.again_id, state=state, allocations=(share,), expires_at=None)

    def ignores(self, *statuses: ShipmentStatus) -> None:
        """The store says of reports of these that they lead nowhere: late, doubled, out of order."""

        def tracked(ask: TrackShipment) -> ShipmentTracked:
            leads_on = ask.report.status not in statuses
            return ShipmentTracked(moved=leads_on, status=ask.report.status if leads_on else _S.DELIVERED)

        self.steps.answer(TRACK, tracked)

    def finds(self, *states: ClaimState, not_before: datetime | None = None) -> None:
        """What became of its claim each time it looks, the last for good."""
        left, last = iter(states), states[-1]
        claim = Claim(
            **WAIT.model_dump(),
            order_id=self.order_id,
            warehouse_id=WarehouseId.derive(T0, "house"),
            merchant_id=MerchantId.derive(T0, "shop"),
            sku_id=TEA,
            quantity=2,
            not_before=not_before,
            claimed_at=T0,
            changed_at=T0,
        )
        self.steps.answer(TAKE, lambda _: claim.model_copy(update={"state": next(left, last)}))

    async def start(
        self,
        outbound: Outbound = Outbound.AUTOMATIC,
        carriers: tuple[str, ...] = ("swift",),
        waits: Wait | None = None,
        aftersale_id: AftersaleId | None = None,
    ) -> None:
        """Start it as hand-over does, or as an exchange does."""
        start = FulfillmentInput(
            shipment_id=self.shipment_id,
            order_id=self.order_id,
            payment_id=payment_of(self.order_id),
            user_id=UserId.derive(T0, "buyer"),
            items=ITEMS,
            outbound=outbound,
            waits=waits,
            carriers=carriers,
            placement=self._placement,
            terms=FulfillmentTerms(carrier_limit=timedelta(seconds=4)),
            aftersale_id=aftersale_id,
        )
        self.handle = await self.sagas.start(Fulfillment.run, start, fulfillment_id(self.shipment_id))

    async def shipped(self) -> "Parcel":
        """Start it and wait until a carrier has it."""
        await self.start()
        await self.is_now(_S.SHIPPED)
        return self

    async def is_now(self, words: str) -> None:
        """Wait until the parcel is so."""
        await self.sagas.until(self.handle, words)

    async def tracked(self, *reports: TrackingReport) -> None:
        """The carrier reports."""
        for told in reports:
            await self.handle.signal(Fulfillment.tracking_reported, told)

    async def dispatch(self, *picked: LineRequest, whole: bool = False) -> ShipmentAnswer:
        """The warehouse lets it out."""
        wish = Dispatch(actor="operator:1", picked=None if whole else picked)
        answer: ShipmentAnswer = await self.handle.execute_update(Fulfillment.dispatch, wish)
        return answer

    async def split(self, *items: LineRequest) -> SplitAnswer:
        """The warehouse packs a part of it in a box of its own."""
        wish = SplitParcel(items=items, actor="operator:1")
        answer: SplitAnswer = await self.handle.execute_update(Fulfillment.split, wish)
        return answer

    async def nobody_complains(self) -> None:
        """The watch over parcels says that it was delivered long ago."""
        silence = SignOff(actor="time", at=T0 + timedelta(days=8), proof="nobody signed")
        await self.handle.signal(Fulfillment.silence_taken_for_yes, silence)

    async def sign_off(self, actor: str = "buyer") -> ShipmentAnswer:
        """Someone says that the buyer has it."""
        wish = SignOff(actor=actor, at=T0 + timedelta(days=2), proof="left with the neighbour")
        answer: ShipmentAnswer = await self.handle.execute_update(Fulfillment.sign_off, wish)
        return answer

    async def give_up(self) -> ShipmentAnswer:
        """An operator says that its goods will not come."""
        wish = GiveUpWaiting(actor="operator:1", why="the maker closed")
        answer: ShipmentAnswer = await self.handle.execute_update(Fulfillment.give_up, wish)
        return answer

    async def trouble(self, kind: ExceptionKind) -> ShipmentAnswer:
        """An operator says what went wrong."""
        wish = ReportException(kind=kind, actor="operator:1", detail="the carrier called")
        answer: ShipmentAnswer = await self.handle.execute_update(Fulfillment.report_exception, wish)
        return answer

    async def decide(self, decision: ExceptionDecision) -> ShipmentAnswer:
        """An operator decides."""
        wish = DecideException(decision=decision, actor="operator:1")
        answer: ShipmentAnswer = await self.handle.execute_update(Fulfillment.decide_exception, wish)
        return answer

    async def receive_back(self, *, resellable: bool = True) -> ShipmentAnswer:
        """The warehouse has it again."""
        wish = ReceiveBack(actor="operator:1", resellable=resellable)
        answer: ShipmentAnswer = await self.handle.execute_update(Fulfillment.receive_back, wish)
        return answer

    async def corrected(self) -> None:
        """The buyer corrects the address."""
        await self.handle.signal(Fulfillment.address_corrected)

    async def order_stopped(self) -> None:
        """The order is called off."""
        stop = StopShipments(order_id=self.order_id, at=T0, actor="buyer")
        await self.handle.signal(Fulfillment.order_stopped, stop)

    async def ended(self) -> ParcelEnd:
        """How it ended."""
        return ParcelEnd(await self.sagas.ended(self.handle))

    def steps_taken(self) -> list[str]:
        """The statuses the parcel was sent to, in order."""
        return [message.step.to if name == FINISH else message.to for name, message in self.steps.calls
                if name in (ADVANCE, FINISH)]  # fmt: skip

    def ends_told(self) -> list[ParcelEnd]:
        """What the order was told; a repetition of the same message, as after a fault, counts once."""
        return list({repr(message): message.end for message in self.steps.told(FINISH)}.values())
