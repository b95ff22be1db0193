"""How the contract asks an engine: a write is visible within a second, so a question is asked again until then."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from search.engine import SearchEngine
from search.query import SearchQuery, SearchResult

NewEngine = Callable[[], Awaitable[SearchEngine]]

SECOND = 50
"""Looks, twenty milliseconds apart: within a second a write is visible."""


async def soon(check: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it holds within a second."""
    for _ in range(SECOND):
        if await check():
            return True
        await asyncio.sleep(0.02)
    return await check()


async def titles(engine: SearchEngine, text: str = "", **more: object) -> list[str]:
    result = await engine.search(SearchQuery.model_validate({"text": text, **more}))
    return [hit.title for hit in result.hits]


async def finds(engine: SearchEngine, text: str, *expected: str, **more: object) -> bool:
    """Whether within a second these titles are found, in any order, and no other."""
    return await soon(lambda: _finds(engine, text, expected, more))


async def _finds(engine: SearchEngine, text: str, expected: tuple[str, ...], more: dict[str, object]) -> bool:
    return sorted(await titles(engine, text, **more)) == sorted(expected)


async def facet(engine: SearchEngine, name: str, **more: object) -> dict[str, int]:
    result = await engine.search(SearchQuery.model_validate({"facets": (name,), **more}))
    return {value.label: value.count for value in result.facets[name]}


async def answered(engine: SearchEngine, text: str) -> SearchResult:
    """The answer to a text that the API would refuse for its length, or that no JSON can hold."""
    query = SearchQuery(facets=("brand",)).model_copy(update={"text": text})
    return await engine.search(query)


async def holds(engine: SearchEngine, total: int) -> bool:
    """Whether within a second there are so many products."""
    return await soon(lambda: _total_is(engine, total))


async def _total_is(engine: SearchEngine, total: int) -> bool:
    return (await engine.search(SearchQuery())).total == total


async def price_is(engine: SearchEngine, minor: int) -> bool:
    return [hit.price_from.minor for hit in (await engine.search(SearchQuery())).hits] == [minor]


async def in_order(engine: SearchEngine, expected: list[str], **more: object) -> bool:
    return await titles(engine, **more) == expected


async def suggests_nothing(engine: SearchEngine, typed: str) -> bool:
    return not await engine.suggest(typed)


class OnAnEmptyEngine:
    """What writes gets an engine of its own."""

    @pytest.fixture
    async def engine(self, new_engine: NewEngine) -> SearchEngine:
        return await new_engine()
