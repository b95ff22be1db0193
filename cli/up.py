"""`hanse up`: the whole shop on this machine, from nothing, in one terminal."""

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Annotated, Any

import typer
from dotenv import dotenv_values
from rich.logging import RichHandler

from cli.checks import before_start, refuse_failed
from cli.console import DataDir, console, settings_for
from cli.panel import DemoShop, welcome
from cli.startup import start_everything
from cli.steps import Steps
from hanse.stack.embedded import SERVERS, EmbeddedStack, Server
from hanse.stack.ports import Ports

_ADDRESS_OF: dict[Server, str] = {
    "postgres": "postgres_url",
    "redis": "redis_url",
    "kafka": "kafka_bootstrap",
    "temporal": "temporal_address",
}
_OWN_ADDRESSES = ("api_url", "sandbox_payment_url", "sandbox_carrier_url", "temporal_ui_url")


def up(
    data_dir: DataDir = None,
    port_base: Annotated[
        int | None, typer.Option(help="Take consecutive ports from here, for a second stack beside the first.")
    ] = None,
    servers_only: Annotated[
        bool, typer.Option("--servers-only", help="Start no api, worker or sandbox: you run them yourself.")
    ] = False,
    demo: Annotated[bool, typer.Option(help="Fill an empty shop with demo data.")] = True,
) -> None:
    """Start everything on this machine and keep it running until Ctrl-C."""
    handler = RichHandler(console=console, show_path=False, show_level=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    stack = _describe(settings_for(data_dir).data_dir, port_base)
    asyncio.run(_run_until_stopped(stack, servers_only=servers_only, demo=demo))


def _describe(data_dir: Path, port_base: int | None) -> EmbeddedStack:
    """The stack to start. A server whose address the environment names (`HANSE_REDIS_URL`) is not ours to start."""
    given = {**dotenv_values(), **os.environ}
    named = {name.removeprefix("HANSE_").lower(): value for name, value in given.items() if name.startswith("HANSE_")}
    elsewhere: dict[str, Any] = {name: named[name] for name in _ADDRESS_OF.values() if named.get(name)}
    if port_base is None:
        elsewhere |= {name: named[name] for name in _OWN_ADDRESSES if named.get(name)}
    return EmbeddedStack(
        data_dir,
        ports=Ports.from_base(port_base) if port_base else Ports(),
        parts=[server for server in SERVERS if _ADDRESS_OF[server] not in elsewhere],
        settings=elsewhere,
    )


async def _run_until_stopped(stack: EmbeddedStack, *, servers_only: bool, demo: bool) -> None:
    stop = asyncio.Event()
    wishes = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # `nohup hanse up` outlives its terminal
        wishes.remove(signal.SIGHUP)
    for wish in wishes:
        asyncio.get_running_loop().add_signal_handler(wish, stop.set)
    refuse_failed(before_start(stack.data_dir))
    await stack.open()
    starting = asyncio.create_task(start_everything(stack, console, servers_only=servers_only, demo=demo))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            _welcome(stack, await starting, servers_only=servers_only)
            await stopping
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        with Steps(console) as steps:
            async with steps.step("Stopping, the youngest part first"):
                await stack.close()


def _welcome(stack: EmbeddedStack, shop: DemoShop | None, *, servers_only: bool) -> None:
    console.print(welcome(stack.settings, shop, servers_only=servers_only))
    if shop is not None:
        console.print("Place an order:")
        console.print(shop.order_command, soft_wrap=True, markup=False, highlight=False)  # whole, to be copied
