"""What the consumer groups of notices and webhooks start, from events on a real broker."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis
from temporalio.client import Client
from temporalio.service import RPCError

from activities.listening import NoticeStarter, WebhookStarter
from activities.siblings import Siblings
from bus.batches import BatchConsumer
from bus.consumer import Consumer
from bus.envelope import Envelope, source_of
from bus.publisher import Publisher
from bus.seen import RedisSeenEvents
from hanse.sealing import Seal
from hanse.settings import Settings
from hanse.temporal import connect
from models.aftersales.events import AftersaleChanged
from models.aftersales.types import AftersaleKind, AftersaleState
from models.notifications.messages import TellBatch, TellPeople, notify_id
from models.orders.events import OrderCancelled, OrderPaid
from models.orders.types import CancelReason
from models.products.events import ProductsViewed
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


async def test_events_start_a_notice_for_all_that_came_together_and_a_webhook_for_each_endpoint_that_wants_one(
    kafka_bootstrap: str, redis_url: str, database: OpenDatabase, temporal: str, settings: Settings
) -> None:
    endpoints, client = EndpointStore(await database("notifications"), Seal(bytes(32))), await connect(settings)
    every, paid = (WebhookEndpointId.mint(NOW, secrets.token_bytes(10)) for _ in range(2))
    for endpoint_id, types in ((every, ()), (paid, ("hanse.orders.order_paid.v1",))):
        terms = EndpointTerms(url="https://example.com/", event_types=types)
        await endpoints.register(endpoint_id, terms, bytes(32), ANNA, NOW)
    redis = Redis.from_url(redis_url)
    known = {kind.type: kind for kind in (OrderPaid, OrderCancelled, AftersaleChanged)}
    siblings, group = Siblings(client), f"test-{secrets.token_hex(4)}"
    notices, webhooks = NoticeStarter(siblings), WebhookStarter(siblings, endpoints)
    started: dict[str, str] = {}

    async def tell(envelopes: Sequence[Envelope]) -> None:
        await notices.tell(envelopes)
        tellings = tuple(TellPeople(source=envelope.source, event=envelope.event) for envelope in envelopes)
        started.update((telling.event.event_id, notify_id(TellBatch(tellings=tellings))) for telling in tellings)

    async with Publisher(kafka_bootstrap) as publisher:
        seen = [RedisSeenEvents(redis, f"{group}-{n}") for n in range(2)]
        kinds = notices.kinds(known)
        groups = (
            BatchConsumer(kafka_bootstrap, f"{group}-0", kinds, tell, seen=seen[0], publisher=publisher),
            Consumer(kafka_bootstrap, f"{group}-1", webhooks.handlers(known), seen=seen[1], publisher=publisher),
        )
        await publisher.publish([PAID, CANCELLED, PAID, APPLIED, AUDITING, AUDITING])
        running = [asyncio.create_task(each.run()) for each in groups]
        for endpoint_id, event in ((every, PAID), (every, CANCELLED), (paid, PAID)):
            assert await starts(client, delivery_workflow_id(delivery_of(endpoint_id, event))) == "WebhookDelivery"
        async with asyncio.timeout(30):
            while not {event.event_id for event in (PAID, CANCELLED, APPLIED, AUDITING)} <= started.keys():
                await asyncio.sleep(0.05)
        for each in groups:
            each.stop()
        await asyncio.gather(*running)
    for workflow_id in set(started.values()):
        assert await starts(client, workflow_id) == "Notify"
    await redis.aclose()
    with pytest.raises(RPCError):
        await client.get_workflow_handle(delivery_workflow_id(delivery_of(paid, CANCELLED))).describe()


def delivery_of(endpoint_id: WebhookEndpointId, event: Event) -> WebhookDeliveryId:
    message = message_for(event, source_of(type(event)))
    return WebhookDeliveryId.derive(event.occurred_at, endpoint_id, message.message_id)


async def test_an_event_that_no_endpoint_wants_starts_nothing(database: OpenDatabase, settings: Settings) -> None:
    nobody = await connect(settings.model_copy(update={"temporal_address": "127.0.0.1:1"}), lazy=True)
    webhooks = WebhookStarter(Siblings(nobody), EndpointStore(await database("notifications"), Seal(bytes(32))))
    await webhooks.deliver(Envelope(PAID, "/hanse/orders", PAID.event_id, {}))


async def test_an_event_that_nobody_is_told_of_is_not_for_the_group_of_notices(settings: Settings) -> None:
    notices = NoticeStarter(Siblings(await connect(settings, lazy=True)))
    assert notices.kinds({kind.type: kind for kind in (OrderPaid, ProductsViewed)}) == [OrderPaid]
