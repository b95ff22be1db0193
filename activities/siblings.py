"""The only place where activities start or tell other workflows: by name, with ids that follow from the business.

Sagas of one order are siblings, not Temporal children (docs/decisions/0005). Everything here may be repeated: a workflow
that runs or ran already counts as started, and nobody to tell counts as told.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.search_attributes import attributes
from models.aftersales.messages import RefundOutcome
from models.fulfillment.messages import FulfillmentInput, SignOff, StopShipments, TrackingReport, fulfillment_id
from models.fulfillment.returning import ExchangeEnd, ReturnReport, aftersale_workflow_id
from models.inventory.ahead import shipment_of
from models.inventory.messages import TellLowStock, low_stock_id
from models.inventory.types import Claim
from models.notifications.messages import TellBatch, notify_id
from models.orders.messages import ParcelReport, ParcelSplit, Settlement, checkout_id
from models.payments.chargebacks import Chargeback, chargeback_told_id
from models.payments.messages import (
    PaymentReport,
    PaymentTimeoutInput,
    RefundInput,
    RefundReport,
    StopWaiting,
    payment_timeout_id,
    refund_workflow_id,
)
from models.shared import Instant
from models.shared.ids import AftersaleId, OrderId, RefundId, ShipmentId
from models.webhooks.messages import DeliveryInput, delivery_workflow_id

SAGA_QUEUE = "checkout"
_TOLD_AT_ONCE = 50
_SKUS_SHOWN = 20
"""An attribute of a workflow is kept small."""


class Siblings:
    """Starts and tells sagas."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def start_payment_timeout(self, start: PaymentTimeoutInput, now: Instant) -> None:
        """Open the payment window of an order, once. Until money is reported, or the order stops it, there is nothing to do
        before its end: so it sleeps in Temporal till then, without a first task and a timer of its own."""
        await self._start(
            "PaymentTimeout",
            start,
            payment_timeout_id(start.order_id),
            f"Payment window of order {start.order_id}, asleep until {start.due_at:%Y-%m-%d %H:%M} UTC; "
            "cancel the order to end it sooner",
            attributes(OrderId=start.order_id, UserId=start.user_id),  # `PaymentStatus` is kept true by `Checkout`
            sleeps=start.due_at - now,
        )

    async def report_payment(self, start: PaymentTimeoutInput, report: PaymentReport) -> None:
        """Tell the payment window what a channel reported. If it has ended, a new run books the report; `start` says with
        `window_closed` whether that run only does so, or finds the payment still open and owns its window again."""
        await self._run_window(
            start,
            WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            f"Money that came for order {start.order_id} after its window",
            signal="payment_reported",
            told=[report],
        )

    async def take_up_window(self, start: PaymentTimeoutInput) -> None:
        """Run the payment window of an order again, if it does not run."""
        with suppress(WorkflowAlreadyStartedError):
            await self._run_window(
                start,
                WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                f"Payment window of order {start.order_id}, taken up again",
            )

    async def stop_payment(self, start: PaymentTimeoutInput, stop: StopWaiting) -> None:
        """Tell the payment window that the order no longer wants the money. A plain signal would not wake one that sleeps; one
        that never began, since a worker died, begins and asks the channels like any other."""
        with suppress(WorkflowAlreadyStartedError):  # and ended
            await self._run_window(
                start,
                WorkflowIDReusePolicy.REJECT_DUPLICATE,
                f"Payment window of order {start.order_id}, stopped",
                signal="stop_waiting",
                told=[stop],
            )

    async def _run_window(
        self,
        start: PaymentTimeoutInput,
        reuse: WorkflowIDReusePolicy,
        summary: str,
        *,
        signal: str | None = None,
        told: Sequence[PaymentReport | StopWaiting] = (),
    ) -> None:
        """Begin a payment window at once; with a signal, tell it to the one that runs or sleeps, else to a new one."""
        await self._client.start_workflow(
            "PaymentTimeout",
            start,
            id=payment_timeout_id(start.order_id),
            task_queue=SAGA_QUEUE,
            id_reuse_policy=reuse,
            start_signal=signal,
            start_signal_args=told,
            search_attributes=attributes(OrderId=start.order_id, UserId=start.user_id),
            static_summary=summary,
        )

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

    async def report_to_case(self, aftersale_id: AftersaleId, outcome: RefundOutcome) -> None:
        """Tell an after-sale what became of its refund."""
        await self._tell(aftersale_workflow_id(aftersale_id), "refund_ended", outcome)

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

    async def tell_goods_came(self, claims: Sequence[Claim]) -> None:
        """Tell the parcels of these claims that their goods are there. One that does not run yet looks when it starts, and one
        that misses this looks by itself a few hours later."""
        parcels = [fulfillment_id(shipment_of(claim)) for claim in claims]
        for first in range(0, len(parcels), _TOLD_AT_ONCE):
            some = parcels[first : first + _TOLD_AT_ONCE]
            await asyncio.gather(*(self._tell(parcel, "goods_came", None) for parcel in some))

    async def report_tracking(self, shipment_id: ShipmentId, report: TrackingReport) -> bool:
        """Tell a parcel's saga what its carrier says; False when it has ended."""
        return await self._tell(fulfillment_id(shipment_id), "tracking_reported", report)

    async def take_silence_for_yes(self, shipment_id: ShipmentId, sign_off: SignOff) -> bool:
        """Tell a parcel's saga that nobody complained for long enough; False when it has ended."""
        return await self._tell(fulfillment_id(shipment_id), "silence_taken_for_yes", sign_off)

    async def report_split(self, order_id: OrderId, split: ParcelSplit) -> None:
        """Tell the order that one of its parcels became two."""
        await self._tell(checkout_id(order_id), "parcel_split", split)

    async def report_return(self, report: ReturnReport) -> None:
        """Tell an after-sale where its returning parcel is."""
        await self._tell(aftersale_workflow_id(report.aftersale_id), "return_reported", report)

    async def report_exchange(self, end: ExchangeEnd) -> None:
        """Tell an after-sale how a parcel of its exchange ended."""
        await self._tell(aftersale_workflow_id(end.aftersale_id), "exchange_parcel_ended", end)

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

    async def tell_chargeback(self, booked: Chargeback) -> None:
        """Tell the order's timeline and Kafka that a channel took money back, once a chargeback."""
        await self._start(
            "ChargebackNotice",
            booked,
            chargeback_told_id(booked.chargeback_id),
            f"{booked.channel} took {booked.amount} of order {booked.order_id} back",
            attributes(OrderId=booked.order_id),
        )

    async def start_notify(self, batch: TellBatch) -> None:
        """Tell people of events, once for the same events."""
        await self._start("Notify", batch, notify_id(batch), batch.in_short, attributes())

    async def start_webhook(self, delivery: DeliveryInput, again: str = "") -> None:
        """Send an event to an endpoint: once by itself, and once more for each `again` that an operator asks for."""
        await self._start(
            "WebhookDelivery",
            delivery,
            delivery_workflow_id(delivery.delivery_id, again),
            f"{delivery.message.event_type} to {delivery.endpoint_id}",
            attributes(),
        )

    async def _start(
        self,
        name: str,
        arg: Any,
        workflow_id: str,
        summary: str,
        shown: TypedSearchAttributes,
        *,
        sleeps: timedelta = timedelta(0),
    ) -> None:
        """`sleeps`: how long its first task waits, unless a signal that comes with a start (`report_payment`) wakes it."""
        at_once = sleeps <= timedelta(0)
        try:
            await self._client.start_workflow(
                name,
                arg,
                id=workflow_id,
                task_queue=SAGA_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=shown,
                static_summary=summary,
                request_eager_start=at_once,  # a worker gets the first task with the answer: two transitions less an order
                start_delay=None if at_once else sleeps,
            )
        except WorkflowAlreadyStartedError:
            return

    async def _tell(self, workflow_id: str, signal: str, arg: Any) -> bool:
        try:
            await self._client.get_workflow_handle(workflow_id).signal(signal, args=[] if arg is None else [arg])
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # the answer for closed workflows, too
                raise
            return False
        return True
