"""What an order can be told and asked while it runs: the updates, signals and the query of `Checkout`.

Handlers change nothing themselves. They put a wish on the desk and wait; `checkout.py` takes the wishes one by one at the
places where the process listens, so every store call runs in one coroutine, one after another.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.refusals import as_application_error
    from models.orders.errors import (
        NothingToDecide,
        OrderAlreadyPlaced,
        OrderNotOpen,
        ParcelsUnderWay,
        PriceNotAdjustable,
    )
    from models.orders.messages import (
        AdjustPrice,
        Basket,
        CancelAnswer,
        CancelOrder,
        CheckoutInput,
        ConfirmReceipt,
        DecideCommit,
        OrderRef,
        ParcelReport,
        ParcelSplit,
        Placed,
        PlaceOrder,
        Prepared,
        Progress,
        Settlement,
    )
    from models.orders.types import CancelReason, ParcelPlan
    from models.shared import Refusal
    from models.shared.ids import UserId
    from models.shared.refusals import NotFound
    from workflows.asks import Ask
    from workflows.saga import Saga


class Stage(StrEnum):
    """Where the process stands; validators look here."""

    PREPARING = "preparing"
    HELD = "held"
    OPENING = "opening the order"
    AWAITING_PAYMENT = "awaiting payment"
    COMMITTING = "committing stock"
    UNDECIDED = "stock not committed"
    FULFILLING = "fulfilling"
    DELIVERED = "delivered"
    OVER = "over"


class CheckoutDesk:
    """Wishes that wait, reports that came, and the stage that decides what may be asked."""

    def __init__(self, start: CheckoutInput) -> None:
        self._start = start
        self._saga = Saga(start.terms.placement)
        self._stage = Stage.PREPARING
        self._since = workflow.now()
        self._waiting_for = "a basket"
        self._prepares: list[Ask[Basket, Prepared]] = []
        self._places: list[Ask[PlaceOrder, Placed]] = []
        self._cancels: list[Ask[CancelOrder, CancelAnswer]] = []
        self._confirmations: list[Ask[ConfirmReceipt, OrderRef]] = []
        self._decisions: list[Ask[DecideCommit, OrderRef]] = []
        self._prices: list[Ask[AdjustPrice, OrderRef]] = []
        self._settlement: Settlement | None = None
        self._parcel_plans: tuple[ParcelPlan, ...] = ()
        self._parcels: dict[str, ParcelReport] = {}
        self._cancelled_in_temporal = False

    @workflow.update
    async def prepare(self, basket: Basket) -> Prepared:
        """Quote and hold stock for a while; nothing exists yet but the hold."""
        ask: Ask[Basket, Prepared] = Ask(basket)
        self._prepares.append(ask)
        return await ask.answered()

    @prepare.validator
    def _may_prepare(self, basket: Basket) -> None:
        if self._stage is not Stage.PREPARING:
            raise as_application_error(OrderAlreadyPlaced("Something is held or ordered under this id already."))

    @workflow.update
    async def place(self, wish: PlaceOrder) -> Placed:
        """Make it an order that waits for payment."""
        ask: Ask[PlaceOrder, Placed] = Ask(wish)
        self._places.append(ask)
        return await ask.answered()

    @place.validator
    def _may_place(self, wish: PlaceOrder) -> None:
        self._must_be_theirs(wish.asked_by)
        self._must_be_open()
        if self._stage not in (Stage.PREPARING, Stage.HELD):
            raise as_application_error(OrderAlreadyPlaced(f"Order {self._start.order_id} stands already."))

    @workflow.update
    async def cancel(self, wish: CancelOrder) -> CancelAnswer:
        """Cancel: before payment at once, after it by refund, never once a parcel was handed to a carrier."""
        ask: Ask[CancelOrder, CancelAnswer] = Ask(wish)
        self._cancels.append(ask)
        return await ask.answered()

    @cancel.validator
    def _may_cancel(self, wish: CancelOrder) -> None:
        self._must_be_theirs(wish.asked_by)
        self._must_be_open()

    @workflow.update
    async def confirm_receipt(self, wish: ConfirmReceipt) -> OrderRef:
        """The buyer has everything and is content: the order completes."""
        ask: Ask[ConfirmReceipt, OrderRef] = Ask(wish)
        self._confirmations.append(ask)
        return await ask.answered()

    @confirm_receipt.validator
    def _may_confirm(self, wish: ConfirmReceipt) -> None:
        self._must_be_theirs(wish.asked_by)
        self._must_be_open()
        has_just_arrived = self._stage is Stage.FULFILLING and len(self._parcels) == len(self._parcel_plans)
        if self._stage is not Stage.DELIVERED and not has_just_arrived:
            raise as_application_error(ParcelsUnderWay("Not every parcel has been signed for yet."))

    @workflow.update
    async def decide_commit(self, decision: DecideCommit) -> OrderRef:
        """An operator's word on stock that cannot be committed: `retry` or `refund`."""
        ask: Ask[DecideCommit, OrderRef] = Ask(decision)
        self._decisions.append(ask)
        return await ask.answered()

    @decide_commit.validator
    def _may_decide(self, decision: DecideCommit) -> None:
        if self._stage is not Stage.UNDECIDED:
            raise as_application_error(NothingToDecide("This order does not wait for a decision about its stock."))

    @workflow.update
    async def adjust_price(self, wish: AdjustPrice) -> OrderRef:
        """An operator asks less, while the order waits for its payment."""
        ask: Ask[AdjustPrice, OrderRef] = Ask(wish)
        self._prices.append(ask)
        return await ask.answered()

    @adjust_price.validator
    def _may_adjust_price(self, wish: AdjustPrice) -> None:
        self._must_be_open()
        if self._stage is not Stage.AWAITING_PAYMENT or self._settlement is not None:
            raise as_application_error(self._not_awaiting_payment())

    @workflow.signal
    def payment_settled(self, settlement: Settlement) -> None:
        """`PaymentTimeout` reports how its window ended; the first word counts."""
        self._settlement = self._settlement or settlement

    @workflow.signal
    def parcel_ended(self, report: ParcelReport) -> None:
        """`Fulfillment` reports how a parcel ended."""
        self._parcels.setdefault(report.shipment_id, report)

    @workflow.signal
    def parcel_split(self, split: ParcelSplit) -> None:
        """`Fulfillment` reports that a parcel became two; it comes before either has ended, and a repetition changes nothing."""
        if all(plan.shipment_id != split.new.shipment_id for plan in self._parcel_plans):
            kept = [
                plan.model_copy(update={"items": split.kept}) if plan.shipment_id == split.shipment_id else plan
                for plan in self._parcel_plans
            ]
            self._parcel_plans = (*kept, split.new)

    @workflow.query
    def progress(self) -> Progress:
        """Where the order stands and what it waits for."""
        return Progress(
            step=self._stage,
            waiting_for=self._waiting_for,
            since=self._since,
            parcels_ended=tuple(self._parcels.values()),
        )

    # ---- for the process ---------------------------------------------------------------------------------------------

    async def _listen(self, condition: Callable[[], Any]) -> None:
        """Wait. Temporal's own cancel counts as an operator's wish, so that it, too, gives everything back once."""
        while True:
            self._hear_temporal_cancel()
            if condition():
                return
            with suppress(asyncio.CancelledError):
                await workflow.wait_condition(lambda: bool(condition()) or self._temporal_cancels())

    def _temporal_cancels(self) -> bool:
        """Asked for, not heard yet. The exception alone would not do: it is raised once, and not inside unbroken work."""
        return workflow.cancellation_reason() is not None and not self._cancelled_in_temporal

    def _hear_temporal_cancel(self) -> None:
        if self._temporal_cancels():
            self._cancelled_in_temporal = True
            why = (workflow.cancellation_reason() or "")[:500]
            self._cancels.append(Ask(CancelOrder(by=CancelReason.BY_OPERATOR, actor="temporal", why=why)))

    def _refuse_all(self, refusal: Refusal, *desk: list[Any]) -> None:
        for asks in desk:
            while asks:
                asks.pop(0).refuse(as_application_error(refusal))

    def _not_awaiting_payment(self) -> PriceNotAdjustable:
        return PriceNotAdjustable(f"Order {self._start.order_id} does not wait for its payment.")

    def _must_be_theirs(self, asked_by: UserId | None) -> None:
        """Someone else's order does not exist, as far as a buyer can tell. Operators ask without a name."""
        if asked_by is not None and asked_by != self._start.user_id:
            raise as_application_error(NotFound(f"There is no order {self._start.order_id}."))

    def _must_be_open(self) -> None:
        if self._stage is Stage.OVER:
            raise as_application_error(OrderNotOpen(f"Order {self._start.order_id} is over."))

    def _go_to(self, stage: Stage, waiting_for: str) -> None:
        self._stage, self._since, self._waiting_for = stage, workflow.now(), waiting_for
        workflow.set_current_details(
            f"**{stage}**, waiting for {waiting_for}\n\nOrder `{self._start.order_id}`"
            f" · payment window `payment-timeout/{self._start.order_id}`"
        )
