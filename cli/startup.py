"""The start sequence of `hanse up`: servers side by side, migrations, our own processes side by side, demo data."""

import asyncio
import importlib
import importlib.util
import inspect
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from cli.checks import port_checks, refuse_failed
from cli.children import api_part, carrier_sandbox_part, consumers_part, payment_sandbox_part, worker_part
from cli.panel import DemoShop
from cli.steps import Steps
from hanse.settings import Settings
from hanse.stack.embedded import EmbeddedStack, Server
from hanse.stack.part import Part
from stores.migrations import migrate

_TITLES: dict[str, str] = {
    "postgres": "PostgreSQL",
    "redis": "Redis",
    "kafka": "Kafka broker",
    "temporal": "Temporal and its Web UI",
    "api": "API",
    "worker": "Worker, every task queue",
    "payment-sandbox": "Payment sandbox",
    "carrier-sandbox": "Carrier sandbox",
    "consumers": "Consumers of events",
}


async def start_everything(
    stack: EmbeddedStack,
    console: Console,
    *,
    servers_only: bool,
    demo: bool,
    worker: Callable[[Settings, Mapping[str, str]], Part] = worker_part,
) -> DemoShop | None:
    """Start an opened stack and our processes on it, with this worker. Raises StackError naming the part that did not get
    ready."""
    children: list[Part] = []
    if not servers_only:
        described = (api_part, worker, payment_sandbox_part, carrier_sandbox_part, consumers_part)
        children = [describe(stack.settings, stack.environment()) for describe in described]
    refuse_failed(port_checks({**stack.server_ports(), **{part.name: part.port for part in children if part.port}}))
    with Steps(console) as steps:
        await _side_by_side(*(_start_server(stack, steps, server) for server in stack.first_parts))
        async with steps.step("Database migrations"):
            await migrate(stack.settings)
        await _side_by_side(*(_start_child(stack, steps, part) for part in children))
        if demo and children and importlib.util.find_spec("cli.demo_data"):
            async with steps.step("Demo data"):
                return await _load_demo(stack.settings)
    return None


async def _start_server(stack: EmbeddedStack, steps: Steps, server: Server) -> None:
    async with steps.step(_TITLES[server]):
        await stack.ensure(server)


async def _start_child(stack: EmbeddedStack, steps: Steps, part: Part) -> None:
    async with steps.step(_TITLES[part.name]):
        await stack.start(part)


async def _load_demo(settings: Settings) -> DemoShop | None:
    began = datetime.now(UTC)
    shop = importlib.import_module("cli.demo_data").load(settings)
    if inspect.isawaitable(shop):
        shop = await shop
    await importlib.import_module("cli.demo_data.following").follow_since(settings, began)
    return shop if isinstance(shop, DemoShop) else None


async def _side_by_side(*steps: Coroutine[Any, Any, None]) -> None:
    """Run all; the first failure cancels the rest and is raised alone."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
