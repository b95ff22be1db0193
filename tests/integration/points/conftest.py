"""The purse every test of this folder starts from: empty, and in order again at the end."""

from collections.abc import AsyncIterator

import pytest

from hanse.database import Database
from stores.points import PointsStore
from tests.conftest import OpenDatabase
from tests.databases import MigratedCopies
from tests.integration.points.purse import Purse


@pytest.fixture(scope="package")
async def one_database(migrated_copies: MigratedCopies) -> AsyncIterator[Database]:
    """One database for all tests that leave its schema alone; to empty it takes less than to make another."""
    async with migrated_copies.lent("promotions") as database:
        yield database


@pytest.fixture
async def purse(one_database: Database) -> Purse:
    purse = Purse(PointsStore(one_database), one_database)
    await purse.empty()
    return purse


@pytest.fixture
async def audited(purse: Purse) -> AsyncIterator[Purse]:
    """A purse whose books must add up when the test is over."""
    yield purse
    assert await purse.store.audit() == []


@pytest.fixture
async def breakable(database: OpenDatabase) -> Purse:
    """A purse in a database of its own, for tests that take its guards away."""
    db = await database("promotions")
    return Purse(PointsStore(db), db)
