"""`Checkout` and `PaymentTimeout` with scripted steps and a clock that tests move.

`steps` is the script, `order` a buyer's order and `window` a payment window, both inline unless the test names another
placement. Time passes as on any clock, until a test says `await order.later(minutes=30)`.
"""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.workflows.orders.one_order import OneOrder
from tests.workflows.orders.one_window import OneWindow
from tests.workflows.scripted import Scripted


@pytest.fixture
async def order(
    request: pytest.FixtureRequest, server: WorkflowEnvironment, client: Client, steps: Scripted
) -> AsyncIterator[OneOrder]:
    order = OneOrder(server, client, steps, getattr(request, "param", "inline"))
    yield order
    await order.terminate()


@pytest.fixture
async def window(
    request: pytest.FixtureRequest, server: WorkflowEnvironment, client: Client, steps: Scripted
) -> AsyncIterator[OneWindow]:
    window = OneWindow(server, client, steps, getattr(request, "param", "inline"))
    yield window
    await window.terminate()
