"""How long the audit takes, invariant by invariant, and how much memory."""

import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil

from benchmarks.ground import Ground
from cli.audit import open_auditor
from models.auditing.types import Invariant


@dataclass(frozen=True)
class AuditFigures:
    """`broken` has one sentence for each break; `failed` names looks that did not end."""

    seconds: dict[str, float]
    looked_at: dict[str, str]
    broken: list[str]
    failed: list[str]
    command_seconds: float
    """Of `hanse audit`, with everything it loads."""
    command_most_mb: float
    command_exit_code: int


async def time_audit(ground: Ground) -> AuditFigures:
    """Every look by itself, then the command in a process of its own."""
    seconds, looked_at, broken, failed = {}, {}, [], []
    async with open_auditor(ground.settings) as auditor:
        for invariant in Invariant:
            begun = time.perf_counter()
            try:
                section = await auditor.look(invariant, datetime.now(UTC))
            except Exception as fault:  # an audit that cannot end is what is looked for here
                failed.append(f"{invariant.value}: {fault!r}")
            else:
                looked_at[invariant.value] = section.looked_at
                broken += [f"{one.check}: {one.subject} {one.detail}" for one in section.findings]
            seconds[invariant.value] = time.perf_counter() - begun
    return AuditFigures(seconds, looked_at, broken, failed, *await _command(ground))


async def _command(ground: Ground) -> tuple[float, float, int]:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "audit", "--data-dir", str(ground.settings.data_dir)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    most = 0.0
    waiting = asyncio.ensure_future(process.wait())
    while not waiting.done():
        try:
            most = max(most, psutil.Process(process.pid).memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            break
        await asyncio.wait([waiting], timeout=0.2)
    return time.perf_counter() - begun, most, await waiting
