"""The shop every test of this folder starts from."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from temporalio.client import Client
from temporalio.worker import Worker

from activities.announcing import Announcer
from activities.bus import BusActivities
from activities.inventory import InventoryActivities
from activities.refusals import RefusalInterceptor
from activities.siblings import Siblings
from api.showcase.shelf import Shelf
from hanse.caching import ReadThrough
from hanse.settings import Settings
from hanse.temporal import connect
from stores.idempotency import IdempotencyStore
from stores.inventory import InventoryStore
from stores.products import CatalogueCopies, ProductStore, TaxonomyStore
from tests.conftest import OpenDatabase
from tests.databases import MigratedCopies
from tests.integration.following import Heard
from tests.integration.inventory.over_http import Listener, post
from tests.integration.inventory.shop import MERCHANT, Shop
from tests.integration.users.shop import Person, open_shop
from tests.integration.users.shop import Shop as AccountsShop
from workers.queues import steps_of
from workers.sandbox import runner
from workflows.low_stock import StockLowNotice
from workflows.options import TaskQueue
from workflows.transfer import TransferSaga


@pytest.fixture
async def shop(migrated_copies: MigratedCopies) -> AsyncIterator[Shop]:
    async with migrated_copies.lent("inventory", max_size=50) as database:
        yield Shop(InventoryStore(database), database)


@pytest.fixture
async def saga_client(temporal: str, settings: Settings) -> Client:
    return await connect(settings)


@pytest.fixture
async def accounts(
    database: OpenDatabase, redis_url: str, tmp_path: Path, api: FastAPI, saga_client: Client
) -> AsyncIterator[AccountsShop]:
    ops = await database("ops")
    async with open_shop(api, await database("users"), ops, redis_url, tmp_path) as opened:
        services = opened.app.state.services
        services.inventory = InventoryStore(await database("inventory"))
        services.idempotency = IdempotencyStore(ops)
        services.temporal, services.siblings = saga_client, Siblings(saga_client)
        services.settings = Settings(environment="test")
        services.following = Heard()
        products = await database("products")
        copies = CatalogueCopies(ReadThrough(services.redis))
        services.shelf = Shelf(
            ProductStore(products), TaxonomyStore(products), services.inventory, copies, opened.clock
        )
        yield opened


@pytest.fixture
async def listener(accounts: AccountsShop, saga_client: Client) -> AsyncIterator[Listener]:
    """Workers for the sagas of inventory, on the shop's own stores; what they publish is heard here."""
    heard = Listener()
    store = accounts.app.state.services.inventory
    steps = InventoryActivities(
        store,
        accounts.clock,
        Announcer(heard),
        Siblings(saga_client),
        accounts.app.state.services.following.stock_turned,
    )
    bus = BusActivities(heard)
    async with AsyncExitStack() as stack:
        for queue, workflows, activities in (
            (TaskQueue.CHECKOUT, [TransferSaga, StockLowNotice], steps_of(steps)),
            (TaskQueue.BUS, [], steps_of(bus)),
        ):
            worker = Worker(
                saga_client,
                task_queue=queue,
                workflows=workflows,
                activities=activities,
                workflow_runner=runner(),
                interceptors=[RefusalInterceptor()],
            )
            await stack.enter_async_context(worker)
        yield heard


@pytest.fixture
async def keeper(accounts: AccountsShop) -> Person:
    return await accounts.operator("warehouse")


@pytest.fixture
async def warehouse(keeper: Person) -> dict[str, Any]:
    answer = await post(
        keeper, "/v1/inventory/warehouses", {"code": "SH-1", "name": "Shanghai", "merchant_id": MERCHANT}
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found
