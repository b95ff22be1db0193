"""The consumer groups that tell people and other systems of events. One line a group. They run in `hanse consume`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from activities.listening import NOTICES, WEBHOOKS, NoticeStarter, WebhookStarter
from activities.siblings import Siblings
from bus.catalog import known_events
from bus.consumer import Consumer, Handler
from bus.publisher import Publisher
from bus.seen import RedisSeenEvents
from hanse.settings import Settings
from models.shared.events import Event

if TYPE_CHECKING:
    from stores.webhooks import EndpointStore


def listeners(
    settings: Settings, siblings: Siblings, redis: Redis, publisher: Publisher, endpoints: "EndpointStore"
) -> Sequence[Consumer]:
    """Every group that this module knows."""
    known = known_events()

    def group(name: str, handlers: dict[type[Event], Handler]) -> Consumer:
        seen = RedisSeenEvents(redis, name)
        return Consumer(settings.kafka_bootstrap, name, handlers, seen=seen, publisher=publisher)

    return (
        group(NOTICES, NoticeStarter(siblings).handlers(known)),
        group(WEBHOOKS, WebhookStarter(siblings, endpoints).handlers(known)),
    )
