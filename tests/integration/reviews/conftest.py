"""The desk every test of this folder starts from: empty, and with counters that add up at the end."""

from collections.abc import AsyncIterator

import pytest

from hanse.database import Database
from stores.reviews import ReviewStore, WordStore
from tests.databases import MigratedCopies
from tests.integration.reviews.desk import Desk


@pytest.fixture(scope="package")
async def reviews_database(migrated_copies: MigratedCopies) -> AsyncIterator[Database]:
    """One database for all tests of this folder; to empty it takes less than to make another."""
    async with migrated_copies.lent("reviews") as database:
        yield database


@pytest.fixture
async def unaudited(reviews_database: Database) -> Desk:
    words = WordStore(reviews_database)
    desk = Desk(ReviewStore(reviews_database, words, reports_to_hold=3), words, reviews_database)
    await desk.empty()
    return desk


@pytest.fixture
async def desk(unaudited: Desk) -> AsyncIterator[Desk]:
    yield unaudited
    assert await unaudited.store.audit() == []
