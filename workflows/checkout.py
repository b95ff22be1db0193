"""An order from quote to completion: `checkout/{order_id}`."""

from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.fulfillment import FulfillmentActivities
    from activities.inventory import InventoryActivities
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from activities.refusals import as_application_error
    from models.fulfillment.messages import HandOver, StopShipments
    from models.inventory.messages import CommitStock, ReleaseStock
    from models.inventory.types import Reservation
    from models.orders.errors import NotPrepared, OrderAlreadyShipped, OrderNotOpen, PriceChanged
    from models.orders.messages import (
        AdvanceOrder,
        Basket,
        CancelAnswer,
        CancelOrder,
        CheckoutInput,
        CommitDecision,
        OrderRef,
        ParcelEnd,
        Placed,
        PlaceOrder,
        Prepared,
        QuotedBasket,
        Settlement,
        SettlementKind,
    )
    from models.orders.types import CancelReason, OrderStatus, ParcelPlan
    from models.payments.messages import RequestStop, payment_of
    from models.payments.types import RefundReason
    from workflows.asks import Ask
    from workflows.checkout_desk import CheckoutDesk, Stage
    from workflows.checkout_steps import (
        basket_to_quote,
        how_it_ended,
        low_stock_events,
        money_back,
        order_to_open,
        payment_to_open,
        stock_commit_failed,
        stock_to_reserve,
    )
    from workflows.saga import Deadline, ends_the_saga, is_refusal, refusal_code, unbroken
    from workflows.search_attributes import show


