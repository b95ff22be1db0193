"""How much memory each process has, and what it counts that could grow, read from outside."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from benchmarks.ground import Ground
from cli.children import worker_metrics_port

_FIELD = re.compile(r"^(Rss|Pss|Private_Clean|Private_Dirty):\s+(\d+) kB", re.MULTILINE)
_CACHED = re.compile(r"^temporal_sticky_cache_size\{[^}]*\} (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Memory:
    """Of one part, all its processes together, in MB (10⁶ bytes). `private` is what ends with it; `pss` counts shared pages once,
    divided among who shares them."""

    rss: float
    pss: float
    private: float


@dataclass(frozen=True)
class Sample:
    """One moment."""

    seconds: float
    orders: int
    memory: dict[str, Memory]
    counts: dict[str, float] = field(default_factory=dict)
    """What is counted beside: cached workflows of the worker, series of each process's metrics, size of the servers' data."""


def memory_of(ground: Ground, parts: list[str]) -> dict[str, Memory]:
    """Of each part as it is now; a part between two lives is left out."""
    found = {}
    for part in parts:
        try:
            found[part] = _together([_read(process.pid) for process in ground.processes(part)])
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue
    return found


def _read(pid: int) -> Mapping[str, int]:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(kilobytes) * 1024 for name, kilobytes in _FIELD.findall(text)}


def _together(each: list[Mapping[str, int]]) -> Memory:
    def total(*names: str) -> float:
        return sum(one.get(name, 0) for one in each for name in names) / 1e6

    return Memory(total("Rss"), total("Pss"), total("Private_Clean", "Private_Dirty"))


async def counts_of(ground: Ground) -> dict[str, float]:
    """From the metrics that the processes serve anyway. What does not answer is left out."""
    first = worker_metrics_port(ground.settings)
    addresses = {
        "api": f"{ground.settings.api_url}/metrics",
        "worker (SDK)": f"http://127.0.0.1:{first}/metrics",
        "worker": f"http://127.0.0.1:{first + 1}/metrics",
        "consumers": f"http://127.0.0.1:{first + 3}/metrics",
    }
    found: dict[str, float] = {}
    async with httpx.AsyncClient(timeout=10) as client:
        for name, address in addresses.items():
            try:
                text = (await client.get(address)).text
            except httpx.HTTPError:
                continue
            found[f"metric series of the {name}"] = sum(1 for line in text.splitlines() if line and line[0] != "#")
            if name == "worker (SDK)":
                found["workflows cached by the worker"] = sum(map(float, _CACHED.findall(text)))
    return found
