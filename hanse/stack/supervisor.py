"""Keeps parts running: starts each, waits until it is ready, restarts it with backoff when it dies, stops all in reverse."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import psutil

from hanse.stack.part import Part, StackError
from hanse.stack.processes import KnownProcess

log = logging.getLogger(__name__)

PartState = Literal["starting", "ready", "restarting", "stopped", "failed"]

_FIRST_DELAY = 0.2
_LONGEST_DELAY = 10.0
_STEADY_AFTER = 30.0
"""A part that ran so many seconds starts its backoff from the beginning."""
_DEATHS_BEFORE_GIVING_UP = 3
"""How often a part may die before it was ever ready."""
_LOG_LIMIT = 20_000_000
"""Bytes after which a part's log starts anew, with one old file kept."""


class SupervisedPart:
    """One part and the process it currently is."""

    def __init__(self, part: Part, log_file: Path, on_change: Callable[[], None]) -> None:
        self.part = part
        self.state: PartState = "starting"
        self.restarts = 0
        self.process: KnownProcess | None = None
        self._log_file = log_file
        self._on_change = on_change
        self._child: asyncio.subprocess.Process | None = None
        self._first_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start and wait until ready. Raises StackError with the end of its log when it does not get there."""
        self._task = asyncio.create_task(self._keep_running(), name=f"supervise {self.part.name}")
        try:
            async with asyncio.timeout(self.part.start_patience):
                await asyncio.shield(self._first_ready)
        except TimeoutError:
            await self.stop()
            raise self._failure(f"was not ready within {self.part.start_patience:.0f} s") from None

    async def stop(self) -> None:
        """Ask the server to end, kill it when it does not, and supervise it no longer."""
        self._stopping = True
        if self._child is not None and self._child.returncode is None:
            self._signal(self.part.stop_signal)
            try:
                async with asyncio.timeout(self.part.stop_patience):
                    await self._child.wait()
            except TimeoutError:
                self._signal(signal.SIGKILL)
                await self._child.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if not self._first_ready.done():
            self._first_ready.cancel()
        self._become("stopped")

    async def _keep_running(self) -> None:
        delay = _FIRST_DELAY
        loop = asyncio.get_running_loop()
        while not self._stopping:
            began = loop.time()
            reason = await self._run_once()
            if self._stopping:
                return
            self.restarts += 1
            log.warning("%s %s; starting it again in %.1f s", self.part.name, reason, delay)
            if not self._first_ready.done() and self.restarts >= _DEATHS_BEFORE_GIVING_UP:
                self._become("failed")
                self._first_ready.set_exception(self._failure(reason))
                return
            self._become("restarting")
            delay = _FIRST_DELAY if loop.time() - began > _STEADY_AFTER else min(delay * 2, _LONGEST_DELAY)
            await asyncio.sleep(delay)

    async def _run_once(self) -> str:
        """One life of the server, from preparation to its end; says how it ended."""
        try:
            await self.part.prepare()
            await self._spawn()
        except (OSError, StackError, psutil.NoSuchProcess) as fault:
            return f"could not be started: {fault}"
        assert self._child is not None
        exit_code = asyncio.create_task(self._child.wait())
        readiness = asyncio.create_task(self._until_ready())
        try:
            await asyncio.wait({exit_code, readiness}, return_when=asyncio.FIRST_COMPLETED)
            if readiness.done() and (hopeless := readiness.exception()) is not None:
                self._signal(self.part.stop_signal)
                await exit_code
                return str(hopeless)
            if not exit_code.done():
                self._become("ready")
                if not self._first_ready.done():
                    self._first_ready.set_result(None)
            return f"ended with exit code {await exit_code}"
        finally:
            readiness.cancel()

    async def _spawn(self) -> None:
        self._rotate_log()
        with self._log_file.open("ab") as output:
            self._child = await asyncio.create_subprocess_exec(
                *self.part.launch_command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **self.part.env},
                cwd=self.part.cwd,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which then stops parts in order
            )
        self.process = KnownProcess.of(self._child.pid)
        self._on_change()

    async def _until_ready(self) -> None:
        while True:
            try:
                if await asyncio.wait_for(self.part.ready(), timeout=5):
                    return
            except StackError:
                raise
            except Exception as not_yet:
                log.debug("%s is not ready yet: %r", self.part.name, not_yet)
            await asyncio.sleep(0.05)

    def _signal(self, how: signal.Signals) -> None:
        if self._child is not None and self._child.returncode is None:
            try:
                self._child.send_signal(how)
            except ProcessLookupError:
                return

    def _become(self, state: PartState) -> None:
        self.state = state
        self._on_change()

    def _rotate_log(self) -> None:
        if self._log_file.exists() and self._log_file.stat().st_size > _LOG_LIMIT:
            self._log_file.replace(self._log_file.with_suffix(".log.1"))

    def _failure(self, reason: str) -> StackError:
        tail = self._log_file.read_text(errors="replace").splitlines()[-15:] if self._log_file.exists() else []
        lines = "\n  ".join(tail) or "(it wrote nothing)"
        return StackError(f"{self.part.name} {reason}. The end of {self._log_file}:\n  {lines}")


class Supervisor:
    """The parts of one stack, in the order they were started."""

    def __init__(self, log_dir: Path, on_change: Callable[[], None] = lambda: None) -> None:
        self.parts: dict[str, SupervisedPart] = {}
        self._log_dir = log_dir
        self._on_change = on_change

    async def start(self, part: Part) -> None:
        """Start one part and wait until it is ready; from then on a dead process is started again with backoff."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        supervised = SupervisedPart(part, self._log_dir / f"{part.name}.log", self._on_change)
        self.parts[part.name] = supervised
        await supervised.start()

    async def stop(self, name: str) -> None:
        """Stop one part for good."""
        await self.parts.pop(name).stop()

    async def stop_all(self) -> None:
        """Stop every part, the youngest first."""
        while self.parts:
            await self.stop(next(reversed(self.parts)))
