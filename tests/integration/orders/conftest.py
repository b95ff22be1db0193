"""The shop every test of this folder starts from."""

import pytest

from tests.conftest import OpenDatabase
from tests.integration.orders.shop import Shop


@pytest.fixture
async def shop(database: OpenDatabase) -> Shop:
    return Shop(await database("orders"))
