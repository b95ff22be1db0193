"""One after-sale in a test: what it is started with, what its steps answer by default, and what people say."""

import secrets
from datetime import UTC, datetime
from typing import Any

from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from models.aftersales.messages import (
    AdvanceCase,
    AftersaleInput,
    Appeal,
    Application,
    CaseOpened,
    Choose,
    Claimed,
    Close,
    Decide,
    Inspect,
    Lower,
    OpenCase,
    PickUp,
    Receive,
    RefundOutcome,
    SendBack,
    TryRefund,
    Withdraw,
)
from models.aftersales.rules import stepped
from models.aftersales.types import (
    AftersaleCase,
    AftersaleKind,
    AftersaleReason,
    AftersaleState,
    InspectedLine,
    ReturnWaybill,
)
from models.fulfillment.returning import ExchangeEnd, ExchangeSent, ReturnBooked, ReturnReport, aftersale_workflow_id
from models.fulfillment.rules import exchange_id
from models.fulfillment.types import ReturnParcel, TrackingEvent, TrackingState
from models.inventory.messages import ReserveStock
from models.inventory.types import Destination, Reservation, ReservationState, SkuQuantity
from models.orders.messages import ParcelEnd, Placement
from models.orders.types import LineRequest, ReturnProposal
from models.payments.messages import RefundInput, payment_of
from models.payments.types import RefundState
from models.shared import Money
from models.shared.done import Done
from models.shared.ids import AftersaleId, OrderId, RefundId, ShipmentId, SkuId, UserId, WarehouseId
from tests.workflows.sagas import Sagas
from workflows.aftersale import Aftersale
from workflows.options import TaskQueue

T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)
TEA, POT = SkuId.derive(T0, "green tea"), SkuId.derive(T0, "tea pot")
PARCEL, OTHER_PARCEL = ShipmentId.derive(T0, "one"), ShipmentId.derive(T0, "two")
LINES = (LineRequest(sku_id=TEA, quantity=2), LineRequest(sku_id=POT, quantity=1))
WORTH = {TEA: 1_000, POT: 3_000}

CLAIM, DROP, NARROW = "orders.take_claim", "orders.drop_claim", "orders.narrow_claim"
OPEN, ADVANCE = "aftersales.open_case", "aftersales.advance_case"
WAYBILL, BOOK, CALL_OFF = "aftersales.note_waybill", "fulfillment.book_return", "fulfillment.cancel_return"
PLAN, RESERVE, COMMIT = "fulfillment.plan_exchange", "inventory.reserve_stock", "inventory.commit_stock"
RELEASE, SEND = "inventory.release_stock", "fulfillment.send_exchange"
REFUND, RESTOCK = "payments.start_refund", "inventory.restock"


def worth(lines: tuple[LineRequest, ...]) -> Money:
    return Money(minor=sum(WORTH[line.sku_id] * line.quantity for line in lines))


