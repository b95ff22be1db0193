"""What the consumer groups of notices and webhooks start, from events on a real broker."""

import asyncio
from datetime import UTC, datetime

from redis.asyncio import Redis

from activities.listening import NoticeStarter, WebhookStarter
from bus.consumer import Consumer
from bus.publisher import Publisher
from bus.seen import RedisSeenEvents
from hanse.sealing import Seal
from models.notifications.messages import TellPeople, notify_id
from models.orders.events import OrderCancelled, OrderPaid
from models.orders.types import CancelReason
from models.shared.ids import OrderId, UserId, WebhookEndpointId
from models.shared.money import Money
from models.webhooks.messages import DeliveryInput
from models.webhooks.types import EndpointTerms
from stores.webhooks import EndpointStore
from tests.conftest import OpenDatabase

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ORDER, ANNA = OrderId.derive(NOW, "order"), UserId.derive(NOW, "anna")
PAID = OrderPaid(occurred_at=NOW, order_id=ORDER, user_id=ANNA, total=Money(minor=1), lines=())
CANCELLED = OrderCancelled(occurred_at=NOW, order_id=ORDER, user_id=ANNA, reason=CancelReason.BY_USER)


class Started:
    """What was started, by the ids that Temporal would know it by."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.webhooks: list[tuple[str, str]] = []

    async def start_notify(self, tell: TellPeople) -> None:
        self.notices.append(notify_id(tell.source, tell.event.event_id))

    async def start_webhook(self, delivery: DeliveryInput, again: str = "") -> None:
        self.webhooks.append((delivery.endpoint_id, delivery.message.event_type))


async def test_an_event_starts_a_notice_and_a_webhook_for_each_endpoint_that_wants_it(
    kafka_bootstrap: str, redis_url: str, database: OpenDatabase
) -> None:
    endpoints, started = EndpointStore(await database("notifications"), Seal(bytes(32))), Started()
    every, paid = (WebhookEndpointId.derive(NOW, name) for name in ("every", "paid"))
    for endpoint_id, types in ((every, ()), (paid, ("hanse.orders.order_paid.v1",))):
        terms = EndpointTerms(url="https://example.com/", event_types=types)
        await endpoints.register(endpoint_id, terms, bytes(32), ANNA, NOW)
    redis, mine = Redis.from_url(redis_url), (OrderPaid, OrderCancelled)
    async with Publisher(kafka_bootstrap) as publisher:
        groups = [
            Consumer(kafka_bootstrap, f"test-{name}", handlers, seen=RedisSeenEvents(redis, name), publisher=publisher)
            for name, handlers in (
                ("notices", NoticeStarter(started).handlers({kind.type: kind for kind in mine})),  # type: ignore[arg-type]
                ("webhooks", WebhookStarter(started, endpoints).handlers({kind.type: kind for kind in mine})),  # type: ignore[arg-type]
            )
        ]
        await publisher.publish([PAID, CANCELLED, PAID])
        running = [asyncio.create_task(group.run()) for group in groups]
        async with asyncio.timeout(30):
            while len(started.notices) < 2 or len(started.webhooks) < 3:
                await asyncio.sleep(0.05)
        for group in groups:
            group.stop()
        await asyncio.gather(*running)
    await redis.aclose()
    assert sorted(started.notices) == [
        f"notify/hanse.orders/order_cancelled/{ORDER}",
        f"notify/hanse.orders/order_paid/{ORDER}",
    ]
    assert sorted(started.webhooks) == sorted([(every, PAID.type), (every, CANCELLED.type), (paid, PAID.type)])