@workflow.defn(name="Checkout")
class Checkout(CheckoutDesk):
    """Quote, hold, place, pay, commit, ship, complete; every way out of it gives everything back exactly once.

    Coupons and points take their places between the quote and the payment (issue 3). Payment window and parcels are
    workflows of their own that report here (docs/decisions/0005 says why they are siblings and not children).
    """

    @workflow.init
    def __init__(self, start: CheckoutInput) -> None:
        super().__init__(start)
        self._terms = start.terms
        self._basket: Basket | None = None
        self._hold: Deadline | None = None
        self._reservation: Reservation | None = None
        self._placed_order: Placed | None = None
        self._parcel_plans: tuple[ParcelPlan, ...] = ()
        self._called_off: CancelOrder | None = None

    # ---- the process -------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, start: CheckoutInput) -> OrderStatus | None:
        """The final status of the order; None when it never came to one (refused, or the hold lapsed)."""
        try:
            ended_as = await self._process()
        except BaseException as error:
            if ends_the_saga(error):
                await self._saga.compensate()
                await unbroken(self._close(OrderStatus.CANCELLED))
            raise
        await self._close(ended_as)
        return ended_as

    async def _process(self) -> OrderStatus | None:
        if not await self._placed():
            return None
        settlement = await self._settled()
        if settlement.kind is not SettlementKind.PAID:
            return await self._closed_unpaid(settlement)
        if self._called_off or not await unbroken(self._stock_committed()):
            return await unbroken(self._money_goes_back())
        await unbroken(self._handed_over())
        if not await self._parcels_ended():
            return await unbroken(self._money_goes_back())
        await self._receipt_confirmed()
        return await unbroken(self._completed())

    # ---- until the order stands --------------------------------------------------------------------------------------

    async def _placed(self) -> bool:
        """Whether an order came of it. Until then nothing exists but a hold on stock, given back in every other case."""
        while True:
            await self._listen(lambda: self._prepares or self._places or self._cancels or self._hold_is_over())
            if self._hold_is_over() or self._cancels:
                await self._saga.compensate()
                return False
            if self._prepares:
                await self._serve(self._prepares, self._prepare)
            elif await self._serve(self._places, self._place):
                return True
            if self._stage is Stage.PREPARING:
                return False  # refused, and nothing was held before

    async def _prepare(self, basket: Basket) -> Prepared:
        quoted = await self._quote(basket)
        self._since = workflow.now()
        await self._reserve(quoted)
        self._basket = basket
        self._hold = Deadline(self._terms.hold, "hold on the stock of a prepared order")
        self._go_to(Stage.HELD, "the buyer to place the order")
        return Prepared(
            order_id=self._start.order_id, quote=quoted.quote, hold_expires_at=self._since + self._terms.hold
        )

    async def _place(self, wish: PlaceOrder) -> Placed:
        basket = wish.basket or self._basket
        if basket is None:
            raise as_application_error(NotPrepared("Send the basket, or prepare the order first."))
        quoted = await self._quote(basket)
        if wish.expected_total is not None and wish.expected_total != quoted.quote.total:
            raise as_application_error(
                PriceChanged(
                    f"The total is now {quoted.quote.total}, not {wish.expected_total}. Show the buyer, then place again.",
                    quote=quoted.quote.model_dump(mode="json"),
                )
            )
        if self._reservation is None:
            await self._reserve(quoted)
        return await self._open(basket, quoted)

    async def _quote(self, basket: Basket) -> QuotedBasket:
        return await self._saga.store_call(
            OrderActivities.quote_basket, basket_to_quote(self._start, basket), "quote prices, shipping and address"
        )

    async def _reserve(self, quoted: QuotedBasket) -> None:
        order_id = self._start.order_id
        self._saga.on_failure(InventoryActivities.release_stock, ReleaseStock(order_id=order_id), "release the stock")
        self._reservation = await self._saga.store_call(
            InventoryActivities.reserve_stock, stock_to_reserve(order_id, quoted), "reserve stock, all or nothing"
        )
        self._saga.announce(low_stock_events(self._reservation, workflow.now()))

    async def _open(self, basket: Basket, quoted: QuotedBasket) -> Placed:
        assert self._reservation is not None
        order_id, now = self._start.order_id, workflow.now()
        self._placed_order = Placed(
            order_id=order_id,
            status=OrderStatus.PENDING_PAYMENT,
            total=quoted.quote.total,
            payment_id=payment_of(order_id),
            payment_due_at=now + self._terms.payment_window,
            quote=quoted.quote,
        )
        opening = order_to_open(self._start, basket, quoted, self._reservation, self._placed_order, now)
        self._saga.on_failure(OrderActivities.discard_order, OrderRef(order_id=order_id), "discard the order")
        opened = await self._saga.store_call(OrderActivities.open_order, opening, "create the order")
        self._saga.announce(opened.unannounced)
        self._parcel_plans = opening.parcels
        if quoted.quote.total.minor > 0:
            self._saga.on_failure(PaymentActivities.close_payment, OrderRef(order_id=order_id), "close the payment")
            await self._saga.store_call(
                PaymentActivities.open_payment,
                payment_to_open(self._start, self._placed_order, now),
                f"open the payment of {quoted.quote.total}",
            )
        else:
            self._settlement = Settlement(kind=SettlementKind.PAID, at=now)
        if self._hold is not None:
            self._hold.drop()
        self._go_to(
            Stage.AWAITING_PAYMENT, f"payment of {quoted.quote.total} until {self._placed_order.payment_due_at}"
        )
        show(OrderStatus=OrderStatus.PENDING_PAYMENT, Amount=quoted.quote.total.minor)
        return self._placed_order

    def _hold_is_over(self) -> bool:
        return self._hold is not None and self._hold.passed

    # ---- payment -----------------------------------------------------------------------------------------------------

    async def _settled(self) -> Settlement:
        """`PaymentTimeout` decides; a wish to cancel makes it ask the channels a last time and close."""
        while self._settlement is None:
            await self._listen(lambda: self._settlement or (self._cancels and not self._called_off))
            if self._cancels and not self._called_off:
                self._called_off = self._cancels[0].wish
                stop = RequestStop(order_id=self._start.order_id, actor=self._called_off.actor)
                await unbroken(
                    self._saga.store_call(PaymentActivities.request_stop, stop, "stop waiting for the payment")
                )
        self._saga.keep(PaymentActivities.close_payment)
        # Whatever comes now ends in a status of its own; discarding first would cancel it for the wrong reason.
        self._saga.keep(OrderActivities.discard_order)
        return self._settlement

    async def _closed_unpaid(self, settlement: Settlement) -> OrderStatus:
        await self._saga.compensate()
        return await unbroken(self._cancelled(self._reason(settlement)))

    def _reason(self, settlement: Settlement | None = None) -> CancelReason:
        if self._called_off is not None:
            return self._called_off.by
        if settlement is not None and settlement.kind is SettlementKind.EXPIRED:
            return CancelReason.PAYMENT_TIMEOUT
        return CancelReason.STOCK_COMMIT_FAILED

    # ---- paid --------------------------------------------------------------------------------------------------------

    async def _stock_committed(self) -> bool:
        """Whether the held stock has left the books. If it cannot, a person decides, or time does: refund."""
        self._go_to(Stage.COMMITTING, "the inventory")
        while True:
            try:
                committed = await self._saga.store_call(
                    InventoryActivities.commit_stock, CommitStock(order_id=self._start.order_id), "commit the stock"
                )
            except ActivityError as error:
                if not await self._decided_to_retry(error):
                    return False
            else:
                self._saga.keep(InventoryActivities.release_stock)
                self._saga.announce(low_stock_events(committed, workflow.now()))
                await self._advance(OrderStatus.PAID, "payment complete, stock committed", paid_at=self._paid_at())
                show(OrderStatus=OrderStatus.PAID, PaymentStatus="paid")
                return True

    async def _decided_to_retry(self, error: ActivityError) -> bool:
        cause = refusal_code(error) if is_refusal(error) else type(error.cause).__name__
        self._saga.announce((stock_commit_failed(self._start.order_id, cause, workflow.now()),))
        self._go_to(Stage.COMMITTING, f"an operator: the stock cannot be committed ({cause}); update `decide_commit`")
        limit = Deadline(self._terms.commit_decision, "limit for the operator's decision")
        await self._listen(lambda: self._decisions or self._cancels or limit.passed)
        if self._cancels:
            self._called_off = self._cancels[0].wish
        if not self._decisions:
            return False
        ask = self._decisions.pop(0)
        limit.drop()
        ask.answer(OrderRef(order_id=self._start.order_id))
        return ask.wish.decision is CommitDecision.RETRY

    async def _handed_over(self) -> None:
        assert self._placed_order is not None
        await self._saga.store_call(
            FulfillmentActivities.hand_over,
            HandOver(
                order_id=self._start.order_id,
                payment_id=self._placed_order.payment_id,
                user_id=self._start.user_id,
                parcels=self._parcel_plans,
                at=workflow.now(),
                placement=self._terms.placement,
            ),
            f"hand over {len(self._parcel_plans)} parcel(s) to fulfillment",
        )
        self._go_to(Stage.FULFILLING, f"{len(self._parcel_plans)} parcel(s) to be signed for")

    async def _parcels_ended(self) -> bool:
        """Whether every parcel came to its end; False when the order was called off before any was handed over."""
        while len(self._parcels) < len(self._parcel_plans):
            await self._listen(lambda: len(self._parcels) == len(self._parcel_plans) or self._cancels)
            if self._cancels:
                stopped = await unbroken(self._stopped(self._cancels[0]))
                if stopped:
                    return False
        return True

    async def _stopped(self, ask: Ask[CancelOrder, CancelAnswer]) -> bool:
        stop = StopShipments(order_id=self._start.order_id, at=workflow.now(), actor=ask.wish.actor)
        try:
            await self._saga.store_call(FulfillmentActivities.stop_shipments, stop, "stop every parcel, all or none")
        except ActivityError as refusal:
            self._cancels.remove(ask)
            ask.refuse(refusal)
            return False
        self._called_off = ask.wish
        return True

    # ---- the ends ----------------------------------------------------------------------------------------------------

    async def _receipt_confirmed(self) -> None:
        """The buyer confirms, or the completion period passes. Nothing to wait for when no parcel was signed for."""
        if not any(report.end is ParcelEnd.SIGNED for report in self._parcels.values()):
            return
        self._go_to(Stage.DELIVERED, f"the buyer's confirmation, or {self._terms.completion}")
        deadline = Deadline(self._terms.completion, "completion period after the last sign-off")
        while not self._confirmations and not deadline.passed:
            await self._listen(lambda: self._confirmations or self._cancels or deadline.passed)
            self._refuse_all(
                self._cancels, OrderAlreadyShipped("The parcels have arrived; apply for after-sales instead.")
            )

    async def _completed(self) -> OrderStatus:
        """Points are awarded and reviews opened by listeners of `order_completed`."""
        until = workflow.now() + self._terms.aftersale_window
        await self._advance(OrderStatus.COMPLETED, "receipt confirmed", aftersale_until=until)
        for ask in self._confirmations:
            ask.answer(OrderRef(order_id=self._start.order_id))
        return OrderStatus.COMPLETED

    async def _money_goes_back(self) -> OrderStatus:
        """Called off after payment: stock that is held is released, stock that was committed comes back with the refund."""
        assert self._placed_order is not None
        assert self._reservation is not None
        committed = self._stage is Stage.FULFILLING
        await self._saga.compensate()
        reason = RefundReason.ORDER_CANCELLED if self._called_off else RefundReason.STOCK_COMMIT_FAILED
        status = await self._cancelled(self._reason())
        if self._placed_order.total.minor > 0:
            actor = self._called_off.actor if self._called_off else "saga"
            refund = money_back(self._start, self._placed_order, reason, actor, restock=committed)
            await self._saga.store_call(
                PaymentActivities.start_refund, refund, f"start the refund of {self._placed_order.total}"
            )
            self._answer_cancels(refunding=True)
        return status

    async def _cancelled(self, reason: CancelReason) -> OrderStatus:
        await self._advance(
            OrderStatus.CANCELLED, f"cancelled: {reason}", cancel_reason=reason, paid_at=self._paid_at()
        )
        return OrderStatus.CANCELLED

    def _paid_at(self) -> datetime | None:
        if self._settlement is None or self._settlement.kind is not SettlementKind.PAID:
            return None
        return self._settlement.at

    async def _advance(self, to: OrderStatus, detail: str, **facts: Any) -> None:
        actor = self._called_off.actor if self._called_off and to is OrderStatus.CANCELLED else "saga"
        done = await self._saga.store_call(
            OrderActivities.advance_order,
            AdvanceOrder(order_id=self._start.order_id, to=to, at=workflow.now(), actor=actor, detail=detail, **facts),
            f"the order is {to}",
        )
        self._saga.announce(done.unannounced)

    async def _close(self, ended_as: OrderStatus | None) -> None:
        """Nobody is left without an answer, no event unpublished, and the search attributes tell the truth."""
        self._answer_cancels(refunding=False)
        gone = OrderNotOpen(f"The order is over: {how_it_ended(ended_as)}.")
        for asks in (self._prepares, self._places, self._confirmations, self._decisions):
            self._refuse_all(asks, gone)
        self._go_to(Stage.OVER, "nothing")
        show(OrderStatus=how_it_ended(ended_as))
        await self._saga.announced()
        await workflow.wait_condition(workflow.all_handlers_finished)

    def _answer_cancels(self, *, refunding: bool) -> None:
        total = self._placed_order.total if self._placed_order and refunding else None
        while self._cancels:
            self._cancels.pop(0).answer(
                CancelAnswer(order_id=self._start.order_id, status=OrderStatus.CANCELLED, refunding=total)
            )
