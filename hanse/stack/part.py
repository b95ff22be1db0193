"""One supervised server: how it is started, when it is ready, how it is stopped."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")


class StackError(Exception):
    """The embedded stack cannot do what was asked; the text says what happened and what to do next."""


@dataclass(frozen=True)
class SystemUser:
    """The account a server runs under when we are root and it refuses to be."""

    uid: int
    gid: int
    needs_passage: bool = False
    """The server's files lie below a folder this account may not enter (`/root`), so it keeps the right to pass."""


async def nothing_to_prepare() -> None:
    """For servers that need no preparation."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A server under supervision. `prepare` runs before every start; `ready` may raise, which means not yet;
    only a StackError means never."""

    name: str
    command: Sequence[str]
    ready: Callable[[], Awaitable[bool]]
    prepare: Callable[[], Awaitable[None]] = nothing_to_prepare
    port: int | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    user: SystemUser | None = None
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_patience: float = 15.0
    """Seconds between the stop signal and SIGKILL."""
    start_patience: float = 60.0
    """Seconds until a server that is not ready counts as failed."""

    def launch_command(self) -> list[str]:
        """The command line that becomes this server and ends with its supervisor."""
        user = f"{self.user.uid}:{self.user.gid}:{int(self.user.needs_passage)}" if self.user else "-"
        shim = [sys.executable, "-I", "-S", str(LAUNCHER)]
        return [*shim, str(os.getpid()), str(int(self.stop_signal)), user, *self.command]
