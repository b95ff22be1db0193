"""The floor of every saga: a workflow that does nothing, with the outside shape of an order. `python -m benchmarks.empty`.

Started with an update, told one signal, ended. Its worker is set up like the shop's but has no payload codec, no tracing and
no activities, so it shows what this Temporal server costs and nothing else.
"""

import asyncio
import secrets
import sys
import time

from temporalio import workflow
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import GrpcCompression
from temporalio.worker import PollerBehaviorAutoscaling, Worker

QUEUE = "bench-empty"


@workflow.defn(name="BenchEmpty")
class Empty:
    """Answers one question, hears one signal, ends."""

    def __init__(self) -> None:
        self._ended = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._ended)

    @workflow.update
    async def ask(self, number: int) -> int:
        """The number, back."""
        return number

    @workflow.signal
    def end(self) -> None:
        """End."""
        self._ended = True


async def connect(address: str, namespace: str) -> Client:
    """The plainest client."""
    return await Client.connect(address, namespace=namespace, grpc_compression=GrpcCompression.NONE)


async def once(client: Client) -> float:
    """One empty workflow, from its start to its end; answers with the seconds until its update was answered."""
    workflow_id = f"bench-empty/{secrets.token_hex(8)}"
    start = WithStartWorkflowOperation(
        Empty.run, id=workflow_id, task_queue=QUEUE, id_conflict_policy=WorkflowIDConflictPolicy.FAIL
    )
    begun = time.perf_counter()
    await client.execute_update_with_start_workflow(Empty.ask, 1, start_workflow_operation=start)
    answered = time.perf_counter() - begun
    handle = await start.workflow_handle()
    await handle.signal(Empty.end)
    await handle.result()
    return answered


async def _serve(address: str, namespace: str) -> None:
    client = await connect(address, namespace)
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[Empty],
        max_cached_workflows=300,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(initial=2),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
