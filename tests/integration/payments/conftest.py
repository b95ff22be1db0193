"""The till of the payments tests."""

import pytest

from tests.integration.payments.till import OpenDatabase, Till


@pytest.fixture
async def till(database: OpenDatabase) -> Till:
    return Till(await database("payments"))
