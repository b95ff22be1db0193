"""What the tests of being in step share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from hanse.settings import Settings
from hanse.temporal import connect
from tests.conftest import OpenDatabase
from tests.integration.search.in_step import InStep, opened


@pytest.fixture
async def in_step(
    database: OpenDatabase, temporal: str, redis_url: str, settings: Settings, tmp_path: Path
) -> AsyncIterator[InStep]:
    client: Client = await connect(settings)
    async with opened(database, client, redis_url, tmp_path) as step:
        yield step
