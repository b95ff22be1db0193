"""A long step lives as long as its worker does, says so by itself, and is begun again where it had come to."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import Worker

from activities.alive import AliveInterceptor

pytestmark = pytest.mark.stack

SILENCE = timedelta(seconds=1)


@activity.defn(name="long_step")
async def long_step() -> tuple[int, list[str]]:
    """Silent for longer than a dead worker would be waited for. The first try says how far it came, and fails."""
    tries, came_to = activity.info().attempt, list(activity.info().heartbeat_details)
    if tries == 1:
        activity.heartbeat("page 7")
    await asyncio.sleep(1.5 * SILENCE.total_seconds())
    if tries < 3:
        raise RuntimeError("the next try goes on from there")
    return tries, came_to


@workflow.defn(name="LongStep")
class LongStep:
    @workflow.run
    async def run(self) -> tuple[int, list[str]]:
        return await workflow.execute_activity(
            long_step,
            schedule_to_close_timeout=timedelta(seconds=90),  # without signs of life every try is over after a second
            heartbeat_timeout=SILENCE,
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=1), backoff_coefficient=1),
        )


async def test_a_silent_step_is_not_taken_for_dead_and_what_it_said_is_not_forgotten(temporal_client: Client) -> None:
    queue = f"alive-{uuid.uuid4()}"
    async with Worker(
        temporal_client,
        task_queue=queue,
        workflows=[LongStep],
        activities=[long_step],
        interceptors=[AliveInterceptor()],
    ):
        tries, came_to = await temporal_client.execute_workflow("LongStep", id=queue, task_queue=queue)
    assert (tries >= 3, came_to) == (True, ["page 7"])  # the second try said nothing of its own
