"""The purse every test of this folder starts from. At its end every test has left points in order."""

from collections.abc import AsyncIterator

import pytest

from stores.points import PointsStore
from tests.conftest import OpenDatabase
from tests.integration.points.purse import Purse


@pytest.fixture
async def purse(database: OpenDatabase) -> Purse:
    db = await database("promotions")
    return Purse(PointsStore(db), db)


@pytest.fixture
async def audited(purse: Purse) -> AsyncIterator[Purse]:
    """A purse whose books must add up when the test is over."""
    yield purse
    assert await purse.store.audit() == []
