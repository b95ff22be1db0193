"""What the consumer groups of notices and webhooks start, from events on a real broker."""

import asyncio
import secrets
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis
from temporalio.client import Client
from temporalio.service import RPCError

from activities.listening import NoticeStarter, WebhookStarter
from activities.siblings import Siblings
from bus.consumer import Consumer
from bus.envelope import source_of
from bus.publisher import Publisher
from bus.seen import RedisSeenEvents
from hanse.sealing import Seal
from hanse.settings import Settings
from hanse.temporal import connect
from models.aftersales.events import AftersaleChanged
from models.aftersales.types import AftersaleKind, AftersaleState
from models.orders.events import OrderCancelled, OrderPaid
from models.orders.types import CancelReason
from models.shared.events import Event
from models.shared.ids import AftersaleId, OrderId, UserId, WebhookDeliveryId, WebhookEndpointId
from models.shared.money import Money
from models.webhooks.messages import delivery_workflow_id
from models.webhooks.rules import message_for
from models.webhooks.types import EndpointTerms
from stores.webhooks import EndpointStore
from tests.conftest import OpenDatabase

NOW = datetime.now(UTC)
ORDER, ANNA = OrderId.derive(NOW, "order"), UserId.derive(NOW, "anna")
PAID = OrderPaid(occurred_at=NOW, order_id=ORDER, user_id=ANNA, total=Money(minor=1), lines=())
CANCELLED = OrderCancelled(occurred_at=NOW, order_id=ORDER, user_id=ANNA, reason=CancelReason.BY_USER)
APPLIED, AUDITING = (
    AftersaleChanged(
        occurred_at=NOW,
        aftersale_id=AftersaleId.derive(NOW, "case"),
        order_id=ORDER,
        user_id=ANNA,
        kind=AftersaleKind.EXCHANGE,
        state=state,
        version=version,
    )
    for version, state in enumerate((AftersaleState.APPLIED, AftersaleState.AUDITING), 1)
)


async def starts(client: Client, workflow_id: str) -> str:
    """The type of a workflow, once Temporal knows it. Nobody serves it here."""
    async with asyncio.timeout(30):
        while True:
            try:
                return (await client.get_workflow_handle(workflow_id).describe()).workflow_type
            except RPCError:
                await asyncio.sleep(0.05)


async def test_an_event_starts_a_notice_and_a_webhook_for_each_endpoint_that_wants_it(
    kafka_bootstrap: str, redis_url: str, database: OpenDatabase, temporal: str, settings: Settings
) -> None:
    endpoints, client = EndpointStore(await database("notifications"), Seal(bytes(32))), await connect(settings)
    every, paid = (WebhookEndpointId.mint(NOW, secrets.token_bytes(10)) for _ in range(2))
    for endpoint_id, types in ((every, ()), (paid, ("hanse.orders.order_paid.v1",))):
        terms = EndpointTerms(url="https://example.com/", event_types=types)
        await endpoints.register(endpoint_id, terms, bytes(32), ANNA, NOW)
    redis, known = (
        Redis.from_url(redis_url),
        {kind.type: kind for kind in (OrderPaid, OrderCancelled, AftersaleChanged)},
    )
    siblings, group = Siblings(client), f"test-{secrets.token_hex(4)}"
    notices, webhooks = NoticeStarter(siblings), WebhookStarter(siblings, endpoints)
    async with Publisher(kafka_bootstrap) as publisher:
        groups = [
            Consumer(
                kafka_bootstrap,
                f"{group}-{n}",
                handlers,
                seen=RedisSeenEvents(redis, f"{group}-{n}"),
                publisher=publisher,
            )
            for n, handlers in enumerate((notices.handlers(known), webhooks.handlers(known)))
        ]
        await publisher.publish([PAID, CANCELLED, PAID, APPLIED, AUDITING, AUDITING])
        running = [asyncio.create_task(each.run()) for each in groups]
        for event in (PAID, CANCELLED):
            assert await starts(client, f"notify/hanse.orders/{event.event_id}") == "Notify"
        for change in (APPLIED, AUDITING):
            assert await starts(client, f"notify/hanse.aftersales/{change.event_id}") == "Notify"
        for endpoint_id, event in ((every, PAID), (every, CANCELLED), (paid, PAID)):
            assert await starts(client, delivery_workflow_id(delivery_of(endpoint_id, event))) == "WebhookDelivery"
        for each in groups:
            each.stop()
        await asyncio.gather(*running)
    await redis.aclose()
    with pytest.raises(RPCError):
        await client.get_workflow_handle(delivery_workflow_id(delivery_of(paid, CANCELLED))).describe()


def delivery_of(endpoint_id: WebhookEndpointId, event: Event) -> WebhookDeliveryId:
    message = message_for(event, source_of(type(event)))
    return WebhookDeliveryId.derive(event.occurred_at, endpoint_id, message.message_id)
