"""Redis as a part: append-only file in `redis/`, written through every second."""

import shutil
from pathlib import Path

from redis.asyncio import Redis

from hanse.stack.part import Part


def redis_part(folder: Path, program: Path, port: int, *, fast: bool = False) -> Part:
    """`fast` keeps nothing on disk and is for tests only."""
    durability = ("--appendonly", "no") if fast else ("--appendonly", "yes", "--appendfsync", "everysec")

    async def prepare() -> None:
        _make_folder(folder, empty=fast)

    async def ready() -> bool:
        async with Redis(port=port, socket_timeout=2) as client:
            return bool(await client.ping())

    return Part(
        name="redis",
        command=[
            *(str(program), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""),
            *durability,
            *("--maxmemory-policy", "noeviction", "--aof-load-truncated", "yes", "--daemonize", "no"),
        ],
        prepare=prepare,
        ready=ready,
        port=port,
    )


def _make_folder(folder: Path, *, empty: bool) -> None:
    if empty:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
