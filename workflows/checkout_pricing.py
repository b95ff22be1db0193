"""Another price for an order that waits for its payment: the room of `Checkout` between placed and paid."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from models.orders.messages import AdjustPrice, OrderRef
    from models.payments.messages import ChangeAmount
    from workflows.asks import Ask
    from workflows.checkout_desk import Stage
    from workflows.checkout_placing import CheckoutPlacing
    from workflows.options import TaskQueue
    from workflows.search_attributes import show

_CHANNELS_ANSWER_WITHIN = timedelta(seconds=10)
"""An operator waits for it, twenty seconds at most (`api/edge/sagas.py`)."""


class CheckoutPricing(CheckoutPlacing):
    """Everything that can refuse the new price is asked before anything changes; then the payment decides, and the order follows.

    The payment is what buyers race for, so its lock has the last word, and there is no undo after it: a lower amount that was
    taken back might have been paid meanwhile. What the order could refuse only this process changes, so it does not refuse
    after it was asked. The buyer's open attempts are closed first; where one cannot be, or its money came, the old price stays.
    """

    async def _price_adjusted(self, ask: Ask[AdjustPrice, OrderRef]) -> None:
        wish = ask.wish
        order = OrderRef(order_id=wish.order_id)
        change = ChangeAmount(order_id=wish.order_id, key=wish.key, amount=wish.new_total, at=wish.at)
        try:
            await self._saga.store_call(OrderActivities.check_price, wish, f"may it cost {wish.new_total}?")
            # An ordinary activity, so the wish is in Temporal before the first step that changes something (decision 0027).
            await self._attempts_closed(order)
            await self._saga.store_call(PaymentActivities.change_amount, change, f"the payment asks {wish.new_total}")
        except ActivityError as refusal:
            ask.refuse(refusal)
            return
        await self._saga.store_call_or_alert(OrderActivities.adjust_price, wish, f"the order costs {wish.new_total}")
        assert self._placed_order is not None
        self._placed_order = self._placed_order.model_copy(update={"total": wish.new_total})
        show(Amount=wish.new_total.minor)
        self._go_to(Stage.AWAITING_PAYMENT, f"payment of {wish.new_total} until {self._placed_order.payment_due_at}")
        ask.answer(order)

    async def _attempts_closed(self, order: OrderRef) -> None:
        """As far as their channels answer: what stays open refuses the change."""
        try:
            await self._saga.outside_call(
                PaymentActivities.close_attempts,
                order,
                "close the buyer's attempts at their channels",
                TaskQueue.CHANNELS_PAYMENT,
                _CHANNELS_ANSWER_WITHIN,
            )
        except ActivityError as error:
            workflow.logger.warning("attempts of %s may still be open", order.order_id, exc_info=error)
