"""The shop every test of this folder starts from."""

from collections.abc import AsyncIterator

import pytest

from hanse.database import Database
from stores.inventory import InventoryStore
from tests.databases import MigratedCopies
from tests.integration.inventory.shop import Shop


@pytest.fixture
async def shop(migrated_copies: MigratedCopies) -> AsyncIterator[Shop]:
    name = await migrated_copies.create("inventory")
    db = await Database(migrated_copies.dsn(name), max_size=50).open()
    yield Shop(InventoryStore(db), db)
    db.pool.terminate()
    await migrated_copies.drop(name)
