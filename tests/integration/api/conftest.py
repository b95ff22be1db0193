"""The whole shop, running, and someone who has something of everything in it."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.calls import Buyer
from tests.e2e.running import RunningShop, running_shop
from tests.integration.api.belongings import Belongings, gather


@pytest.fixture(scope="session")
async def whole_shop() -> AsyncIterator[RunningShop]:
    with tempfile.TemporaryDirectory(prefix="hanse-api-", ignore_cleanup_errors=True) as folder:
        async with running_shop(Path(folder), hasty=False) as shop:
            yield shop


@pytest.fixture(scope="session")
async def annas(whole_shop: RunningShop) -> Belongings:
    return await gather(whole_shop)


@pytest.fixture(scope="session")
async def eves(whole_shop: RunningShop) -> Belongings:
    """What Eve has herself, when she has something."""
    return await gather(whole_shop)


@pytest.fixture(scope="session")
async def eve(whole_shop: RunningShop) -> Buyer:
    return await whole_shop.buyer()
