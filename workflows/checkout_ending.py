"""How an order ends: the last room of `Checkout`, from the parcels' last sign-off or from the wish to call it off."""

from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.fulfillment import FulfillmentActivities
    from activities.inventory import InventoryActivities
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from activities.promotions import PromotionActivities
    from models.fulfillment.messages import StopShipments
    from models.inventory.errors import ReservationCommitted
    from models.inventory.messages import ReleaseClaims, ReleaseStock, Restock
    from models.orders.errors import OrderAlreadyShipped, OrderNotOpen
    from models.orders.messages import (
        AdvanceOrder,
        CancelAnswer,
        CancelOrder,
        CheckoutInput,
        OrderRef,
        ParcelEnd,
        SettlementKind,
    )
    from models.orders.types import CancelReason, OrderStatus
    from models.shared import Money
    from workflows.checkout_desk import Stage
    from workflows.checkout_pricing import CheckoutPricing
    from workflows.checkout_steps import goods_not_refunded, how_it_ended, money_back, where_the_money_is
    from workflows.saga import Deadline, refusal_code, written_down
    from workflows.search_attributes import show


class CheckoutEnding(CheckoutPricing):
    """Completed, or called off after payment. Every end gives everything back exactly once, and leaves nobody unanswered."""

    def __init__(self, start: CheckoutInput) -> None:
        super().__init__(start)
        self._called_off: CancelOrder | None = None
        self._stock_left = False
        """Whether the stock is known to have left the books."""
        self._stock_free = False
        """Whether it was held, and was given back."""
        self._went_further = False
        """Whether a worker went further with a paid order than is written down, and died or was too slow for Temporal."""

    async def _receipt_confirmed(self) -> None:
        """The buyer confirms, or the completion period passes. Nothing to wait for when no parcel was signed for."""
        if not any(report.end is ParcelEnd.SIGNED for report in self._parcels.values()):
            return
        self._go_to(Stage.DELIVERED, f"the buyer's confirmation, or {self._terms.completion}")
        deadline = Deadline(self._terms.completion, "completion period after the last sign-off")
        while not self._confirmations and not deadline.passed:
            await self._listen(lambda: self._confirmations or self._cancels or deadline.passed)
            arrived = OrderAlreadyShipped("The parcels have arrived; apply for after-sales instead.")
            self._refuse_all(arrived, self._cancels)

    async def _completed(self) -> OrderStatus:
        """Points are awarded and reviews opened by listeners of `order_completed`."""
        until = workflow.now() + self._terms.aftersale_window
        await self._advance(OrderStatus.COMPLETED, "receipt confirmed", aftersale_until=until)
        while self._confirmations:
            self._confirmations.pop(0).answer(OrderRef(order_id=self._start.order_id))
        return OrderStatus.COMPLETED

    async def _money_goes_back(self) -> OrderStatus:
        """Called off after payment: stock that is held is released, stock that was committed comes back with the refund."""
        assert self._placed_order is not None
        order, restock = self._placed_order, not await self._released()
        await self._claims_given_up()
        await self._benefits_returned()
        goods = goods_not_refunded(self._parcel_plans, self._parcels)
        if self._called_off is not None:
            reason: CancelReason = self._called_off.by
        else:
            reason = CancelReason.REFUSED if self._stock_left else CancelReason.STOCK_COMMIT_FAILED
        status = await self._cancelled(reason)
        if self._went_further:
            # Whatever that worker still began is stopped, too: from here on nothing is handed over any more.
            stop = StopShipments(order_id=order.order_id, at=workflow.now(), actor="saga")
            await self._saga.store_call_or_alert(
                FulfillmentActivities.stop_shipments, stop, "stop every parcel there is"
            )
        if order.total.minor > 0:
            refund = money_back(self._start, order, self._called_off, goods, restock=restock)
            await self._saga.store_call(PaymentActivities.start_refund, refund, f"start the refund of {order.total}")
        elif restock and goods:
            back = Restock(order_id=order.order_id, key="cancelled", lines=goods)
            await self._saga.store_call(InventoryActivities.restock, back, "put the goods back on the shelf")
        self._answer_cancels(refunding=order.total)
        return status

    async def _released(self) -> bool:
        """Whether the stock was still held, and is not any more. A commit whose answer was lost shows here."""
        self._saga.keep(InventoryActivities.release_stock)
        if self._stock_left or self._stock_free:
            return self._stock_free
        release = ReleaseStock(order_id=self._start.order_id)
        try:
            await self._saga.store_call(InventoryActivities.release_stock, release, "release the stock")
        except ActivityError as error:
            if refusal_code(error) != ReservationCommitted.code:
                raise
            return False
        return True

    async def _claims_given_up(self) -> None:
        """What was bought ahead of stock and has not come is waited for no longer; restocking knows that it never lay there."""
        if any(parcel.waits for parcel in self._parcel_plans):
            release = ReleaseClaims(order_id=self._start.order_id)
            await self._saga.store_call(InventoryActivities.release_claims, release, "give up claims on goods to come")

    async def _benefits_returned(self) -> None:
        """Coupons by their rule, points and counts whole, whether they were redeemed already or not."""
        self._saga.keep(PromotionActivities.return_benefits)
        if self._spends or self._counts:
            order = OrderRef(order_id=self._start.order_id)
            done = await self._saga.store_call(
                PromotionActivities.return_benefits, order, "give back coupons, points, uses and purchase counts"
            )
            self._saga.announce(done.unannounced)

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
        self._go_to(Stage.OVER, "nothing")
        amount = {"Amount": self._placed_order.total.minor} if self._placed_order else {}
        show(OrderStatus=how_it_ended(ended_as), PaymentStatus=where_the_money_is(ended_as, self._settlement), **amount)
        gone = OrderNotOpen(f"Order {self._start.order_id} is over: {how_it_ended(ended_as)}.")
        if ended_as is not OrderStatus.COMPLETED:
            self._answer_cancels(refunding=None)
        waiting = (self._cancels, self._prepares, self._places, self._prices, self._confirmations, self._decisions)
        self._refuse_all(gone, *waiting)
        await self._saga.announced()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if ended_as is OrderStatus.CANCELLED:
            # A report that comes while a run ends makes Temporal do the last task anew, without the wish that it answered. So what
            # was done is written down before; the money's way back tells the order more than once.
            await written_down("all of it")

    def _answer_cancels(self, *, refunding: Money | None) -> None:
        answer = CancelAnswer(
            order_id=self._start.order_id,
            status=OrderStatus.CANCELLED,
            refunding=refunding if refunding and refunding.minor else None,
        )
        while self._cancels:
            self._cancels.pop(0).answer(answer)
