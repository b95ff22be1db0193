"""The embedded engine keeps the contract of all engines."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from search.embedded import EmbeddedEngine
from search.engine import SearchEngine
from tests.databases import MigratedCopies
from tests.integration.search.engine_contract import EngineContract, NewEngine


@pytest.fixture(scope="module")
async def new_engine(migrated_copies: MigratedCopies) -> AsyncIterator[NewEngine]:
    async with AsyncExitStack() as lent:

        async def on_a_database_of_its_own() -> SearchEngine:
            engine = EmbeddedEngine(await lent.enter_async_context(migrated_copies.lent("search")))
            await engine.prepare()
            return engine

        yield on_a_database_of_its_own


@pytest.fixture
async def engine_away(migrated_copies: MigratedCopies) -> AsyncIterator[SearchEngine]:
    name = await migrated_copies.create("search")
    database = await migrated_copies.open(name)
    await migrated_copies.drop(name)
    yield EmbeddedEngine(database)
    database.pool.terminate()


class TestEmbeddedEngine(EngineContract):
    pass
