"""How each fault is done, while stories are held at their steps; on return it is lifted and every part is ready again."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.chaos.conductor import Conductor
from tests.chaos.plan import Fault
from tests.chaos.shop import ChaosShop
from tests.e2e.running import RunningShop

REFUSING, SLOW = 60.0, 60.0
"""Seconds that a server refuses, or is slow, at full scale (`spec/quality.md`: a minute)."""
SLOW_BY = 5.0
"""Seconds by which each answer of a slow server is late, at full scale."""

_BACK_WITHIN = 150.0
"""Seconds until a part that was started again is ready: a busy machine takes its time."""


async def done(shop: RunningShop, conductor: Conductor, fault: Fault, scale: float) -> None:
    """Do it, let every held step go on into it, lift it."""
    match fault.how:
        case "killed":
            await _killed(shop, conductor, shop.worker if fault.part == "worker" else fault.part)
        case "refuses" | "slow":
            assert isinstance(shop, ChaosShop)
            async with shop.gates[fault.part].weather(fault.how):
                conductor.let_go()
                await asyncio.sleep((REFUSING if fault.how == "refuses" else SLOW) * scale)
        case "hangs":
            async with hanging(shop, fault.part):
                conductor.let_go()
                await asyncio.sleep(REFUSING * scale)
        case "deployed":
            assert isinstance(shop, ChaosShop)
            deploying = asyncio.create_task(shop.deploy())
            await asyncio.wait({deploying}, timeout=15)
            conductor.let_go()
            await deploying
        case "full":
            assert isinstance(shop, ChaosShop)
            assert shop.disk is not None
            async with _full(shop.disk):
                conductor.let_go()
                await asyncio.sleep(REFUSING * scale)
            await _all_ready(shop)


async def _killed(shop: RunningShop, conductor: Conductor, name: str) -> None:
    before = shop.restarts(name)
    shop.kill(name)
    conductor.let_go()
    await shop.is_back(name, before, _BACK_WITHIN)


async def _all_ready(shop: RunningShop) -> None:
    """A full disk may have taken down any part."""
    async with asyncio.timeout(_BACK_WITHIN):
        while any(part.state != "ready" for part in shop.stack.supervisor.parts.values()):
            await asyncio.sleep(0.2)


@asynccontextmanager
async def hanging(shop: RunningShop, name: str) -> AsyncIterator[None]:
    """The process is there, its port is open, and it says nothing."""
    process = shop.stack.supervisor.parts[name].process
    assert process is not None
    process.ask_to_end(signal.SIGSTOP)
    try:
        yield
    finally:
        process.ask_to_end(signal.SIGCONT)


@asynccontextmanager
async def _full(disk: Path) -> AsyncIterator[None]:
    """Not one more block fits on it."""
    ballast = disk / "ballast"
    try:
        await asyncio.to_thread(_fill, ballast)
        yield
    finally:
        ballast.unlink(missing_ok=True)


def _fill(ballast: Path) -> None:
    block = 1 << 26
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        while block >= 4096:
            try:
                os.posix_fallocate(file.fileno(), file.tell(), block)
                file.seek(0, os.SEEK_END)
            except OSError:
                block //= 2
