"""The till and the counter of the payments tests."""

from collections.abc import AsyncIterator

import pytest

from hanse.settings import Settings
from tests.integration.payments.counter import Counter, open_counter
from tests.integration.payments.till import OpenDatabase, Till


@pytest.fixture
async def till(database: OpenDatabase) -> Till:
    return Till(await database("payments"))


@pytest.fixture(scope="module")
async def counter(
    migrated_settings: Settings,
    redis_url: str,
    kafka_bootstrap: str,
    temporal: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Counter]:
    async with open_counter(migrated_settings, tmp_path_factory.mktemp("sandbox")) as opened:
        yield opened
