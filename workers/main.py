"""Runs the workers of one process: `hanse worker` (all queues) or `hanse worker --queue NAME`."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import uvloop
from temporalio.client import Client
from temporalio.worker import Interceptor, PollerBehaviorAutoscaling, Worker

from activities.alive import AliveInterceptor
from activities.log_lines import LogInterceptor
from activities.refusals import RefusalInterceptor
from hanse.memory import collect_what_comes, keep_little
from hanse.metrics import serve_metrics
from hanse.settings import Settings
from hanse.telemetry import setup_telemetry
from workers.queues import Activities, activities_on, workflows_on
from workers.sandbox import runner
from workers.schedules import ensure_schedules
from workers.versions import deployment_config, make_current
from workers.wiring import open_worker
from workflows.options import TaskQueue

_log = logging.getLogger(__name__)
_STOP_WITHIN = timedelta(seconds=20)
"""How long running activities may finish at shutdown; the SDK's own default is not to wait at all."""
_SAGAS_AT_HAND = 300
"""How many waiting sagas of a queue stay in memory, so that what they hear next need not replay them; who was idle longest goes
first. Each takes 0.17 MB (`make soak`), and most wait for days: for a parcel, for the buyer's week. Enough for a hundred orders on
their way from basket to payment at once."""


def worker_for(
    client: Client,
    queue: TaskQueue,
    built: Activities,
    version: str = "",
    listening: Sequence[Interceptor] = (),
    tasks_at_once: int | None = None,
) -> Worker:
    """One worker on one queue. `listening` hears of every step, next to the activity itself."""
    return Worker(
        client,
        task_queue=queue,
        workflows=workflows_on(queue),
        activities=activities_on(queue, built),
        workflow_runner=runner(),
        interceptors=[AliveInterceptor(), LogInterceptor(), RefusalInterceptor(), *listening],
        graceful_shutdown_timeout=_STOP_WITHIN,
        max_cached_workflows=_SAGAS_AT_HAND,
        max_concurrent_workflow_tasks=tasks_at_once,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(initial=2),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(initial=1),
        deployment_config=deployment_config(version),
    )


async def serve(
    settings: Settings, queues: Sequence[str] = (), *, current: bool = False, listening: Sequence[Interceptor] = ()
) -> None:
    """Serve these queues (none named: all) until SIGINT or SIGTERM. `current` makes this worker's version the current one."""
    wanted = [TaskQueue(name) for name in queues] or list(TaskQueue)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        client, built = await stack.enter_async_context(open_worker(settings))
        for queue in wanted:
            await stack.enter_async_context(
                worker_for(client, queue, built, settings.worker_version, listening, settings.worker_tasks_at_once)
            )
        if current and settings.worker_version:
            await make_current(client, settings.worker_version)
        if TaskQueue.CHECKOUT in wanted and (current or not settings.worker_version):
            await ensure_schedules(
                client, settings
            )  # by the code that will run them: not by a version that is not current
        if TaskQueue.REVIEWS in wanted:
            await _warm_up(built)
        await stop.wait()


async def _warm_up(built: Activities) -> None:
    try:
        await built.reviews.warm_up()
    except Exception:  # whatever it is, the first review meets it again, where a person can see it
        _log.warning("the list of words is left to the first review", exc_info=True)


def run(
    settings: Settings, queues: Sequence[str] = (), *, current: bool = False, listening: Sequence[Interceptor] = ()
) -> None:
    """The whole life of a worker process."""
    keep_little()
    setup_telemetry(settings, "hanse-worker")
    serve_metrics(settings)
    collect_what_comes()
    uvloop.run(serve(settings, queues, current=current, listening=listening))
