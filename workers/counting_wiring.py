"""Builds what the consumers work with: apart from `wiring.py`, because that would load every saga into this small process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from redis.asyncio import Redis

from activities.siblings import Siblings
from bus.member import Member
from bus.publisher import Publisher
from hanse.database import Database
from hanse.keys import WEBHOOKS, derived_key
from hanse.sealing import Seal
from hanse.settings import Settings
from hanse.temporal import connect
from models.shared.time import Clock
from stores.orders import OrderStore
from stores.products import ProductStore
from stores.search import RankingStore
from stores.webhooks import EndpointStore
from workers.listeners import listeners
from workers.ranking_counts import RankingCounts


@asynccontextmanager
async def open_counts(settings: Settings, clock: Clock) -> AsyncIterator[tuple[RankingCounts, Redis]]:
    """On the stores of these settings."""
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            return await stack.enter_async_context(Database(settings.dsn(name), max_size=3))

        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        orders, products = OrderStore(await database("orders")), ProductStore(await database("products"))
        yield RankingCounts(orders, products, RankingStore(redis), clock), redis


@asynccontextmanager
async def open_listeners(settings: Settings, redis: Redis, publisher: Publisher) -> AsyncIterator[Sequence[Member]]:
    """The consumer groups that tell people and other systems; none where the settings say so."""
    if not settings.listeners:
        yield ()
        return
    seal = Seal(derived_key(settings.token_key.get_secret_value().encode(), WEBHOOKS))
    client = await connect(settings, lazy=True)
    async with Database(settings.dsn("notifications"), max_size=3) as notifications:
        yield listeners(settings, Siblings(client), redis, publisher, EndpointStore(notifications, seal))
