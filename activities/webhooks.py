"""The step of sagas that sends an event to an endpoint outside."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from temporalio import activity

from models.shared.time import Clock
from models.webhooks.events import WebhookEndpointDisabled
from models.webhooks.messages import Next, Tried, TryDelivery
from models.webhooks.rules import signed_headers
from models.webhooks.types import Attempt

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from channels.webhook.sender import WebhookSender
    from stores.webhooks import DeliveryStore, EndpointStore


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WebhookActivities:
    """Sending is at least once: a try whose record was lost is made again, with the same `webhook-id`."""

    def __init__(
        self,
        endpoints: "EndpointStore",
        deliveries: "DeliveryStore",
        sender: "WebhookSender",
        announcer: "Announcer",
        clock: Clock = _utc_now,
    ) -> None:
        self._endpoints = endpoints
        self._deliveries = deliveries
        self._sender = sender
        self._announcer = announcer
        self._clock = clock

    @activity.defn(name="webhooks.try_delivery")
    async def try_delivery(self, ask: TryDelivery) -> Tried:
        """Sign the message with every secret in force, send it once and write down what came of it.

        What the other side answers is no fault: it decides what is done next. The signature bears the time of the sending
        itself, which receivers hold against their own clocks.
        """
        delivery, now = ask.delivery, self._clock()
        if ask.number == 1:
            await self._deliveries.open_once(delivery)
        target = await self._endpoints.target(delivery.endpoint_id, now)
        if target is None:
            await self._deliveries.drop(delivery.delivery_id, now)
            return Tried(next=Next.NOTHING, says="dropped: the endpoint is disabled")
        headers = signed_headers(delivery.message, target.secrets, now)
        answer = await self._sender.post(target.url, delivery.message.body, headers)
        attempt = Attempt(
            number=ask.number,
            at=now,
            status=answer.status,
            failure=answer.failure,
            duration_ms=answer.duration_ms,
            excerpt=answer.excerpt,
            retry_after_seconds=answer.retry_after_seconds,
        )
        why = await self._deliveries.record(delivery, attempt, last=ask.last)
        told = (WebhookEndpointDisabled(occurred_at=now, endpoint_id=delivery.endpoint_id, why=why),) if why else ()
        return Tried(
            next=Next.NOTHING if attempt.failure is None or why or ask.last else Next.TRY_AGAIN,
            says=attempt.failure or f"delivered, {attempt.status}",
            not_before=timedelta(seconds=answer.retry_after_seconds) if answer.retry_after_seconds else None,
            unannounced=await self._announcer.announce(*told),
        )
