"""The throw-away stack under the benchmarks: real servers with real durability, our processes, the two floors, goods to buy."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
from temporalio.client import Client

from benchmarks.empty import QUEUE
from benchmarks.goods import Stocking, stock_up
from benchmarks.jobs import Shop
from benchmarks.wire import Wire
from cli.children import (
    api_part,
    carrier_sandbox_part,
    consumers_part,
    payment_sandbox_part,
    polled_since,
    worker_part,
)
from cli.demo_data.people import BUYER
from hanse.settings import Settings
from hanse.stack.embedded import EmbeddedStack
from hanse.stack.part import Part
from hanse.stack.ports import Ports
from models.orders.messages import Placement
from stores.migrations import migrate, migrate_database

_TOKEN_LIFETIME = "PT12H"
OURS = ("api", "worker")
SERVERS = ("temporal", "postgres", "redis", "kafka")


@dataclass(frozen=True)
class Ground:
    """A running stack."""

    stack: EmbeddedStack
    shop: Shop
    shelves_dsn: tuple[str, str]
    """Two databases for reservations: one for the floor, one for ours."""

    @property
    def settings(self) -> Settings:
        """As its processes see them."""
        return self.stack.settings

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time used so far by each part, all its processes together."""
        return {name: sum(map(_cpu, self.processes(name))) for name in self.stack.supervisor.parts}

    def memory_mb(self, name: str) -> float:
        """Resident memory of a part."""
        return sum(process.memory_info().rss for process in self.processes(name)) / 1e6

    def processes(self, name: str) -> list[psutil.Process]:
        """A part's process and those it started."""
        known = self.stack.supervisor.parts[name].process
        if known is None:
            return []
        process = psutil.Process(known.pid)
        return [process, *process.children(recursive=True)]

    async def place_store_calls(self, placement: Placement) -> None:
        """Start api and worker again with this placement."""
        self.stack.endpoints["placement"] = placement
        for name in reversed(OURS):
            await self.stack.supervisor.stop(name)
        for describe in (api_part, worker_part):
            await self.stack.start(describe(self.settings, self.stack.environment()))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@dataclass(frozen=True)
class Lay:
    """What kind of ground. No parcel moves by itself unless `journey_seconds` says so: what is measured is what orders cost, at
    the moment they do."""

    stocking: Stocking = field(default_factory=Stocking)
    placement: Placement = "inline"
    journey_seconds: float = 0.0
    consumers: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    """For our processes alone."""


@asynccontextmanager
async def open_ground(folder: Path, lay: Lay | None = None) -> AsyncIterator[Ground]:
    """Servers, migrations, goods, our processes, the floors."""
    lay = lay or Lay()
    stack = EmbeddedStack(folder, settings={"access_token_lifetime": _TOKEN_LIFETIME, "placement": lay.placement})
    async with stack as settings:
        await migrate(settings)
        shelves = (await _shelves(settings, "bench_floor"), await _shelves(settings, "bench_ours"))
        goods = await stock_up(settings, lay.stocking)
        bare_port = Ports.free().api
        parts = [api_part, worker_part, payment_sandbox_part, carrier_sandbox_part]
        own = {"HANSE_SANDBOX_CARRIER_JOURNEY_SECONDS": f"{lay.journey_seconds:g}", **lay.environment}
        for describe in (*parts, consumers_part) if lay.consumers else parts:
            await stack.start(describe(settings, {**stack.environment(), **own}))
        await stack.start(_bare_part(bare_port))
        await stack.start(_empty_part(settings))
        shop = Shop(
            temporal_address=settings.temporal_address,
            temporal_namespace=settings.temporal_namespace,
            redis_url=settings.redis_url,
            api_url=settings.api_url,
            bare_url=f"http://127.0.0.1:{bare_port}",
            sandbox_url=settings.sandbox_payment_url,
            orders_dsn=settings.dsn("orders"),
            token=await log_in(settings.api_url),
            address_id=goods.people[0][1],
            buyers=[(await log_in(settings.api_url, contact), address) for contact, address in goods.people],
            spu_ids=goods.spu_ids,
            sku_ids=goods.sku_ids,
            skus_that_leave=goods.leaving,
            scarce=goods.scarce,
            few=lay.stocking.few,
        )
        yield Ground(stack, shop, shelves)


async def log_in(api_url: str, contact: str = BUYER[0], password: str = BUYER[1]) -> str:
    """An access token, the demo buyer's unless somebody else is named; all buyers have one password."""
    wire = Wire(api_url)
    try:
        told = await wire.call("POST", "/v1/users/login", body={"contact": contact, "password": password})
    finally:
        await wire.close()
    return str(told["access_token"])


async def _shelves(settings: Settings, name: str) -> str:
    dsn = settings.dsn("inventory").replace("hanse_inventory", name)
    await migrate_database(dsn, "inventory")
    return dsn


def _bare_part(port: int) -> Part:
    async def ready() -> bool:
        return await Wire(f"http://127.0.0.1:{port}").call("GET", "/bare") is not None

    return Part(name="bare", command=[sys.executable, "-m", "benchmarks.bare", str(port)], ready=ready, port=port)


def _empty_part(settings: Settings) -> Part:
    async def ready() -> bool:
        client = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
        return await polled_since(client, QUEUE, datetime.fromtimestamp(0, UTC))

    where = (settings.temporal_address, settings.temporal_namespace)
    return Part(name="empty-worker", command=[sys.executable, "-m", "benchmarks.empty", *where], ready=ready)
