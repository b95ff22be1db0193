"""The load process: reads jobs as JSON lines, answers each with what came of it. Started by `LoadProcess`."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import uvloop

from benchmarks.figures import Run
from benchmarks.jobs import Shop, open_jobs
from benchmarks.loops import closed_loop, open_loop
from benchmarks.rush import Rush, rush


class LoadProcess:
    """Another process that makes load, so that it shares no interpreter with what it measures."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def closed(self, job: str, clients: int, seconds: float, warm_up: float = 0.0) -> Run:
        """See `closed_loop`."""
        return Run(**await self._ask({"loop": "closed", "job": job, "load": [clients, seconds, warm_up]}))

    async def open(self, job: str, per_second: float, seconds: float) -> Run:
        """See `open_loop`."""
        return Run(**await self._ask({"loop": "open", "job": job, "load": [per_second, seconds]}))

    async def rush(self, sku_id: str, per_second: float, arrivals: int) -> Rush:
        """See `rush`: a crowd on this SKU."""
        return Rush(**await self._ask({"loop": "rush", "job": "few", "sku_id": sku_id, "load": [per_second, arrivals]}))

    async def _ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wish).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load process ended while it did {wish}; its errors stand above")
        answer: dict[str, Any] = json.loads(line)
        return answer


_LOOPS: dict[str, Callable[..., Awaitable[Any]]] = {"closed": closed_loop, "open": open_loop, "rush": rush}


@asynccontextmanager
async def load_process(shop: Shop) -> AsyncIterator[LoadProcess]:
    """Start it; it ends when its input does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.driver", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(shop)).encode() + b"\n")
    try:
        yield LoadProcess(process)
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _serve() -> None:
    reader = asyncio.StreamReader(limit=1 << 22)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    shop = Shop(**json.loads(await reader.readline()))
    async with open_jobs(shop) as jobs:
        while line := await reader.readline():
            wish = json.loads(line)
            jobs.scarce = wish.get("sku_id", jobs.scarce)
            run = await _LOOPS[wish["loop"]](jobs.named(wish["job"]), *wish["load"])
            sys.stdout.write(json.dumps(asdict(run)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="load process: %(message)s")
    uvloop.run(_serve())
