"""The accounts part of the api on a fresh database and the run's Redis, with a clock that tests set."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hanse.settings import Settings
from tests.conftest import OpenDatabase
from tests.integration.users.shop import Shop, open_shop


@pytest.fixture
async def shop(database: OpenDatabase, redis_url: str, tmp_path: Path, settings: Settings) -> AsyncIterator[Shop]:
    async with open_shop(await database("users"), await database("ops"), redis_url, tmp_path, settings) as opened:
        yield opened
