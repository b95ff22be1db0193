"""One buyer's order in a test: what can be done to it, and what its steps answer when all is well."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateStage
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.testing import WorkflowEnvironment

from activities.search_attributes import attributes
from models.inventory.messages import ReserveStock, Restock
from models.inventory.types import Allocation, Reservation, ReservationState, Restocked
from models.orders.messages import (
    AdjustPrice,
    Basket,
    CancelAnswer,
    CancelOrder,
    CheckoutInput,
    CheckoutTerms,
    CommitDecision,
    ConfirmReceipt,
    DecideCommit,
    OrderRef,
    ParcelEnd,
    ParcelReport,
    ParcelSplit,
    Placed,
    Placement,
    PlaceOrder,
    Prepared,
    Progress,
    QuoteBasket,
    QuotedBasket,
    Settlement,
    SettlementKind,
    checkout_id,
)
from models.orders.quoting import price_basket
from models.orders.types import CancelReason, DeliveryAddress, LineRequest
from models.products.types import SellableSku
from models.promotions.messages import CountedLine, RuleUse
from models.shared import Money
from models.shared.ids import AddressId, OrderId, ShipmentId, UserId, WarehouseId
from tests.unit.orders.baskets import named, sku
from tests.workflows.orders.server import OneWorkflow, until
from tests.workflows.scripted import Scripted
from workflows.checkout import Checkout
from workflows.options import TaskQueue

TEA, POT = sku("green tea", 1000), sku("tea pot", 3000)
HERE, THERE = named(WarehouseId, "here"), named(WarehouseId, "there")
BUYER, SOMEONE_ELSE = named(UserId, "buyer"), named(UserId, "someone else")
ADDRESS = DeliveryAddress(
    recipient="A buyer", phone="+10", country="CN", region="Beijing", city="Beijing", postal_code="1", line="1"
)
TWO_TEAS_AND_A_POT = Basket(
    lines=(LineRequest(sku_id=TEA.sku_id, quantity=2), LineRequest(sku_id=POT.sku_id, quantity=1)),
    address_id=named(AddressId, "home"),
)
TOTAL = Money(minor=5000)

QUOTE, RESERVE, RELEASE = "orders.quote_basket", "inventory.reserve_stock", "inventory.release_stock"
OPEN, DISCARD, ADVANCE = "orders.open_order", "orders.discard_order", "orders.advance_order"
OPEN_PAYMENT, CLOSE_PAYMENT, STOP_PAYMENT = "payments.open_payment", "payments.close_payment", "payments.request_stop"
COMMIT, RESTOCK, REFUND = "inventory.commit_stock", "inventory.restock", "payments.start_refund"
MONEY_CAME = "orders.record_payment"
COUNT, HOLD = "promotions.count_purchases", "promotions.hold_benefits"
REDEEM, RETURN = "promotions.redeem_benefits", "promotions.return_benefits"
CHECK_PRICE, ADJUST_PRICE = "orders.check_price", "orders.adjust_price"
CLOSE_ATTEMPTS, CHANGE_AMOUNT = "payments.close_attempts", "payments.change_amount"
HAND_OVER, STOP_PARCELS, PUBLISH = "fulfillment.hand_over", "fulfillment.stop_shipments", "bus.publish_events"

PLACING = [QUOTE, RESERVE, OPEN, OPEN_PAYMENT]
"""The steps of placing an order at once."""
UNDOING = [CLOSE_PAYMENT, DISCARD, RETURN, RELEASE]
"""The undo of all of them."""


class OneOrder(OneWorkflow):
    """What a buyer, an operator, the payment window and the parcels do to an order."""

    def __init__(
        self, server: WorkflowEnvironment, client: Client, steps: Scripted, placement: Placement, **terms: timedelta
    ) -> None:
        self.order_id = OrderId.mint(datetime.now(UTC), secrets.token_bytes(10))
        super().__init__(server, client, checkout_id(self.order_id))
        self.steps = steps
        self.terms = CheckoutTerms(placement=placement, **terms)
        self.skus = {TEA.sku_id: TEA, POT.sku_id: POT}
        self.uses: tuple[RuleUse, ...] = ()
        self.limited: tuple[CountedLine, ...] = ()
        self.warehouses = [HERE]
        self.split_off: ShipmentId
        steps.answer(QUOTE, self._quoted)
        steps.answer(RESERVE, self._reserved)
        steps.answer(RELEASE, lambda _: Reservation(order_id=self.order_id, state=ReservationState.RELEASED))
        steps.answer(COMMIT, lambda _: Reservation(order_id=self.order_id, state=ReservationState.COMMITTED))
        steps.answer(RESTOCK, _restocked)

    # ---- what the shop answers ---------------------------------------------------------------------------------------

    def costs(self, *skus: SellableSku) -> None:
        """From now on these are the prices."""
        self.skus |= {each.sku_id: each for each in skus}

    def _quoted(self, ask: QuoteBasket) -> QuotedBasket:
        quote = price_basket(ask.basket.lines, self.skus, (), ADDRESS)
        return QuotedBasket(quote=quote, address=ADDRESS, uses=self.uses, counted=self.limited)

    def _reserved(self, ask: ReserveStock) -> Reservation:
        shares = [
            Allocation(
                warehouse_id=self.warehouses[number % len(self.warehouses)],
                merchant_id=self.skus[line.sku_id].merchant_id,
                sku_id=line.sku_id,
                quantity=line.quantity,
            )
            for number, line in enumerate(ask.lines)
        ]
        return Reservation(order_id=ask.order_id, state=ReservationState.HELD, allocations=tuple(shares))

    # ---- what people do ----------------------------------------------------------------------------------------------

    async def prepare(self, basket: Basket = TWO_TEAS_AND_A_POT, key: str | None = None) -> Prepared:
        """Ask for a quote and a hold, starting the process."""
        return await self.client.execute_update_with_start_workflow(
            Checkout.prepare, basket, start_workflow_operation=self.starting(), id=key
        )

    async def place(
        self,
        basket: Basket | None = TWO_TEAS_AND_A_POT,
        *,
        by: UserId = BUYER,
        expected: Money | None = None,
        key: str | None = None,
    ) -> Placed:
        """Place it, at once or (with no basket) after a prepare."""
        wish = PlaceOrder(asked_by=by, basket=basket, expected_total=expected)
        return await self.client.execute_update_with_start_workflow(
            Checkout.place, wish, start_workflow_operation=self.starting(), id=key
        )

    def starting(self) -> WithStartWorkflowOperation[Checkout, Any]:
        """The start that comes with the first wish."""
        return WithStartWorkflowOperation(
            Checkout.run,
            CheckoutInput(order_id=self.order_id, user_id=BUYER, terms=self.terms),
            id=self.workflow_id,
            task_queue=TaskQueue.CHECKOUT,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=attributes(
                OrderId=self.order_id, UserId=BUYER, OrderStatus="pending_payment", PaymentStatus="unpaid"
            ),
        )

    async def start_without_a_wish(self) -> None:
        """The start reached Temporal, the wish that came with it did not."""
        start = CheckoutInput(order_id=self.order_id, user_id=BUYER, terms=self.terms)
        await self.client.start_workflow(Checkout.run, start, id=self.workflow_id, task_queue=TaskQueue.CHECKOUT)

    async def cancel(self, *, by: UserId | None = BUYER) -> CancelAnswer:
        """The buyer cancels; without a name, an operator does."""
        reason = CancelReason.BY_USER if by else CancelReason.BY_OPERATOR
        wish = CancelOrder(asked_by=by, by=reason, actor="buyer" if by else "operator:anna", why="no longer needed")
        answer: CancelAnswer = await self.handle.execute_update(Checkout.cancel, wish)
        return answer

    async def asks_to_cancel(self, *, by: UserId | None = BUYER) -> asyncio.Task[CancelAnswer]:
        """The wish has arrived; its answer comes later."""
        reason = CancelReason.BY_USER if by else CancelReason.BY_OPERATOR
        wish = CancelOrder(asked_by=by, by=reason, actor="buyer" if by else "operator:anna", why="no longer needed")
        return await self._asked(Checkout.cancel, wish)

    async def asks_to_confirm(self, *, by: UserId = BUYER) -> asyncio.Task[OrderRef]:
        """The confirmation has arrived; its answer comes later."""
        return await self._asked(Checkout.confirm_receipt, ConfirmReceipt(asked_by=by))

    async def _asked(self, update: Any, wish: Any) -> asyncio.Task[Any]:
        asked = await self.handle.start_update(update, wish, wait_for_stage=WorkflowUpdateStage.ACCEPTED)
        return asyncio.create_task(asked.result())

    async def confirm(self, *, by: UserId = BUYER) -> OrderRef:
        """The buyer has everything."""
        answer: OrderRef = await self.handle.execute_update(Checkout.confirm_receipt, ConfirmReceipt(asked_by=by))
        return answer

    async def decide(self, decision: CommitDecision) -> OrderRef:
        """An operator decides about stock that cannot be committed."""
        wish = DecideCommit(decision=decision, actor="operator:anna")
        answer: OrderRef = await self.handle.execute_update(Checkout.decide_commit, wish)
        return answer

    async def reprice(self, minor: int, key: str = "first") -> OrderRef:
        """An operator asks less."""
        answer: OrderRef = await self.handle.execute_update(Checkout.adjust_price, self._less(minor, key))
        return answer

    async def asks_less(self, minor: int, key: str = "first") -> asyncio.Task[OrderRef]:
        """An operator's wish has arrived; its answer comes later."""
        return await self._asked(Checkout.adjust_price, self._less(minor, key))

    def _less(self, minor: int, key: str) -> AdjustPrice:
        return AdjustPrice(
            order_id=self.order_id,
            key=key,
            new_total=Money(minor=minor),
            actor="operator:anna",
            why="scratched",
            version=1,
            at=datetime.now(UTC),
        )

    # ---- what other sagas report -------------------------------------------------------------------------------------

    async def payment_ends(self, kind: SettlementKind = SettlementKind.PAID) -> None:
        """`PaymentTimeout` reports."""
        settlement = Settlement(kind=kind, at=datetime.now(UTC))
        await self.handle.signal(Checkout.payment_settled, settlement)

    async def parcels_end(self, *ends: ParcelEnd) -> None:
        """`Fulfillment` reports, for the first parcels of the order in this order."""
        await self.called(HAND_OVER)
        parcels = self.steps.told(HAND_OVER)[0].parcels
        for parcel, end in zip(parcels, ends, strict=False):
            report = ParcelReport(shipment_id=parcel.shipment_id, end=end, at=datetime.now(UTC))
            await self.handle.signal(Checkout.parcel_ended, report)

    async def splits_the_last(self) -> None:
        """One unit of the last parcel is sent in a fifth one."""
        await self.called(HAND_OVER)
        old = self.steps.told(HAND_OVER)[0].parcels[-1]
        one = (LineRequest(sku_id=old.items[0].sku_id, quantity=1),)
        new = old.model_copy(
            update={"shipment_id": ShipmentId.derive(old.shipment_id.minted_at, "split"), "items": one}
        )
        self.split_off = new.shipment_id
        for _ in range(2):
            split = ParcelSplit(shipment_id=old.shipment_id, kept=one, new=new)
            await self.handle.signal(Checkout.parcel_split, split)

    async def split_one_ends(self, end: ParcelEnd) -> None:
        """`Fulfillment` reports, for the parcel that was split off."""
        report = ParcelReport(shipment_id=self.split_off, end=end, at=datetime.now(UTC))
        await self.handle.signal(Checkout.parcel_ended, report)

    # ---- how far it is -----------------------------------------------------------------------------------------------

    async def paid(self, basket: Basket = TWO_TEAS_AND_A_POT) -> None:
        """Placed and paid."""
        await self.place(basket)
        await self.payment_ends()

    async def fulfilling(self) -> None:
        """Paid, and its parcels are with their warehouses."""
        await self.paid()
        await self.at("fulfilling")

    async def delivered(self) -> None:
        """Its parcels are signed for."""
        await self.fulfilling()
        await self.parcels_end(*[ParcelEnd.SIGNED] * len(self.steps.told(HAND_OVER)[0].parcels))
        await self.at("delivered")

    async def at(self, stage: str, seconds: float = 15) -> Progress:
        """Wait until the process stands there."""
        progress: Progress | None = None
        for _ in range(int(seconds / 0.02)):
            progress = await self.handle.query(Checkout.progress)
            assert progress is not None
            if progress.step == stage:
                return progress
            await asyncio.sleep(0.02)
        raise AssertionError(f"it is not {stage!r} but {progress!r}")

    async def called(self, step: str, times: int = 1) -> None:
        """Wait until a step was called so often."""
        await until(lambda: len(self.steps.told(step)) >= times, self.steps.names)

    def last_step(self) -> tuple[str, CancelReason | None]:
        """The last status the order was given, and its reason."""
        last = self.steps.told(ADVANCE)[-1]
        return last.to, last.cancel_reason


def _restocked(ask: Restock) -> Restocked:
    return Restocked(order_id=ask.order_id, key=ask.key, allocations=())
