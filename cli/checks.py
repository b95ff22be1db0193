"""What must be true for Hanse to run on this machine. Each check says what it found and what to do next."""

import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hanse.settings import Settings
from hanse.stack import binaries
from hanse.stack.layout import LAYOUT, layout_of
from hanse.stack.part import StackError
from hanse.stack.ports import is_free, who_listens
from hanse.stack.postgres import data_version
from hanse.stack.secrets import SECRETS_FILE

_OLDEST_PYTHON = (3, 11)
_DISK_NEEDED = 2_000_000_000
"""Bytes."""

Verdict = Literal["ok", "failed", "skipped"]


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    what: str
    verdict: Verdict
    found: str
    next_step: str = ""


def refuse_failed(checks: Iterable[Check]) -> None:
    """Raise one StackError that names every failed check and its next step."""
    failed = [check for check in checks if check.verdict == "failed"]
    if failed:
        lines = "\n".join(f"  {check.what}: {check.found}. {check.next_step}" for check in failed)
        raise StackError(f"This machine is not ready:\n{lines}")


def before_start(data_dir: Path) -> list[Check]:
    """What can be known before anything runs."""
    settings = Settings(data_dir=data_dir)
    return [python_version(), *server_programs(settings), disk(data_dir), data_folder(data_dir), secrets_file(data_dir)]


def python_version() -> Check:
    """Python 3.11 or newer."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= _OLDEST_PYTHON:
        return Check("Python", "ok", found)
    return Check("Python", "failed", found, "Install Python 3.11 or newer, delete .venv and run `make up` again")


def server_programs(settings: Settings) -> list[Check]:
    """Each server's program, from a setting, PATH or a wheel. One used by its address needs no program here."""
    finders: dict[str, Callable[[], Path]] = {
        "PostgreSQL program": lambda: binaries.postgres_bin(settings.postgres_bin) / "postgres",
        "Redis program": lambda: binaries.redis_bin(settings.redis_bin),
        "Kafka program": lambda: binaries.kafka_bin(settings.kafka_bin),
        "Temporal program": lambda: binaries.temporal_bin(settings.temporal_bin),
    }
    return [_program(what, find) for what, find in finders.items()]


def _program(what: str, find: Callable[[], Path]) -> Check:
    try:
        return Check(what, "ok", str(find()))
    except StackError as missing:
        return Check(what, "failed", str(missing), "")


def disk(data_dir: Path) -> Check:
    """At least 2 GB free where the data goes."""
    folder = data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free at {folder}"
    if free >= _DISK_NEEDED:
        return Check("Disk", "ok", found)
    return Check("Disk", "failed", found, "Free at least 2 GB, or name another folder with --data-dir")


def data_folder(data_dir: Path) -> Check:
    """The data folder is new, or was written by this version of Hanse and of PostgreSQL."""
    layout, postgres = layout_of(data_dir), data_version(data_dir / "postgres")
    if not layout and not postgres:
        return Check("Data folder", "ok", f"{data_dir} is new")
    if layout == LAYOUT and postgres in ("", str(binaries.POSTGRES_MAJOR)):
        return Check("Data folder", "ok", f"{data_dir}, layout {layout}")
    found = f"{data_dir} has layout {layout or '?'} and PostgreSQL {postgres or '?'}"
    wanted = f"this version reads layout {LAYOUT} and PostgreSQL {binaries.POSTGRES_MAJOR}"
    return Check("Data folder", "failed", f"{found}; {wanted}", "`hanse reset`, or name another folder with --data-dir")


def secrets_file(data_dir: Path) -> Check:
    """Generated secrets are readable by their owner only."""
    file = data_dir / SECRETS_FILE
    if not file.exists():
        return Check("Secrets", "ok", "made on first start")
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077 == 0:
        return Check("Secrets", "ok", f"{file} ({mode:o})")
    return Check("Secrets", "failed", f"{file} can be read by others ({mode:o})", f"chmod 600 {file}")


def payment_channels_check(settings: Settings) -> Check:
    """Somebody can pay, every channel is set up whole, and money that does not exist is taken on purpose only."""
    from channels.payment.configured import ChannelMisconfigured
    from channels.payment.registry import channel_names

    what = "Payment channels"
    try:
        names = channel_names(settings)
    except ChannelMisconfigured as halves:
        return Check(what, "failed", str(halves), "docs/payment-channels.md says where each setting is found")
    if not names:
        step = "Set up a channel (docs/payment-channels.md), or HANSE_OFFER_SANDBOX_CHANNELS=true to try the shop"
        return Check(what, "failed", "none: the sandbox is not offered in production, and no real one is set up", step)
    real = [name for name in names if not name.startswith("sandbox")]
    if not settings.sandbox_is_offered:
        return Check(what, "ok", f"{', '.join(real)}; the sandbox is not offered")
    found = ", ".join(["the sandbox", *real])
    if settings.environment != "production":
        return Check(what, "ok", found)
    step = "Take HANSE_OFFER_SANDBOX_CHANNELS away before real buyers come"
    return Check(what, "ok", f"{found}; in production, buyers can pay with money that does not exist", step)


def port_checks(ports: Mapping[str, int]) -> list[Check]:
    """Every port a stack needs is free now; else who holds it."""
    return [_port(name, port) for name, port in ports.items()]


def _port(name: str, port: int) -> Check:
    if is_free(port):
        return Check(f"Port for {name}", "ok", str(port))
    return Check(
        f"Port for {name}",
        "failed",
        f"{port} is held by {who_listens(port)}",
        "End that process, or choose other ports with `hanse up --port-base 20000`",
    )
