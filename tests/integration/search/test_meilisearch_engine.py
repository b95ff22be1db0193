"""The Meilisearch engine keeps the contract of all engines, on a real server: `HANSE_MEILI_URL` names one, `HANSE_MEILI_KEY` opens it."""

import os
from collections.abc import AsyncIterator

import pytest

from search.engine import SearchEngine
from search.meilisearch import MeilisearchEngine
from search.meilisearch.sent import Sent
from tests.databases import MigratedCopies
from tests.integration.search.engine_contract import EngineContract, NewEngine
from tests.integration.search.meilisearch_engines import engines

URL, KEY = os.environ.get("HANSE_MEILI_URL", ""), os.environ.get("HANSE_MEILI_KEY", "")
if not URL:
    pytest.skip(
        "NOT RUN: 177 tests of the search engines' contract on a real Meilisearch; set HANSE_MEILI_URL and HANSE_MEILI_KEY",
        allow_module_level=True,
    )


@pytest.fixture(scope="module")
async def new_engine(migrated_copies: MigratedCopies) -> AsyncIterator[NewEngine]:
    async with engines(migrated_copies, URL, KEY) as new:
        yield new


@pytest.fixture
async def engine_away(migrated_copies: MigratedCopies) -> AsyncIterator[SearchEngine]:
    async with migrated_copies.lent("products") as database:
        yield MeilisearchEngine("http://127.0.0.1:9", "", Sent(database))


class TestMeilisearchEngine(EngineContract):
    pass
