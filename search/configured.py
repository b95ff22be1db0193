"""The engine that the settings choose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hanse.database import Database
from hanse.settings import Settings
from search.embedded import EmbeddedEngine
from search.engine import SearchEngine
from search.meilisearch import MeilisearchEngine
from search.meilisearch.sent import Sent


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[SearchEngine]:
    """The chosen engine, connected; what it may do with Meilisearch is up to the key that this process was given.

    The embedded engine lives in database `search`; the other keeps in `products` what it sent.
    """
    chosen = settings.search_engine
    database = await Database(settings.dsn("search" if chosen == "embedded" else "products")).open()
    try:
        if chosen == "meilisearch":
            yield MeilisearchEngine(settings.meili_url, settings.meili_key.get_secret_value(), Sent(database))
        else:
            yield EmbeddedEngine(database)
    finally:
        await database.close()
