"""Runs sagas in tests: the workers, and short words for what tests do with time and workflows."""

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.refusals import RefusalInterceptor
from tests.workflows.scripted import Scripted
from workers.queues import SAGAS
from workers.sandbox import runner
from workflows.options import TaskQueue


async def run_workers(stack: AsyncExitStack, client: Client, steps: Scripted) -> None:
    """A worker on every queue, as in production, but with scripted steps."""
    for queue in TaskQueue:
        await stack.enter_async_context(
            Worker(
                client,
                task_queue=queue,
                workflows=SAGAS if queue is TaskQueue.CHECKOUT else [],
                activities=steps.activities,
                workflow_runner=runner(),
                interceptors=[RefusalInterceptor()],
            )
        )


@dataclass
class Sagas:
    """The workflows of one test."""

    server: WorkflowEnvironment
    client: Client
    steps: Scripted
    running: list[WorkflowHandle[Any, Any]] = field(default_factory=list)
    """What is ended with the test, lest it goes on in the next one."""

    def handle(self, run: Any, workflow_id: str) -> WorkflowHandle[Any, Any]:
        """A workflow of this test, also before it is started."""
        self.running.append(self.client.get_workflow_handle_for(run, workflow_id))
        return self.running[-1]

    async def end_what_runs(self) -> None:
        """Terminate whatever this test has left."""
        for handle in self.running:
            with suppress(RPCError):
                await handle.terminate()

    async def start(self, run: Any, start: Any, workflow_id: str) -> WorkflowHandle[Any, Any]:
        """Start a workflow on the queue of the sagas."""
        self.running.append(await self.client.start_workflow(run, start, id=workflow_id, task_queue=TaskQueue.CHECKOUT))
        return self.running[-1]

    async def later(self, handle: WorkflowHandle[Any, Any], **duration: float) -> None:
        """Let time pass for this workflow: `later(handle, minutes=30)`."""
        there = self.server.client.get_workflow_handle(handle.id)
        await self.server.fast_forward(there, timedelta(**duration))

    async def ended(self, handle: WorkflowHandle[Any, Any]) -> Any:
        """What the workflow came to; what it waits for beyond two seconds is skipped. Not sooner: to move the clock is an
        event, and events that come while a saga does its last store calls make it do them again."""
        with suppress(TimeoutError):
            return await asyncio.wait_for(handle.result(), 2)
        there = self.server.client.get_workflow_handle(handle.id)
        with suppress(RPCError):  # it has ended meanwhile
            await asyncio.wait_for(self.server.fast_forward(there), 20)
        return await asyncio.wait_for(handle.result(), 20)

    async def until(self, handle: WorkflowHandle[Any, Any], words: str, seconds: float = 10) -> None:
        """Wait, without skipping time, until the workflow's query `progress` has these words."""
        said = ""
        for _ in range(int(seconds / 0.02)):
            said = str(await handle.query("progress"))
            if words in said:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"waited {seconds} s for {words!r}; the workflow says {said!r}")

    async def called(self, name: str, times: int = 1, seconds: float = 10) -> None:
        """Wait until a step was called so often."""
        for _ in range(int(seconds / 0.02)):
            if len(self.steps.told(name)) >= times:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{name} was called {len(self.steps.told(name))} times, not {times}: {self.steps.names()}")


async def refused(asking: Any) -> str:
    """The code of the refusal that an update is answered with."""
    try:
        answer = await asking
    except WorkflowUpdateFailedError as error:
        return code_of(error)
    raise AssertionError(f"was not refused but answered {answer!r}")


def code_of(error: BaseException | None) -> str:
    """The refusal's code at the bottom of a chain of Temporal failures."""
    while error is not None and not isinstance(error, ApplicationError):
        error = error.cause if isinstance(error, FailureError | WorkflowUpdateFailedError) else error.__cause__
    assert error is not None
    return error.type or ""
