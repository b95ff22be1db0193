"""`Checkout` and `PaymentTimeout` on Temporal's own development server, with scripted steps and a clock that tests move.

`steps` is the script, `order` a buyer's order and `window` a payment window, both inline unless the test names another
placement. Time passes as on any clock, until a test says `await order.later(minutes=30)`.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.workflows.orders.one_order import OneOrder
from tests.workflows.orders.one_window import OneWindow
from tests.workflows.orders.server import client_of, running_server
from tests.workflows.sagas import run_workers
from tests.workflows.scripted import Scripted


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    async with running_server() as server:
        yield server


@pytest.fixture(scope="session")
async def client(server: WorkflowEnvironment) -> Client:
    return await client_of(server)


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
