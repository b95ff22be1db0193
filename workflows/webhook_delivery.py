"""One event on its way to one endpoint outside: `webhook/{delivery_id}`."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.webhooks import WebhookActivities
    from models.webhooks.messages import DeliveryInput, Next, Tried, TryDelivery
    from models.webhooks.rules import spread
    from models.webhooks.types import RETRY_AFTER
    from workflows.options import UNTIL_DONE, WEBHOOK_CALL, TaskQueue
    from workflows.saga import Saga


@workflow.defn(name="WebhookDelivery")
class WebhookDelivery:
    """At least once, over three days, until the receiver takes it or is given up. Deliveries are not ordered among each other:
    a receiver that minds looks at the event's own time and ids."""

    @workflow.run
    async def run(self, delivery: DeliveryInput) -> str:
        """How the last try went. Temporal's own cancel stops the trying."""
        saga = Saga("queue")
        tried = await self._try(saga, delivery, 1)
        for number, usual in enumerate(RETRY_AFTER, 2):
            if tried.next is Next.NOTHING:
                break
            pause = max(spread(usual, workflow.random().random()), tried.not_before or timedelta(0))
            workflow.set_current_details(f"{tried.says}; try {number} of {len(RETRY_AFTER) + 1} comes in {pause}")
            await workflow.sleep(pause, summary=f"before try {number}")
            tried = await self._try(saga, delivery, number)
        await saga.announced()
        return tried.says

    async def _try(self, saga: Saga, delivery: DeliveryInput, number: int) -> Tried:
        wish = TryDelivery(delivery=delivery, number=number, last=number > len(RETRY_AFTER))
        tried = await workflow.execute_activity_method(
            WebhookActivities.try_delivery,
            wish,
            task_queue=TaskQueue.WEBHOOKS,
            start_to_close_timeout=WEBHOOK_CALL,
            retry_policy=UNTIL_DONE,
            summary=f"send to {delivery.endpoint_id}, try {number}",
        )
        saga.announce(tried.unannounced)
        return tried
