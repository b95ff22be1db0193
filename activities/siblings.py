"""The only place where activities start or tell other workflows: by name, with ids that follow from the business.

Sagas of one order are siblings, not Temporal children (docs/decisions/0005). Everything here may be repeated: a workflow
that runs or ran already counts as started, and nobody to tell counts as told.
"""

from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.search_attributes import attributes
from models.fulfillment.messages import FulfillmentInput, StopShipments, fulfillment_id
from models.inventory.messages import TellLowStock, low_stock_id
from models.notifications.messages import TellPeople, notify_id
from models.orders.messages import ParcelReport, Settlement, checkout_id
from models.payments.messages import (
    PaymentReport,
    PaymentTimeoutInput,
    RefundInput,
    RefundReport,
    StopWaiting,
    payment_timeout_id,
    refund_workflow_id,
)
from models.shared.ids import OrderId, RefundId, ShipmentId
from models.webhooks.messages import DeliveryInput, delivery_workflow_id

SAGA_QUEUE = "checkout"
_SKUS_SHOWN = 20
"""An attribute of a workflow is kept small."""


class Siblings:
    """Starts and tells sagas."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def start_payment_timeout(self, start: PaymentTimeoutInput) -> None:
        """Open the payment window of an order, once."""
        await self._start(
            "PaymentTimeout",
            start,
            payment_timeout_id(start.order_id),
            f"Payment window of order {start.order_id}, until {start.due_at:%Y-%m-%d %H:%M} UTC",
            attributes(OrderId=start.order_id, UserId=start.user_id),  # `PaymentStatus` is kept true by `Checkout`
        )

    async def report_payment(self, start: PaymentTimeoutInput, report: PaymentReport) -> None:
        """Tell the payment window what a channel reported. If it has ended, a new run books the report; `start` says with
        `window_closed` whether that run only does so, or finds the payment still open and owns its window again."""
        await self._client.start_workflow(
            "PaymentTimeout",
            start,
            id=payment_timeout_id(start.order_id),
            task_queue=SAGA_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal="payment_reported",
            start_signal_args=[report],
            search_attributes=attributes(OrderId=start.order_id, UserId=start.user_id),
            static_summary=f"Money that came for order {start.order_id} after its window",
        )

    async def take_up_window(self, start: PaymentTimeoutInput) -> None:
        """Run the payment window of an order again, if it does not run."""
        try:
            await self._client.start_workflow(
                "PaymentTimeout",
                start,
                id=payment_timeout_id(start.order_id),
                task_queue=SAGA_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=attributes(OrderId=start.order_id, UserId=start.user_id),
                static_summary=f"Payment window of order {start.order_id}, taken up again",
            )
        except WorkflowAlreadyStartedError:
            return

    async def stop_payment(self, order_id: OrderId, stop: StopWaiting) -> None:
        """Tell the payment window that the order no longer wants the money."""
        await self._tell(payment_timeout_id(order_id), "stop_waiting", stop)

    async def report_settlement(self, order_id: OrderId, settlement: Settlement) -> None:
        """Tell the order how its payment window ended."""
        await self._tell(checkout_id(order_id), "payment_settled", settlement)

    async def start_refund(self, refund: RefundInput) -> None:
        """Send money back, once per refund id."""
        await self._start(
            "Refund",
            refund,
            refund_workflow_id(refund.refund_id),
            f"Refund of order {refund.order_id}: {refund.reason}",
            attributes(OrderId=refund.order_id, UserId=refund.user_id, PaymentStatus="refunding"),
        )

    async def report_refund(self, refund_id: RefundId, report: RefundReport) -> None:
        """Tell the refund what its channel said about a leg."""
        await self._tell(refund_workflow_id(refund_id), "refund_reported", report)

    async def start_fulfillment(self, parcel: FulfillmentInput) -> None:
        """Ship one parcel, once."""
        await self._start(
            "Fulfillment",
            parcel,
            fulfillment_id(parcel.shipment_id),
            f"Parcel {parcel.shipment_id} of order {parcel.order_id}",
            attributes(OrderId=parcel.order_id, UserId=parcel.user_id, ShipmentStatus="pending"),
        )

    async def stop_fulfillment(self, shipment_id: ShipmentId, stop: StopShipments) -> None:
        """Tell a parcel's saga that the order was called off."""
        await self._tell(fulfillment_id(shipment_id), "order_stopped", stop)

    async def report_parcel(self, order_id: OrderId, report: ParcelReport) -> None:
        """Tell the order how a parcel ended."""
        await self._tell(checkout_id(order_id), "parcel_ended", report)

    async def runs(self, workflow_id: str) -> bool:
        """Whether this workflow runs now: Temporal's own word, not that of its lists."""
        try:
            found = await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return found.status is WorkflowExecutionStatus.RUNNING

    async def checkouts_listed(self, first: OrderId, last: OrderId) -> set[OrderId]:
        """The orders from `first` to `last` whose `Checkout` Temporal lists as running. The list lags by a second or so."""
        query = f"WorkflowType = 'Checkout' AND ExecutionStatus = 'Running' AND OrderId BETWEEN '{first}' AND '{last}'"
        found = self._client.list_workflows(query, page_size=1000)
        return {OrderId(execution.id.removeprefix("checkout/")) async for execution in found}

    async def tell_low_stock(self, tell: TellLowStock) -> None:
        """Tell what an operator's change crossed, once per change."""
        skus = sorted({str(low.sku_id) for low in tell.crossings})
        await self._start(
            "StockLowNotice",
            tell,
            low_stock_id(tell.key),
            f"{len(tell.crossings)} level(s) fell to their mark",
            attributes(SkuIds=skus[:_SKUS_SHOWN]),
        )

    async def start_notify(self, tell: TellPeople) -> None:
        """Tell people of an event, once an event."""
        await self._start("Notify", tell, notify_id(tell.source, tell.event.event_id), tell.event.type, attributes())

    async def start_webhook(self, delivery: DeliveryInput, again: str = "") -> None:
        """Send an event to an endpoint: once by itself, and once more for each `again` that an operator asks for."""
        await self._start(
            "WebhookDelivery",
            delivery,
            delivery_workflow_id(delivery.delivery_id, again),
            f"{delivery.message.event_type} to {delivery.endpoint_id}",
            attributes(),
        )

    async def _start(self, name: str, arg: Any, workflow_id: str, summary: str, shown: TypedSearchAttributes) -> None:
        try:
            await self._client.start_workflow(
                name,
                arg,
                id=workflow_id,
                task_queue=SAGA_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=shown,
                static_summary=summary,
                request_eager_start=True,  # a worker gets the first task with the answer: two transitions less an order
            )
        except WorkflowAlreadyStartedError:
            return

    async def _tell(self, workflow_id: str, signal: str, arg: Any) -> None:
        try:
            await self._client.get_workflow_handle(workflow_id).signal(signal, arg)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # the answer for closed workflows, too
                raise
