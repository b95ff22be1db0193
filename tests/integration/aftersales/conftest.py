"""What the tests of after-sales start from: an order that arrived, and an empty desk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hanse.blobs import LocalBlobs
from hanse.database import Database
from stores.aftersales import AftersaleStore, EvidenceStore
from tests.conftest import OpenDatabase
from tests.databases import MigratedCopies
from tests.integration.aftersales.desk import Desk
from tests.integration.orders.shop import Shop


@pytest.fixture
async def shop(database: OpenDatabase) -> Shop:
    return Shop(await database("orders"))


@pytest.fixture(scope="package")
async def one_database(migrated_copies: MigratedCopies) -> AsyncIterator[Database]:
    """One database of cases for all tests: each has cases of its own."""
    async with migrated_copies.lent("aftersales") as database:
        yield database


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Desk:
    return Desk(AftersaleStore(one_database), EvidenceStore(one_database, LocalBlobs(tmp_path)))
