"""The accounts part of the api on a fresh database and the run's Redis, with a clock that tests set."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from hanse.database import Database
from tests.conftest import OpenDatabase
from tests.databases import MigratedCopies
from tests.integration.users.shop import Shop, open_shop


@pytest.fixture(scope="session")
async def audit_database(migrated_copies: MigratedCopies) -> AsyncIterator[Database]:
    """One for all tests: nothing in it can be changed, so no test can disturb another."""
    async with migrated_copies.lent("ops") as database:
        yield database


@pytest.fixture
async def shop(
    database: OpenDatabase, audit_database: Database, redis_url: str, tmp_path: Path, api: FastAPI
) -> AsyncIterator[Shop]:
    async with open_shop(api, await database("users"), audit_database, redis_url, tmp_path) as opened:
        yield opened
