"""`Checkout` and `PaymentTimeout` on Temporal's own development server, with scripted steps and a clock that tests move.

`steps` is the script, `order` a buyer's order and `window` a payment window, both inline unless the test names another
placement. Time passes as on any clock, until a test says `await order.later(minutes=30)`.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from hanse.stack.binaries import temporal_bin
from tests.workflows.orders.one_order import OneOrder
from tests.workflows.orders.one_window import OneWindow
from tests.workflows.orders.server import ATTRIBUTES, SKIPPING
from tests.workflows.sagas import run_workers
from tests.workflows.scripted import Scripted


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=str(temporal_bin()),
        dev_server_log_level="error",
        dev_server_extra_args=SKIPPING,
        search_attributes=ATTRIBUTES,
        data_converter=pydantic_data_converter,
    ) as environment:
        yield environment


@pytest.fixture(scope="session")
async def client(server: WorkflowEnvironment) -> Client:
    """Starts workflows whose clock stands until a test moves it; the environment's own client would skip every timer."""
    address = server.client.service_client.config.target_host
    return await Client.connect(address, data_converter=pydantic_data_converter, identity="tests")


@pytest.fixture
def steps() -> Scripted:
    return Scripted()


@pytest.fixture
async def workers(client: Client, steps: Scripted) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        await run_workers(stack, client, steps)
        yield


@pytest.fixture
async def order(
    request: pytest.FixtureRequest, server: WorkflowEnvironment, client: Client, steps: Scripted, workers: None
) -> AsyncIterator[OneOrder]:
    order = OneOrder(server, client, steps, getattr(request, "param", "inline"))
    yield order
    await order.terminate()


@pytest.fixture
async def window(
    request: pytest.FixtureRequest, server: WorkflowEnvironment, client: Client, steps: Scripted, workers: None
) -> AsyncIterator[OneWindow]:
    window = OneWindow(server, client, steps, getattr(request, "param", "inline"))
    yield window
    await window.terminate()
