"""Sagas on Temporal's own development server, with scripted steps and a clock of its own for each workflow.

`steps` is the script, `sagas` runs the workers. Time passes as on any clock, until a test says `sagas.later(…)`.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from hanse.stack.binaries import temporal_bin
from tests.workflows.parcels import Parcel
from tests.workflows.refunds import Refunding
from tests.workflows.sagas import Sagas, run_workers
from tests.workflows.scripted import Scripted
from workflows import search_attributes as shown

_SKIPPING = ["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"]
_ATTRIBUTES = [
    shown.ORDER_ID,
    shown.USER_ID,
    shown.ORDER_STATUS,
    shown.PAYMENT_STATUS,
    shown.SHIPMENT_STATUS,
    shown.AFTERSALE_STATUS,
    shown.SKU_IDS,
    shown.AMOUNT,
]


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=str(temporal_bin()),
        dev_server_log_level="error",
        dev_server_extra_args=_SKIPPING,
        search_attributes=_ATTRIBUTES,
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
async def sagas(server: WorkflowEnvironment, client: Client, steps: Scripted) -> AsyncIterator[Sagas]:
    async with AsyncExitStack() as stack:
        await run_workers(stack, client, steps)
        sagas = Sagas(server, client, steps)
        yield sagas
        await sagas.end_what_runs()


@pytest.fixture
def refunding(sagas: Sagas) -> Refunding:
    return Refunding(sagas)


@pytest.fixture
def parcel(sagas: Sagas) -> Parcel:
    return Parcel(sagas)


@pytest.fixture
async def shipped(parcel: Parcel) -> Parcel:
    """A parcel on its way."""
    return await parcel.shipped()
