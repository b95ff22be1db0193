"""Meilisearch engines for tests, each with an index and a memory of its own."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hanse.database import Database
from search.engine import SearchEngine
from search.meilisearch import MeilisearchEngine
from search.meilisearch.sent import Sent
from tests.databases import MigratedCopies
from tests.integration.search.engine_contract import NewEngine


@asynccontextmanager
async def engines(migrated_copies: MigratedCopies, url: str, key: str) -> AsyncIterator[NewEngine]:
    """Makes empty, prepared engines on one server."""
    opened: dict[str, Database] = {}

    async def with_an_index_of_its_own() -> SearchEngine:
        name = await migrated_copies.create("products")
        opened[name] = await migrated_copies.open(name)
        engine = MeilisearchEngine(url, key, Sent(opened[name]), live=f"products_{secrets.token_hex(6)}")
        await engine.prepare()
        return engine

    yield with_an_index_of_its_own
    for name, database in opened.items():
        database.pool.terminate()
        await migrated_copies.drop(name)
