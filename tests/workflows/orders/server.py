"""What the tests of this folder share about the server: its options, and how they look at one workflow on it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities import search_attributes as shown
from hanse.stack.binaries import temporal_bin

SKIPPING = ["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"]
ATTRIBUTES = [
    shown.ORDER_ID,
    shown.USER_ID,
    shown.ORDER_STATUS,
    shown.PAYMENT_STATUS,
    shown.SHIPMENT_STATUS,
    shown.AFTERSALE_STATUS,
    shown.SKU_IDS,
    shown.AMOUNT,
]


@asynccontextmanager
async def running_server() -> AsyncIterator[WorkflowEnvironment]:
    """Temporal's development server, able to skip time for a workflow."""
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=str(temporal_bin()),
        dev_server_log_level="error",
        dev_server_extra_args=SKIPPING,
        search_attributes=ATTRIBUTES,
        data_converter=pydantic_data_converter,
    ) as environment:
        yield environment


async def client_of(server: WorkflowEnvironment) -> Client:
    """Starts workflows whose clock stands until a test moves it; the environment's own client would skip every timer."""
    address = server.client.service_client.config.target_host
    return await Client.connect(address, data_converter=pydantic_data_converter, identity="tests")


async def until(holds: Callable[[], bool], what: Callable[[], object], seconds: float = 15) -> None:
    """Wait for something in this process; an AssertionError that says what there is instead when it does not come."""
    for _ in range(int(seconds / 0.01)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"waited {seconds} s in vain; now it is {what()!r}")


class OneWorkflow:
    """A workflow under test."""

    def __init__(self, server: WorkflowEnvironment, client: Client, workflow_id: str) -> None:
        self._server = server
        self.client = client
        self.workflow_id = workflow_id

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """The latest run."""
        return self.client.get_workflow_handle(self.workflow_id)

    async def later(self, **duration: float) -> None:
        """Let time pass for this workflow: `later(minutes=30)`."""
        there = self._server.client.get_workflow_handle(self.workflow_id)
        await self._server.fast_forward(there, timedelta(**duration))

    async def result(self) -> Any:
        """What the workflow came to; fails the test when it does not end within 20 s."""
        return await asyncio.wait_for(self.handle.result(), 20)

    async def failure(self) -> BaseException:
        """Why the workflow did not come to a result."""
        with pytest.raises(WorkflowFailureError) as failed:
            await self.result()
        assert failed.value.cause is not None
        return failed.value.cause

    async def shows(self) -> dict[str, Any]:
        """The search attributes as an operator sees them."""
        pairs = (await self.handle.describe()).typed_search_attributes
        return {pair.key.name: pair.value for pair in pairs}

    async def counted(self, event_type: str) -> int:
        """How many events of this type stand in the history: `counted("TIMER_STARTED")`."""
        wanted = EventType.Value(f"EVENT_TYPE_{event_type}")
        return sum(event.event_type == wanted for event in (await self.handle.fetch_history()).events)

    async def terminate(self) -> None:
        """So that nothing of this test reaches the workers of the next."""
        with suppress(RPCError):  # it has ended, or never began
            await self.handle.terminate()
