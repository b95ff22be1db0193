"""The consumer groups that tell people and other systems of events. One line a group; `run` is their whole life."""

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis
from temporalio.client import Client

from activities.listening import NOTICES, WEBHOOKS, NoticeStarter, WebhookStarter
from activities.siblings import Siblings
from bus.catalog import known_events
from bus.consumer import Consumer, Handler
from bus.publisher import Publisher
from bus.seen import RedisSeenEvents
from hanse.database import Database
from hanse.keys import WEBHOOKS as WEBHOOKS_KEY
from hanse.keys import derived_key
from hanse.sealing import Seal
from hanse.settings import Settings
from models.shared.events import Event
from stores.webhooks import EndpointStore


async def run(settings: Settings, client: Client, stop: asyncio.Event) -> None:
    """Listen until `stop`; then finish the events in hand."""
    redis, notifications = Redis.from_url(settings.redis_url), Database(settings.dsn("notifications"))
    async with redis, Publisher(settings.kafka_bootstrap) as publisher:
        await notifications.open()
        try:
            groups = listeners(settings, client, redis, publisher, notifications)
            running = [asyncio.create_task(group.run()) for group in groups]
            await stop.wait()
            for group in groups:
                group.stop()
            await asyncio.gather(*running)
        finally:
            await notifications.close()


def listeners(
    settings: Settings, client: Client, redis: Redis, publisher: Publisher, notifications: Database
) -> Sequence[Consumer]:
    """Every group that this module knows."""
    siblings, known = Siblings(client), known_events()
    seal = Seal(derived_key(settings.token_key.get_secret_value().encode(), WEBHOOKS_KEY))

    def group(name: str, handlers: dict[type[Event], Handler]) -> Consumer:
        seen = RedisSeenEvents(redis, name)
        return Consumer(settings.kafka_bootstrap, name, handlers, seen=seen, publisher=publisher)

    return (
        group(NOTICES, NoticeStarter(siblings).handlers(known)),
        group(WEBHOOKS, WebhookStarter(siblings, EndpointStore(notifications, seal)).handlers(known)),
    )
