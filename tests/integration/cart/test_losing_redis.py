"""Redis dies, hangs or forgets: accounts lose nothing and wait for nothing, visitors are told."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from hanse.database import Connection
from hanse.stack.embedded import EmbeddedStack
from models.cart.errors import CartUnavailable
from models.shared.refusals import NotFound
from stores.cart import CartStore
from tests.conftest import OpenDatabase
from tests.integration.cart.shop import Carts, adding, plenty, units
from tests.unit.orders.baskets import NOW

MUCH_LATER = NOW + timedelta(minutes=5)


SLOW_COMMIT = """
    CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER slow_commit AFTER UPDATE ON carts DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION doze();
"""


async def until_it_commits(connection: Connection) -> None:
    """Wait for a transaction on this database to doze in its commit."""
    deadline = time.monotonic() + 10
    while not await connection.fetchval(
        "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    ):
        assert time.monotonic() < deadline, "no transaction came to its commit"
        await asyncio.sleep(0.02)


@dataclass
class MortalCarts(Carts):
    """Carts on a Redis of their own, which keeps nothing when it dies."""

    stack: EmbeddedStack

    def send(self, how: signal.Signals) -> None:
        process = self.stack.supervisor.parts["redis"].process
        assert process is not None
        os.kill(process.pid, how)

    async def until_redis_answers(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                await self.redis.ping()
            except (RedisError, OSError):
                assert time.monotonic() < deadline, "Redis did not come back"
                await asyncio.sleep(0.05)
            else:
                return

    def another_process(self) -> CartStore:
        return CartStore.on(self.db, self.redis)


@pytest.fixture
async def mortal(database: OpenDatabase, tmp_path: Path) -> AsyncIterator[MortalCarts]:
    db = await database("users")
    stack = EmbeddedStack(tmp_path, parts=("redis",), fast=True)
    async with stack as settings, Redis.from_url(settings.redis_url) as redis:
        yield MortalCarts(CartStore.on(db, redis), [CartStore.on(db, redis)], db, redis, stack)


async def test_an_account_loses_nothing_when_redis_is_killed_in_the_middle(mortal: MortalCarts) -> None:
    owner = await mortal.account()

    async def add_one(store: CartStore) -> None:
        await store.change(owner, adding(), NOW)

    async def kill() -> None:
        mortal.send(signal.SIGKILL)

    half = [add_one(store) for store in [mortal.store, *mortal.others] * 20]
    other_half = [add_one(store) for store in [mortal.store, *mortal.others] * 20]
    await asyncio.gather(*half, kill(), *other_half)
    assert units(await mortal.store.cart(owner, NOW)) == 80
    await mortal.until_redis_answers()
    assert await mortal.redis.dbsize() == 0, "this Redis kept nothing"
    for store in (mortal.store, mortal.another_process()):
        assert units(await store.cart(owner, MUCH_LATER)) == 80
    assert units(await mortal.another_process().change(owner, adding(), MUCH_LATER)) == 81
    assert units(await mortal.store.cart(owner, MUCH_LATER)) == 81


async def test_a_redis_that_hangs_slows_an_account_for_a_moment_and_shows_no_old_cart(mortal: MortalCarts) -> None:
    owner = await mortal.account()
    await mortal.store.change(owner, adding(), NOW)
    mortal.send(signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(10):
            await mortal.store.change(owner, adding(), NOW)
            await mortal.store.cart(owner, NOW)
        assert time.monotonic() - began < 2
    finally:
        mortal.send(signal.SIGCONT)
    await mortal.until_redis_answers()
    assert units(await mortal.store.cart(owner, NOW)) == 11
    assert units(await mortal.store.cart(owner, NOW + timedelta(seconds=20))) == 11, "what Redis kept is older"
    await mortal.store.change(owner, adding(), MUCH_LATER)
    assert units(await mortal.another_process().cart(owner, MUCH_LATER)) == 12


async def test_no_process_shows_an_old_cart_when_redis_misses_the_end_of_a_change(mortal: MortalCarts) -> None:
    owner = await mortal.account()
    await mortal.redis.acl_setuser("writer", enabled=True, passwords=["+secret"], keys=["*"], categories=["+@all"])
    port = mortal.stack.ports.redis
    async with Redis(port=port, username="writer", password="secret") as shut_out, mortal.db.reader() as connection:
        writer = CartStore.on(mortal.db, shut_out)
        await writer.change(owner, adding(), NOW)
        await connection.execute(SLOW_COMMIT)
        change = asyncio.create_task(writer.change(owner, adding(), NOW))
        await until_it_commits(connection)
        await mortal.redis.acl_deluser("writer")
        await change
    assert units(await mortal.another_process().cart(owner, NOW)) == 2


async def test_visitors_are_told_while_redis_is_away_and_find_no_cart_when_it_forgot(mortal: MortalCarts) -> None:
    owner, visitor = await mortal.account(), await mortal.visitor()
    mortal.send(signal.SIGSTOP)
    for refused in (
        mortal.store.cart(visitor, NOW),
        mortal.store.change(visitor, adding(), NOW),
        mortal.store.merge(owner, visitor, plenty, NOW),
    ):
        with pytest.raises(CartUnavailable):
            await refused
    assert units(await mortal.store.cart(owner, NOW)) == 0
    mortal.send(signal.SIGKILL)
    await mortal.until_redis_answers()
    with pytest.raises(NotFound):
        await mortal.store.cart(visitor, MUCH_LATER)


async def test_a_merge_is_remembered_when_redis_forgot_the_visitor(mortal: MortalCarts) -> None:
    owner, visitor = await mortal.account(), await mortal.visitor(quantity=2)
    report = await mortal.store.merge(owner, visitor, plenty, NOW)
    await mortal.redis.flushall()
    assert await mortal.store.merge(owner, visitor, plenty, NOW) == report
    assert units(await mortal.store.cart(owner, NOW)) == 2
