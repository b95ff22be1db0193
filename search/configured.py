"""The engine that the settings choose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hanse.settings import Settings
from search.engine import SearchEngine


@asynccontextmanager
async def open_engine(settings: Settings, *, writes: bool) -> AsyncIterator[SearchEngine]:
    """The chosen engine, open; `writes` gives it the key that may change the index."""
    raise NotImplementedError
    yield
