"""Meilisearch engines for tests, each with an index and a memory of its own."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from search.engine import SearchEngine
from search.meilisearch import MeilisearchEngine
from search.meilisearch.sent import Sent
from tests.databases import MigratedCopies
from tests.integration.search.engine_contract import NewEngine


@asynccontextmanager
async def engines(migrated_copies: MigratedCopies, url: str, key: str) -> AsyncIterator[NewEngine]:
    """Makes empty, prepared engines on one server."""
    async with AsyncExitStack() as lent:

        async def with_an_index_of_its_own() -> SearchEngine:
            sent = Sent(await lent.enter_async_context(migrated_copies.lent("products")))
            engine = MeilisearchEngine(url, key, sent, live=f"products_{secrets.token_hex(6)}")
            await engine.prepare()
            return engine

        yield with_an_index_of_its_own
