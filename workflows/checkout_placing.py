"""How an order comes to stand: the first room of `Checkout`, from the first wish to the open payment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.inventory import InventoryActivities
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from activities.promotions import PromotionActivities
    from activities.refusals import as_application_error
    from models.inventory.messages import ReleaseStock
    from models.inventory.types import Reservation
    from models.orders.errors import (
        HoldExpired,
        NotPrepared,
        OrderAlreadyPlaced,
        OrderConflict,
        OrderNotOpen,
        PriceChanged,
    )
    from models.orders.messages import (
        Basket,
        CheckoutInput,
        OrderRef,
        Placed,
        PlaceOrder,
        Prepared,
        QuotedBasket,
        Settlement,
        SettlementKind,
    )
    from models.orders.quoting import merge
    from models.orders.types import OrderStatus
    from models.payments.messages import payment_of
    from workflows.asks import Ask
    from workflows.checkout_desk import CheckoutDesk, Stage
    from workflows.checkout_steps import (
        basket_to_quote,
        benefits_to_hold,
        late_goods,
        order_to_open,
        payment_to_open,
        purchases_to_count,
        stock_to_reserve,
    )
    from workflows.low_stock import tell_low_stock
    from workflows.saga import Deadline, is_refusal, unbroken, written_down


class CheckoutPlacing(CheckoutDesk):
    """Quote, hold, open: until the order stands nothing exists but a hold on stock, given back in every other case.

    Purchases are counted against limits before stock is held; coupons, points and limited promotions are held just before
    the order is opened. Both only where the quote says so, so that an order without them pays nothing for them.
    """

    def __init__(self, start: CheckoutInput) -> None:
        super().__init__(start)
        self._terms = start.terms
        self._basket: Basket | None = None
        self._hold: Deadline | None = None
        self._reservation: Reservation | None = None
        self._placed_order: Placed | None = None
        self._counts = self._spends = False
        """Whether purchases were counted, and coupons, points or limited promotions held."""

    async def _placed(self) -> bool:
        """Whether an order came of it."""
        if not self._prepares and not self._places:
            self._expect_a_lost_wish()
        while True:
            await self._listen(lambda: self._prepares or self._places or self._cancels or self._hold_is_over())
            if self._hold_is_over() or self._cancels:
                # Or a wish to place, heard when a worker died over the undoing, would get stock that was given back.
                await unbroken(written_down("that nothing comes of it"))
                self._refuse_all(HoldExpired("The hold is over. Prepare the order anew."), self._prepares, self._places)
                await self._saga.compensate()
                return False
            placed = False
            if self._prepares:
                await self._serve(self._prepares, self._prepare)
            else:
                placed = await self._serve(self._places, self._place)
            if placed or self._stage is Stage.HELD:
                again = OrderAlreadyPlaced("Something is held or ordered under this id already.")
                self._refuse_all(again, self._prepares, *([self._places] if placed else []))
            if self._stage is not Stage.HELD:
                return placed  # refused: everything has been undone

    def _expect_a_lost_wish(self) -> None:
        """A wish comes with the start. Where it did not, Temporal lost it, and perhaps after a worker had begun with it and
        died: then it is asked again, or everything that it may have done is undone."""
        self._hold = Deadline(self._terms.hold, "for the wish to be asked again")
        self._expect_a_dead_worker()

    def _expect_a_dead_worker(self) -> None:
        """Until the first task is written down, a worker may have died after any step of this page, and the quote that
        comes out differently now must not leave what that worker held, opened and began to collect."""
        self._undo_reserving()
        self._undo_spending()
        self._undo_opening()
        self._undo_opening_payment()

    async def _serve(self, asks: list[Ask[Any, Any]], do: Callable[[Any], Awaitable[Any]]) -> bool:
        """Do what was asked first; True when it was granted. A refusal goes to the one who asked, after everything that
        was done has been undone; only what an earlier `prepare` holds stays held until something is opened on it.

        What was given back is refused when it is taken again under this id. So where something was taken, the refusal is
        written down before it is undone: a worker that dies, or is too late for Temporal, changes no reason.
        """
        ask = asks.pop(0)
        try:
            ask.answer(await do(ask.wish))
        except (FailureError, asyncio.CancelledError) as error:
            if self._stage is not Stage.HELD:
                if is_refusal(error) and (self._counts or self._spends or self._reservation is not None):
                    await unbroken(written_down("the refusal"))
                await self._saga.compensate()
            if is_refusal(error):
                ask.refuse(error)
                return False
            ask.refuse(as_application_error(OrderNotOpen("The order was called off while it was being placed.")))
            raise
        return True

    async def _prepare(self, basket: Basket) -> Prepared:
        self._undo_reserving()
        self._undo_spending()
        quoted = await self._quote(basket)
        await self._reserve(quoted)
        self._basket = basket
        self._drop_hold()
        self._hold = Deadline(self._terms.hold, "hold on the stock of a prepared order")
        self._go_to(Stage.HELD, "the buyer to place the order")
        return Prepared(
            order_id=self._start.order_id,
            quote=quoted.quote,
            hold_expires_at=self._since + self._terms.hold,
            late=late_goods(self._reservation),
        )

    async def _place(self, wish: PlaceOrder) -> Placed:
        basket = self._basket_of(wish)
        self._expect_a_dead_worker()
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

    def _basket_of(self, wish: PlaceOrder) -> Basket:
        basket = wish.basket or self._basket
        if basket is None:
            raise as_application_error(NotPrepared("Send the basket, or prepare the order first."))
        if self._basket is not None and merge(basket.lines) != merge(self._basket.lines):
            raise as_application_error(
                OrderConflict(
                    "Stock is held for other lines. Leave the basket out, or prepare this one under a new key."
                )
            )
        return basket

    async def _quote(self, basket: Basket) -> QuotedBasket:
        return await self._saga.store_call(
            OrderActivities.quote_basket, basket_to_quote(self._start, basket), "quote prices, shipping and address"
        )

    async def _reserve(self, quoted: QuotedBasket) -> None:
        order_id = self._start.order_id
        if quoted.counted:
            self._counts = True
            counting = purchases_to_count(self._start, quoted, workflow.now())
            await self._saga.store_call(
                PromotionActivities.count_purchases, counting, "count against the buyer's purchase limits"
            )
        self._undo_reserving()
        self._reservation = await self._saga.store_call(
            InventoryActivities.reserve_stock, stock_to_reserve(order_id, quoted), "reserve stock, all or nothing"
        )
        tell_low_stock(self._saga, self._reservation.low_stock, workflow.now())

    async def _open(self, basket: Basket, quoted: QuotedBasket) -> Placed:
        assert self._reservation is not None
        order_id, now = self._start.order_id, workflow.now()
        self._go_to(Stage.OPENING, "the order to be written down")
        self._placed_order = Placed(
            order_id=order_id,
            status=OrderStatus.PENDING_PAYMENT,
            total=quoted.quote.total,
            payment_id=payment_of(order_id),
            payment_due_at=now + self._terms.payment_window,
            quote=quoted.quote,
            late=late_goods(self._reservation),
        )
        opening = order_to_open(self._start, basket, quoted, self._reservation, self._placed_order, now)
        await self._hold_what_it_spends(basket, quoted)
        self._undo_opening()
        opened = await self._saga.store_call(OrderActivities.open_order, opening, "create the order")
        self._saga.announce(opened.unannounced)
        self._parcel_plans = opening.parcels
        if quoted.quote.total.minor > 0:
            self._undo_opening_payment()
            await self._saga.store_call(
                PaymentActivities.open_payment,
                payment_to_open(self._start, self._placed_order, now),
                f"open the payment of {quoted.quote.total}",
            )
        else:
            self._settlement = Settlement(kind=SettlementKind.PAID, at=now)
        self._drop_hold()
        self._go_to(
            Stage.AWAITING_PAYMENT, f"payment of {quoted.quote.total} until {self._placed_order.payment_due_at}"
        )
        return self._placed_order

    async def _hold_what_it_spends(self, basket: Basket, quoted: QuotedBasket) -> None:
        holding = benefits_to_hold(self._start, basket, quoted, workflow.now())
        if holding is not None:
            self._spends = True
            self._undo_spending()
            done = await self._saga.store_call(
                PromotionActivities.hold_benefits,
                holding,
                "hold coupons, points and limited promotions, all or nothing",
            )
            self._saga.announce(done.unannounced)

    def _undo_reserving(self) -> None:
        release = ReleaseStock(order_id=self._start.order_id)
        self._saga.on_failure(InventoryActivities.release_stock, release, "release the stock")

    def _undo_spending(self) -> None:
        order = OrderRef(order_id=self._start.order_id)
        self._saga.on_failure(
            PromotionActivities.return_benefits, order, "give back coupons, points, uses and purchase counts"
        )

    def _undo_opening(self) -> None:
        order = OrderRef(order_id=self._start.order_id)
        self._saga.on_failure(OrderActivities.discard_order, order, "discard the order")

    def _undo_opening_payment(self) -> None:
        order = OrderRef(order_id=self._start.order_id)
        self._saga.on_failure(PaymentActivities.close_payment, order, "close the payment")

    def _hold_is_over(self) -> bool:
        return self._hold is not None and self._hold.passed

    def _drop_hold(self) -> None:
        if self._hold is not None:
            self._hold.drop()
