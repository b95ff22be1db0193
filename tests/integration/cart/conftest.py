"""Carts as four processes share them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from stores.cart import CartStore
from tests.conftest import OpenDatabase
from tests.integration.cart.shop import Carts


@pytest.fixture
async def carts(database: OpenDatabase, redis_url: str) -> AsyncIterator[Carts]:
    db = await database("users")
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Redis.from_url(redis_url)) for _ in range(4)]
        first, *others = [CartStore.on(db, client) for client in clients]
        yield Carts(first, others, db, clients[0])