class OneCase:
    """Two teas and a pot for 50 yuan. The scripted store moves the case as the real one does; refunds go well at once."""

    def __init__(
        self,
        sagas: Sagas,
        placement: Placement = "inline",
        kind: AftersaleKind = AftersaleKind.RETURN_REFUND,
        *,
        approved: bool = True,
    ) -> None:
        self.sagas, self.steps, self._placement, self._approved = sagas, sagas.steps, placement, approved
        self.order_id = OrderId.mint(T0, secrets.token_bytes(10))
        self.application = Application(
            aftersale_id=AftersaleId.derive(T0, self.order_id),
            order_id=self.order_id,
            user_id=UserId.derive(T0, "buyer"),
            kind=kind,
            reason=AftersaleReason.DAMAGED,
            description="broken",
            lines=LINES,
            at=T0,
        )
        self.case: AftersaleCase | None = None
        self.pays: list[RefundOutcome | None] = []
        """What the next refunds come to; None for one that says nothing yet."""
        self.handle: WorkflowHandle[Any, Any] = sagas.handle(
            Aftersale.run, aftersale_workflow_id(self.application.aftersale_id)
        )
        self.exchanged: tuple[AftersaleId, ...] = ()
        """Earlier exchanges of the order."""
        self.steps.answer(CLAIM, self._claim)
        self.steps.answer(NARROW, lambda ask: self._brings(ask.lines))
        self.steps.answer(OPEN, self._open)
        self.steps.answer(ADVANCE, self._advance)
        self.steps.meanwhile_each(REFUND, self._pay)
        self.steps.answer(BOOK, ReturnBooked(parcel=self._coming_back()))
        held = exchange_id(self.application.aftersale_id)
        to = Destination(country="CN", region="Beijing", city="Beijing", postal_code="100080")
        goods = tuple(SkuQuantity(sku_id=line.sku_id, quantity=line.quantity) for line in LINES)
        self.steps.answer(PLAN, ReserveStock(order_id=held, lines=goods, destination=to))
        self.steps.answer(
            RESERVE, Reservation(order_id=held, state=ReservationState.HELD, allocations=(), expires_at=None)
        )
        self.steps.answer(SEND, ExchangeSent(shipment_ids=(PARCEL, OTHER_PARCEL)))

    async def apply(self) -> AftersaleCase:
        """Apply as the api does."""
        start = WithStartWorkflowOperation(
            Aftersale.run,
            AftersaleInput(application=self.application, placement=self._placement),
            id=self.handle.id,
            task_queue=TaskQueue.CHECKOUT,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        answer: AftersaleCase = await self.sagas.client.execute_update_with_start_workflow(
            Aftersale.begin, start_workflow_operation=start, id="begin"
        )
        return answer

    async def approve(self, at_most: int | None = None) -> AftersaleState:
        lower = None if at_most is None else Money(minor=at_most)
        return await self._told(
            Aftersale.decide, Decide(approve=True, because="fine", at_most=lower, actor="operator:1")
        )

    async def reject(self) -> AftersaleState:
        return await self._told(
            Aftersale.decide, Decide(approve=False, because="nothing is broken", actor="operator:1")
        )

    async def withdraw(self) -> AftersaleState:
        return await self._told(Aftersale.withdraw, Withdraw())

    async def send_back(self) -> AftersaleState:
        wish = SendBack(by=ReturnWaybill(carrier="sandbox", waybill="SBX0001"))
        return await self._told(Aftersale.send_back, wish)

    async def receive(self) -> AftersaleState:
        return await self._told(Aftersale.receive, Receive(actor="operator:2"))

    async def inspect(self, tea: int = 2, pot: int = 1, resellable: int = 0) -> AftersaleState:
        lines = (
            InspectedLine(sku_id=TEA, accepted=tea, resellable=resellable),
            InspectedLine(sku_id=POT, accepted=pot),
        )
        return await self._told(Aftersale.inspect, Inspect(lines=lines, because="as seen", actor="operator:2"))

    async def lower(self, to: int) -> AftersaleState:
        wish = Lower(at_most=Money(minor=to), because="worn", actor="operator:1")
        return await self._told(Aftersale.lower, wish)

    async def appeal(self) -> AftersaleState:
        return await self._told(Aftersale.appeal, Appeal(because="look again"))

    async def close(self) -> AftersaleState:
        return await self._told(Aftersale.close, Close(because="settled otherwise", actor="operator:1"))

    async def choose(self, *, refund: bool) -> AftersaleState:
        return await self._told(Aftersale.choose, Choose(refund=refund, actor="buyer"))

    async def try_refund(self) -> AftersaleState:
        return await self._told(Aftersale.try_refund, TryRefund(actor="operator:1"))

    async def returned(self) -> "OneCase":
        """Apply, and send the goods back."""
        await self.apply()
        await self.send_back()
        return self

    async def is_now(self, words: str) -> None:
        await self.sagas.until(self.handle, words)

    async def later(self, **duration: float) -> None:
        await self.sagas.later(self.handle, **duration)

    async def ended(self) -> Any:
        return await self.sagas.ended(self.handle)

    def states(self) -> list[str]:
        """Every state the case was moved to, in order."""
        return [step.to.value for step in self.steps.told(ADVANCE)]

    def refunds(self) -> list[RefundInput]:
        return self.steps.told(REFUND)

    async def _told(self, update: Any, wish: Any) -> AftersaleState:
        answer: AftersaleCase = await self.handle.execute_update(update, wish)
        return answer.state

    async def parcel_ends(self, parcel: ShipmentId, *missing: LineRequest) -> None:
        """A parcel of the exchange was signed for, or does not come."""
        end = ExchangeEnd(
            aftersale_id=self.application.aftersale_id,
            shipment_id=parcel,
            end=ParcelEnd.REFUNDED if missing else ParcelEnd.SIGNED,
            missing=missing,
            at=T0,
        )
        await self.handle.signal(Aftersale.exchange_parcel_ended, end)

    async def pick_up(self) -> AftersaleState:
        return await self._told(Aftersale.pick_up, PickUp())

    async def carrier_says(self, state: TrackingState) -> None:
        """About the parcel that comes back."""
        event = TrackingEvent(event_id=state, status=state, place="Beijing", at=T0)
        report = ReturnReport(aftersale_id=self.application.aftersale_id, state=state, event=event)
        await self.handle.signal(Aftersale.return_reported, report)

    # ---- what stores and refunds would do ----------------------------------------------------------------------------

    def _claim(self, _: object) -> Claimed:
        return Claimed(payment_id=payment_of(self.order_id), proposal=self._brings(LINES), exchanged=self.exchanged)

    def _coming_back(self) -> ReturnParcel:
        return ReturnParcel(
            aftersale_id=self.application.aftersale_id,
            order_id=self.order_id,
            warehouse_id=WarehouseId.derive(T0, "north"),
            items=LINES,
            carrier="sandbox",
            waybill="SBX0002",
            state=TrackingState.BOOKED,
            booked_at=T0,
        )

    def _brings(self, lines: tuple[LineRequest, ...]) -> ReturnProposal:
        amount = worth(lines)
        return ReturnProposal(order_id=self.order_id, lines=lines, paid=amount, amount=amount, whole=False)

    def _open(self, ask: OpenCase) -> CaseOpened:
        told = ask.application
        self.case = AftersaleCase(
            **told.model_dump(exclude={"at", "lines"}),
            lines=told.lines,
            payment_id=ask.payment_id,
            state=AftersaleState.APPLIED,
            accepted=told.lines,
            proposed=ask.proposed,
            applied_at=told.at,
            changed_at=told.at,
            version=1,
        )
        return CaseOpened(case=self.case, approved=self._approved, why="by the rule of this test")

    def _advance(self, step: AdvanceCase) -> Done:
        assert self.case is not None
        if self.case.version == step.version:
            self.case = stepped(self.case, step)
        return Done()

    async def _pay(self, refund: RefundInput) -> None:
        amount = worth(tuple(LineRequest(sku_id=line.sku_id, quantity=line.quantity) for line in refund.lines))
        if refund.at_most is not None:
            amount = min(amount, refund.at_most, key=lambda money: money.minor)
        outcome: RefundOutcome | None = RefundOutcome(
            refund_id=refund.refund_id, state=RefundState.SUCCEEDED, amount=amount
        )
        if self.pays:
            outcome = self.pays.pop(0)
        if outcome is not None:
            await self.handle.signal(Aftersale.refund_ended, outcome.model_copy(update={"refund_id": refund.refund_id}))


def not_held(refusal: str = "refund_exceeds_rest") -> RefundOutcome:
    """A refund for which there was no money."""
    return RefundOutcome(refund_id=RefundId.derive(T0, "any"), state=RefundState.REFUSED, refusal=refusal)
