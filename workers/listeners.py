"""The consumer groups that tell people and other systems of events. One line a group. They run in `hanse consume`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from activities.listening import NOTICES, WEBHOOKS, NoticeStarter, WebhookStarter
from activities.siblings import Siblings
from bus.batches import BatchConsumer
from bus.catalog import known_events
from bus.consumer import Consumer
from bus.member import Member
from bus.publisher import Publisher
from bus.seen import RedisSeenEvents
from hanse.settings import Settings

if TYPE_CHECKING:
    from stores.webhooks import EndpointStore


def listeners(
    settings: Settings, siblings: Siblings, redis: Redis, publisher: Publisher, endpoints: "EndpointStore"
) -> Sequence[Member]:
    """Every group that this module knows."""
    known, kafka = known_events(), settings.kafka_bootstrap
    notices, webhooks = NoticeStarter(siblings), WebhookStarter(siblings, endpoints)
    seen = {name: RedisSeenEvents(redis, name) for name in (NOTICES, WEBHOOKS)}
    return (
        BatchConsumer(kafka, NOTICES, notices.kinds(known), notices.tell, seen=seen[NOTICES], publisher=publisher),
        Consumer(kafka, WEBHOOKS, webhooks.handlers(known), seen=seen[WEBHOOKS], publisher=publisher),
    )
