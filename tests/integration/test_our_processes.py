"""`hanse up` calls its own processes ready only when they are."""

import asyncio
import dataclasses
import sys
from pathlib import Path

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cli.children import payment_sandbox_part, worker_part
from hanse.settings import Settings
from hanse.stack.embedded import EmbeddedStack

IDLER = """
import asyncio, sys
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

@workflow.defn
class Idle:
    @workflow.run
    async def run(self) -> None: ...

async def main():
    await asyncio.sleep(1)
    client = await Client.connect(sys.argv[1])
    async with Worker(client, task_queue="checkout", workflows=[Idle], workflow_runner=UnsandboxedWorkflowRunner()):
        print("polling", flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


@workflow.defn
class Earlier:
    @workflow.run
    async def run(self) -> None:
        return None


async def test_a_worker_is_ready_when_it_asks_for_saga_work_itself(
    temporal: str, temporal_client: Client, settings: Settings, tmp_path: Path
) -> None:
    earlier = Worker(
        temporal_client, task_queue="checkout", workflows=[Earlier], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with earlier:
        await asyncio.sleep(0.5)  # its polls are remembered by Temporal for minutes and must not count
    part = worker_part(settings, {})
    idler = dataclasses.replace(part, command=[sys.executable, "-c", IDLER, temporal])
    stack = EmbeddedStack(tmp_path, parts=())
    async with stack:
        await stack.start(idler)
        assert "polling" in (tmp_path / "logs" / "worker.log").read_text()


async def test_the_payment_sandbox_starts_and_answers(tmp_path: Path) -> None:
    stack = EmbeddedStack(tmp_path, parts=())
    async with stack:
        await stack.start(payment_sandbox_part(stack.settings, stack.environment()))
        assert stack.supervisor.parts["payment-sandbox"].state == "ready"
