"""Our own processes as supervised parts: the api, a worker for every queue, the sandboxes of payment and carriers."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from hanse.settings import Settings
from hanse.stack.part import Part

_SAGAS = "checkout"
"""The task queue every saga runs on; a worker that polls it is ready."""


def api_part(settings: Settings, environment: Mapping[str, str]) -> Part:
    """The HTTP api with storefront and console; ready when `/healthz` answers."""
    return _serving("api", "web", settings.api_url, environment)


def payment_sandbox_part(settings: Settings, environment: Mapping[str, str]) -> Part:
    """The payment channel that behaves like a real one, with its cashier page; ready when `/healthz` answers."""
    return _serving("payment-sandbox", "channels.payment.sandbox", settings.sandbox_payment_url, environment)


def carrier_sandbox_part(settings: Settings, environment: Mapping[str, str]) -> Part:
    """The carriers that behave like real ones, with their labels and their own page; ready when `/healthz` answers."""
    return _serving("carrier-sandbox", "channels.carrier.sandbox", settings.sandbox_carrier_url, environment)


def worker_metrics_port(settings: Settings) -> int:
    """Where the worker serves the Temporal SDK's metrics (its own are one port above): next to the payment sandbox, unless set."""
    return settings.metrics_port or (urlsplit(settings.sandbox_payment_url).port or 8010) + 1


def worker_part(settings: Settings, environment: Mapping[str, str]) -> Part:
    """One worker process for all queues; ready when Temporal has seen it ask for saga work since it was started."""
    started = [datetime.max.replace(tzinfo=UTC)]

    async def prepare() -> None:
        started[0] = datetime.now(UTC)

    async def ready() -> bool:
        client = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
        return await polled_since(client, _SAGAS, started[0])

    return Part(
        name="worker",
        command=[sys.executable, "-m", "workers"],
        env={**environment, "HANSE_METRICS_PORT": str(worker_metrics_port(settings))},
        port=worker_metrics_port(settings),
        prepare=prepare,
        ready=ready,
        stop_patience=30.0,
    )


async def polled_since(client: Client, queue: str, moment: datetime) -> bool:
    """Whether a worker has asked for workflow tasks of this queue since then."""
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return any(poller.last_access_time.ToDatetime(tzinfo=UTC) >= moment for poller in described.pollers)


def _serving(name: str, module: str, url: str, environment: Mapping[str, str]) -> Part:
    async def ready() -> bool:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{url}/healthz")).is_success

    return Part(
        name=name, command=[sys.executable, "-m", module], env=environment, ready=ready, port=urlsplit(url).port
    )
