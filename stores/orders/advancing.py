"""The life of an order after it was opened: its status and its money."""

from typing import Any

from models.orders.errors import OrderConflict, OrderNotPaid, RefundAboveTotal
from models.orders.messages import AdvanceOrder, PaymentReceived, RefundRecorded
from models.orders.rules import check_step, payment_after_refund, payment_after_step
from models.orders.types import CancelReason, FulfillmentStatus, Order, OrderStatus, PaymentStatus, TimelineEntry
from models.payments.messages import refund_workflow_id
from models.shared.ids import RefundId
from stores.orders.room import Room
from stores.orders.rows import change_order, checkout_entry, lock_order


class Advancing(Room):
    """Each method locks the order's row first, so that of two that race one sees what the other did."""

    async def advance(self, step: AdvanceOrder) -> Order:
        """Take the order to `step.to`, with its times, its money's state and its timeline entry, in one transaction.

        Idempotent: an order that is there already is answered as it is (its first reason and times stay). A step that
        `rules.NEXT_STATUS` does not have is `IllegalTransition`. Cancelling needs a reason.
        """
        if (step.to is OrderStatus.CANCELLED) != (step.cancel_reason is not None):
            raise ValueError(f"advancing {step.order_id}: `cancel_reason` belongs to `cancelled`, and to nothing else")
        async with self._db.transaction() as tx:
            order = await lock_order(tx, step.order_id)
            if order.status is step.to:
                return order
            check_step(step.order_id, order.status, step.to)
            detail = step.detail or (step.cancel_reason or "")
            entry = checkout_entry(step.order_id, step.at, step.to.value, step.actor, detail)
            return await change_order(tx, order, entry, **_changes(order, step))

    async def record_payment(self, received: PaymentReceived) -> Order:
        """The money is there; the order's status waits for its stock. Idempotent. `IllegalTransition` on a cancelled order."""
        async with self._db.transaction() as tx:
            order = await lock_order(tx, received.order_id)
            if order.payment_status is not PaymentStatus.UNPAID:
                return order
            check_step(order.order_id, order.status, OrderStatus.PAID)
            entry = checkout_entry(order.order_id, received.at, "payment_received", "saga", str(order.total))
            return await change_order(tx, order, entry, payment_status=PaymentStatus.PAID, paid_at=received.at)

    async def record_refund(self, refund: RefundRecorded) -> Order:
        """Money that was kept for this order went back. Once per refund id; a repetition changes nothing.

        Refuses `OrderNotPaid`, `RefundAboveTotal`, and `OrderConflict` when the refund id was recorded with other content.
        """
        async with self._db.transaction() as tx:
            order = await lock_order(tx, refund.order_id)
            known = await tx.fetchrow(
                "SELECT order_id, amount_minor FROM order_refunds WHERE refund_id = $1", refund.refund_id
            )
            if known is not None:
                if (known["order_id"], known["amount_minor"]) != (refund.order_id, refund.amount.minor):
                    raise OrderConflict(f"Refund {refund.refund_id} was recorded before, with another order or amount.")
                return order
            refunded = order.refunded + refund.amount
            if order.payment_status is PaymentStatus.UNPAID:
                raise OrderNotPaid(f"Nothing was paid for order {order.order_id}, so nothing can have gone back.")
            if order.total < refunded or refund.amount.minor <= 0:
                raise RefundAboveTotal(
                    f"{refund.amount} cannot go back for order {order.order_id}: {order.refunded} of {order.total} did.",
                    refunded=order.refunded.minor,
                    total=order.total.minor,
                )
            await tx.execute(
                "INSERT INTO order_refunds VALUES ($1, $2, $3, $4, $5)",
                refund.refund_id,
                refund.order_id,
                refund.amount.minor,
                list(refund.sku_ids),
                refund.at,
            )
            return await change_order(
                tx,
                order,
                _refund_entry(refund),
                refunded=refunded,
                payment_status=payment_after_refund(order.status, order.total, refunded),
            )


def _changes(order: Order, step: AdvanceOrder) -> dict[str, Any]:
    """What a step writes, besides the status itself."""
    money_came = (
        step.to is OrderStatus.PAID
        or step.paid_at is not None
        or step.cancel_reason is CancelReason.STOCK_COMMIT_FAILED  # which is found out only once money has come
    )
    payment = payment_after_step(order, step.to, money_came=money_came)
    changes: dict[str, Any] = {"status": step.to, "payment_status": payment}
    if payment is not PaymentStatus.UNPAID and order.paid_at is None:
        changes["paid_at"] = step.paid_at or step.at
    if step.to is OrderStatus.COMPLETED:
        changes |= {"completed_at": step.at, "aftersale_until": step.aftersale_until}
    if step.to is OrderStatus.CANCELLED:
        changes |= {"cancelled_at": step.at, "cancel_reason": step.cancel_reason}
        if order.fulfillment_status is FulfillmentStatus.UNFULFILLED:
            changes["fulfillment_status"] = FulfillmentStatus.STOPPED
    return changes


def _refund_entry(refund: RefundRecorded) -> TimelineEntry:
    return TimelineEntry(
        at=refund.at,
        step="refund_recorded",
        actor="saga",
        detail=f"{refund.amount} {refund.refund_id}",
        workflow_id=refund_workflow_id(RefundId(refund.refund_id)),
    )
