"""The embedded engine keeps the contract of all engines."""

from collections.abc import AsyncIterator

import pytest

from hanse.database import Database
from search.embedded import EmbeddedEngine
from search.engine import SearchEngine
from tests.databases import MigratedCopies
from tests.integration.search.engine_contract import EngineContract, NewEngine


@pytest.fixture(scope="module")
async def new_engine(migrated_copies: MigratedCopies) -> AsyncIterator[NewEngine]:
    opened: dict[str, Database] = {}

    async def on_a_database_of_its_own() -> SearchEngine:
        name = await migrated_copies.create("search")
        opened[name] = await migrated_copies.open(name)
        engine = EmbeddedEngine(opened[name])
        await engine.prepare()
        return engine

    yield on_a_database_of_its_own
    for name, database in opened.items():
        database.pool.terminate()
        await migrated_copies.drop(name)


@pytest.fixture
async def engine_away(migrated_copies: MigratedCopies) -> AsyncIterator[SearchEngine]:
    name = await migrated_copies.create("search")
    database = await migrated_copies.open(name)
    await migrated_copies.drop(name)
    yield EmbeddedEngine(database)
    database.pool.terminate()


class TestEmbeddedEngine(EngineContract):
    pass
