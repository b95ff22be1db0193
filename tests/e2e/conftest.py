"""`shop` is the whole shop, running; `shelves` puts goods into it; `buyer` and `operator` are at its door."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.calls import Buyer, Operator
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop, running_shop


@pytest.fixture(scope="session")
async def shop() -> AsyncIterator[RunningShop]:
    with tempfile.TemporaryDirectory(prefix="hanse-e2e-", ignore_cleanup_errors=True) as folder:
        async with running_shop(Path(folder)) as shop:
            yield shop


@pytest.fixture(scope="session")
async def shelves(shop: RunningShop) -> Shelves:
    return Shelves(shop.operator)


@pytest.fixture(scope="session")
def operator(shop: RunningShop) -> Operator:
    return shop.operator


@pytest.fixture
async def buyer(shop: RunningShop) -> Buyer:
    return await shop.buyer()
