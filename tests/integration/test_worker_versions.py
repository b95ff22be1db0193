"""Old and new workflow code side by side: who gets which workflow, on the real Temporal server."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from workers.versions import deployment_config, make_current

pytestmark = pytest.mark.stack


@workflow.defn(name="VersionProbe")
class OldCode:
    def __init__(self) -> None:
        self._go_on = False

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self._go_on)
        return "finished by the old version"

    @workflow.signal
    def go_on(self) -> None:
        self._go_on = True


@workflow.defn(name="VersionProbe")
class NewCode(OldCode):
    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self._go_on)
        return "finished by the new version"


def worker(client: Client, queue: str, code: type, version: str) -> Worker:
    return Worker(client, task_queue=queue, workflows=[code], deployment_config=deployment_config(version))


async def taken_up(saga: WorkflowHandle[Any, Any]) -> bool:
    """Whether some worker has done a task of it."""
    history = await saga.fetch_history()
    return any(event.HasField("workflow_task_completed_event_attributes") for event in history.events)


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.2)


async def test_a_version_gets_work_once_it_is_current_and_then_takes_over_sagas_in_flight(
    temporal_client: Client,
) -> None:
    queue, build = f"versions-{uuid.uuid4()}", uuid.uuid4().hex[:8]

    async def start() -> WorkflowHandle[Any, Any]:
        return await temporal_client.start_workflow("VersionProbe", id=str(uuid.uuid4()), task_queue=queue)

    async def a_fresh_one_runs_new_code() -> bool:
        fresh = await start()
        await fresh.signal("go_on")
        return await fresh.result() == "finished by the new version"

    async with worker(temporal_client, queue, OldCode, f"{build}-1"):
        saga = await start()
        await asyncio.sleep(1)
        assert not await taken_up(saga), "a version that is not current was given work"

        await make_current(temporal_client, f"{build}-1")
        await eventually(lambda: taken_up(saga))

        async with worker(temporal_client, queue, NewCode, f"{build}-2"):
            await make_current(temporal_client, f"{build}-2")
            await eventually(a_fresh_one_runs_new_code)
            await saga.signal("go_on")
            assert await saga.result() == "finished by the new version"
