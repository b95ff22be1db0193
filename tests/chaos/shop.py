"""The shop that chaos is made in: the same parts as `hanse up` starts, with gates before its servers and the tests' own worker.

Its data folder lies, where we may mount one, on a small disk of its own in memory, so that the disk can be full.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest
from temporalio.service import RPCError

from cli.children import api_part, carrier_sandbox_part, consumers_part, payment_sandbox_part
from hanse.stack.embedded import EmbeddedStack
from hanse.stack.ports import Ports
from hanse.stack.secrets import ensure_secrets, postgres_password
from stores.migrations import migrate
from tests.chaos.gate import Gate
from tests.e2e.calls import eventually
from tests.e2e.running import SHARED, RunningShop, heard_worker, start_hasty_api, users_of
from workers.versions import DEPLOYMENT

GATED = ("postgres", "redis", "temporal", "payment-sandbox", "carrier-sandbox")
_DISK = "2500m"


class ChaosShop(RunningShop):
    """A running shop, its gates and its worker's socket."""

    gates: dict[str, Gate]
    disk: Path | None
    """The small disk under its data; None where none could be mounted."""
    environment: dict[str, str]
    _versions = 0

    async def deploy(self) -> None:
        """A worker of a new version beside the old one; once it is current, the old one is asked to end."""
        old = self.worker
        self._versions += 1
        self.worker = f"worker-{self._versions}"
        settings = self.settings.model_copy(update={"metrics_port": Ports.free().api})
        more = {"HANSE_WORKER_VERSION": f"chaos-{self._versions}"}
        await self.stack.start(
            heard_worker(settings, {**self.environment, **more}, socket=self.socket, name=self.worker)
        )
        await eventually("the new version is current", self._is_current, within=120)
        await self.stack.supervisor.stop(old)

    async def _is_current(self) -> bool:
        client = await self.temporal()
        asked = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
        try:
            described = await client.workflow_service.describe_worker_deployment(asked)
        except RPCError:
            return False
        routing = described.worker_deployment_info.routing_config
        return bool(routing.current_deployment_version.build_id == f"chaos-{self._versions}")


@asynccontextmanager
async def chaos_shop(folder: Path, *, slow_by: float) -> AsyncIterator[ChaosShop]:
    """Everything started, an operator made; everything stopped at the end. A slow server answers `slow_by` seconds late."""
    ports = Ports.free()
    async with AsyncExitStack() as opened:
        disk = opened.enter_context(_small_disk(folder))
        gates = {name: await Gate(getattr(ports, _port_of(name)), slow_by).open() for name in GATED}
        for gate in gates.values():
            opened.push_async_callback(gate.close)
        stack = EmbeddedStack(folder, ports=ports, settings=_through(gates, folder))
        await stack.open()
        opened.push_async_callback(stack.close)
        await asyncio.gather(*(stack.ensure(server) for server in stack.first_parts))
        await migrate(stack.settings)
        short = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="hanse-chaos-")))
        environment = stack.environment() | {
            "HANSE_SANDBOX_PAYMENT_URL": f"http://127.0.0.1:{gates['payment-sandbox'].port}",
            "HANSE_SANDBOX_CARRIER_URL": f"http://127.0.0.1:{gates['carrier-sandbox'].port}",
        }
        plain, settings = stack.environment(), stack.settings
        await asyncio.gather(
            stack.start(payment_sandbox_part(settings, plain)),
            stack.start(carrier_sandbox_part(settings, plain)),
            stack.start(api_part(settings, environment)),
            stack.start(heard_worker(settings, environment, socket=short / "conductor")),
            stack.start(consumers_part(settings, environment)),
        )
        hasty_url = await start_hasty_api(stack)
        http = await opened.enter_async_context(
            httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=300, max_keepalive_connections=300))
        )
        shop = ChaosShop(stack, await users_of(settings, opened), http, hasty_url)
        shop.gates, shop.socket, shop.disk = gates, short / "conductor", disk
        shop.environment = environment
        shop.operator = await shop.new_operator()
        yield shop


def _port_of(name: str) -> str:
    return {"payment-sandbox": "sandbox_payment", "carrier-sandbox": "sandbox_carrier"}.get(name, name)


def _through(gates: dict[str, Gate], folder: Path) -> dict[str, object]:
    """Settings that lead everybody through the gates."""
    ensure_secrets(folder)
    password = postgres_password(folder)
    return {
        **SHARED,
        "metrics_port": Ports.free().api,
        "postgres_url": f"postgresql://hanse:{password}@127.0.0.1:{gates['postgres'].port}/postgres",
        "redis_url": f"redis://127.0.0.1:{gates['redis'].port}/0",
        "temporal_address": f"127.0.0.1:{gates['temporal'].port}",
        "supplement_every": str(timedelta(hours=1)),  # stories start it themselves
    }


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    folder.mkdir(parents=True, exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={_DISK},mode=0755", "hanse-chaos", str(folder)]
    may = os.geteuid() == 0 and shutil.which("mount") is not None
    mounted = may and subprocess.run(mounting, capture_output=True, check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
