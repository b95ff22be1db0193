"""Sagas on Temporal's own development server, with scripted steps and a clock of its own for each workflow.

`steps` is the script, `sagas` runs the workers. Time passes as on any clock, until a test says `sagas.later(…)`.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.workflows.orders.server import client_of, running_server
from tests.workflows.parcels import Parcel
from tests.workflows.refunds import Refunding
from tests.workflows.sagas import Sagas, run_workers
from tests.workflows.scripted import Scripted


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    async with running_server() as server:
        yield server


@pytest.fixture(scope="session")
async def client(server: WorkflowEnvironment) -> Client:
    return await client_of(server)


@pytest.fixture(scope="session")
async def played(client: Client) -> AsyncIterator[Scripted]:
    """Workers on every queue, for all tests: to start them takes longer than most tests. They play the script of the day."""
    async with AsyncExitStack() as stack:
        script = Scripted()
        await run_workers(stack, client, script)
        yield script
        script.forget()


@pytest.fixture
def steps(played: Scripted) -> Scripted:
    played.forget()
    return played


@pytest.fixture
async def sagas(server: WorkflowEnvironment, client: Client, steps: Scripted) -> AsyncIterator[Sagas]:
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
