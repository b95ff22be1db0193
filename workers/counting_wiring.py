"""Builds what the consumers count with: apart from `wiring.py`, because that would load every saga into this small process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from redis.asyncio import Redis

from hanse.database import Database
from hanse.settings import Settings
from models.shared.time import Clock
from stores.orders import OrderStore
from stores.products import ProductStore
from stores.search import RankingStore
from workers.consumers import RankingCounts


@asynccontextmanager
async def open_counts(settings: Settings, clock: Clock) -> AsyncIterator[tuple[RankingCounts, Redis]]:
    """On the stores of these settings."""
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            opened = await Database(settings.dsn(name), max_size=3).open()
            stack.push_async_callback(opened.close)
            return opened

        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        orders, products = OrderStore(await database("orders")), ProductStore(await database("products"))
        yield RankingCounts(orders, products, RankingStore(redis), clock), redis
