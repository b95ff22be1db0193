"""Ports on loopback: which are free, and who holds one that is not."""

import random
import socket
from dataclasses import asdict, dataclass
from typing import Self

import psutil

_TOGETHER = 3
"""Whoever serves metrics takes the port after it, too, and a worker those two after a sandbox's."""
_BELOW_EPHEMERAL = range(15_000, 32_000, _TOGETHER)
"""Ports the kernel does not hand to outgoing connections by itself, so a checked one stays free until it is used."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The loopback port of every part. The defaults are those of `hanse.settings.Settings`."""

    postgres: int = 5433
    redis: int = 6380
    kafka: int = 9093
    temporal: int = 7243
    temporal_ui: int = 8243
    api: int = 8000
    sandbox_carrier: int = 8020
    sandbox_payment: int = 8010
    """Last: the worker's metrics take the two ports after it."""

    @classmethod
    def free(cls) -> Self:
        """Ports nobody listens on right now, nor on the two after each, drawn at random so that stacks side by side do not meet."""
        taken: set[int] = set()
        while len(taken) < len(cls.__dataclass_fields__):
            port = random.choice(_BELOW_EPHEMERAL)
            if all(is_free(port + offset) for offset in range(_TOGETHER)):
                taken.add(port)
        return cls(**dict(zip(cls.__dataclass_fields__, taken, strict=True)))

    @classmethod
    def from_base(cls, base: int) -> Self:
        """Consecutive ports from `base` on, for a second stack beside the first."""
        return cls(**{name: base + offset for offset, name in enumerate(cls.__dataclass_fields__)})

    def by_name(self) -> dict[str, int]:
        """Part name to port."""
        return asdict(self)


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
            candidate.listen(1)
        except OSError:
            return False
    return True


def who_listens(port: int) -> str:
    """The process that listens on a port, as `name (pid 123)`; a phrase saying so when the system will not tell."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "a process this user may not see"
    for connection in connections:
        listens_there = connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,)
        if listens_there and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.NoSuchProcess:
                continue
    return "a process this user may not see"
