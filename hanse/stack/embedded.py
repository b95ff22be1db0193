"""The embedded stack: `async with EmbeddedStack(folder) as settings:` and the servers are there."""

import asyncio
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Self, TextIO, get_args

from hanse.settings import Settings
from hanse.stack import binaries
from hanse.stack.kafka import kafka_part
from hanse.stack.layout import claim_layout
from hanse.stack.part import Part, StackError
from hanse.stack.ports import Ports, is_free, who_listens
from hanse.stack.postgres import postgres_part
from hanse.stack.processes import KnownProcess
from hanse.stack.redis import redis_part
from hanse.stack.secrets import ensure_secrets, postgres_password
from hanse.stack.state import PartRecord, StackState, lock_data_dir, read_state, state_file, write_state
from hanse.stack.supervisor import Supervisor
from hanse.stack.temporal import temporal_part

log = logging.getLogger(__name__)

Server = Literal["postgres", "redis", "kafka", "temporal"]
SERVERS: tuple[Server, ...] = get_args(Server)


class EmbeddedStack:
    """Servers of one data folder under one supervisor, this process. Parts given at the start are started side by side;
    others follow with `ensure` (a server) or `start` (any part). Leaving the block stops all, the youngest first."""

    def __init__(
        self,
        data_dir: Path,
        *,
        ports: Ports | None = None,
        parts: Iterable[Server] = SERVERS,
        fast: bool = False,
        settings: dict[str, Any] | None = None,
    ) -> None:
        """`ports` None takes free ones. `fast` gives up durability, for tests only. `settings`, by field name, go before
        the addresses of this stack: with `redis_url` in it and `redis` not in `parts`, another Redis is used."""
        self.data_dir = data_dir.absolute()
        self.ports = ports or Ports.free()
        self.first_parts = tuple(parts)
        self._fast = fast
        self._own_settings = settings or {}
        self.endpoints: dict[str, Any] = {}
        """Setting name to value, for everything this stack decides."""
        self._lock: TextIO | None = None
        self._me = KnownProcess.of(os.getpid())
        self._starting: dict[Server, asyncio.Lock] = {server: asyncio.Lock() for server in SERVERS}
        self.supervisor = Supervisor(self.data_dir / "logs", self._write_state)

    async def __aenter__(self) -> Settings:
        await self.open()
        try:
            await asyncio.gather(*(self.ensure(server) for server in self.first_parts))
        except BaseException:
            await self.close()
            raise
        return self.settings

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> Self:
        """Take the data folder, clean up after a supervisor that was killed, make secrets. Starts no part yet."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = lock_data_dir(self.data_dir)
        try:
            claim_layout(self.data_dir)
            await asyncio.to_thread(end_left_behind, self.data_dir)
        except BaseException:
            self._lock.close()
            raise
        ensure_secrets(self.data_dir)
        self.endpoints = {**self._addresses(), **self._own_settings}
        self.settings = Settings(**self.endpoints)
        self._write_state()
        return self

    async def close(self) -> None:
        """Stop every part and let go of the data folder."""
        await self.supervisor.stop_all()
        if self._lock is not None:
            state_file(self.data_dir).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    async def ensure(self, server: Server) -> None:
        """Start a server unless it runs already."""
        async with self._starting[server]:
            if server not in self.supervisor.parts:
                await self.start(self._describe(server))

    async def start(self, part: Part) -> None:
        """Start any part and wait until it is ready. Refuses when its port is taken, naming who holds it."""
        if part.port is not None and not is_free(part.port):
            raise StackError(
                f"{part.name} needs port {part.port}, but {who_listens(part.port)} listens there; "
                "end that process, or choose other ports with `hanse up --port-base 20000`"
            )
        await self.supervisor.start(part)

    def server_ports(self) -> dict[str, int]:
        """The ports of the servers this stack starts with, by name."""
        names = [*self.first_parts, *(("temporal_ui",) if "temporal" in self.first_parts else ())]
        return {name: port for name, port in self.ports.by_name().items() if name in names}

    def _describe(self, server: Server) -> Part:
        folder = self.data_dir / server
        match server:
            case "postgres":
                programs = binaries.postgres_bin(self.settings.postgres_bin)
                password = postgres_password(self.data_dir)
                return postgres_part(folder, programs, self.ports.postgres, password=password, fast=self._fast)
            case "redis":
                return redis_part(
                    folder, binaries.redis_bin(self.settings.redis_bin), self.ports.redis, fast=self._fast
                )
            case "kafka":
                return kafka_part(binaries.kafka_bin(self.settings.kafka_bin), self.ports.kafka)
            case "temporal":
                return temporal_part(
                    folder,
                    binaries.temporal_bin(self.settings.temporal_bin),
                    port=self.ports.temporal,
                    ui_port=self.ports.temporal_ui,
                    codec_endpoint=self.settings.api_url + "/codec",
                    namespace=self.settings.temporal_namespace,
                    fast=self._fast,
                )

    def _addresses(self) -> dict[str, Any]:
        here = "http://127.0.0.1"
        password = postgres_password(self.data_dir)
        return {
            "data_dir": self.data_dir,
            "postgres_url": f"postgresql://hanse:{password}@127.0.0.1:{self.ports.postgres}/postgres",
            "redis_url": f"redis://127.0.0.1:{self.ports.redis}/0",
            "kafka_bootstrap": f"127.0.0.1:{self.ports.kafka}",
            "temporal_address": f"127.0.0.1:{self.ports.temporal}",
            "temporal_ui_url": f"{here}:{self.ports.temporal_ui}",
            "api_url": f"{here}:{self.ports.api}",
            "sandbox_payment_url": f"{here}:{self.ports.sandbox_payment}",
            "sandbox_carrier_url": f"{here}:{self.ports.sandbox_carrier}",
        }

    def environment(self) -> dict[str, str]:
        """The endpoints as environment variables, for child processes."""
        return {f"HANSE_{name.upper()}": str(value) for name, value in self.endpoints.items()}

    def _write_state(self) -> None:
        if self._lock is None:
            return
        parts = (
            PartRecord(name, part.state, part.part.port, part.restarts, part.process)
            for name, part in self.supervisor.parts.items()
        )
        values = {name: str(value) for name, value in self.endpoints.items()}
        try:
            write_state(self.data_dir, StackState(self._me, tuple(parts), values))
        except OSError as fault:  # a full disk must not end supervision
            log.warning("the state file in %s could not be written: %s", self.data_dir, fault)


def end_left_behind(data_dir: Path) -> None:
    """End the processes a killed supervisor recorded: exactly those, known by pid and start time, the youngest first."""
    state = read_state(data_dir)
    if state is None or state.is_running():
        return
    for part in reversed(state.parts):
        if part.process is not None:
            part.process.end()
    state_file(data_dir).unlink(missing_ok=True)
