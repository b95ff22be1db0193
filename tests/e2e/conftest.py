"""`shop` is the whole shop, running; `shelves` puts goods into it; `buyer` and `operator` are at its door."""

import shutil
from collections.abc import AsyncIterator

import pytest

from tests.e2e.calls import Buyer, Operator
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop, running_shop


@pytest.fixture(scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningShop]:
    """The logs of its processes stay behind, in pytest's `shop0/logs`."""
    folder = tmp_path_factory.mktemp("shop")
    async with running_shop(folder) as shop:
        yield shop
    for kept_no_longer in ("postgres", "temporal", "redis"):
        shutil.rmtree(folder / kept_no_longer, ignore_errors=True)


@pytest.fixture(scope="session")
async def shelves(shop: RunningShop) -> Shelves:
    return Shelves(shop.operator)


@pytest.fixture(scope="session")
def operator(shop: RunningShop) -> Operator:
    return shop.operator


@pytest.fixture
async def buyer(shop: RunningShop) -> Buyer:
    return await shop.buyer()
