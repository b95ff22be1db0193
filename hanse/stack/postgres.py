"""PostgreSQL as a part: one server, a database per domain, data in `postgres/`."""

import asyncio
import os
import pwd
import shutil
import signal
import stat
from pathlib import Path

import asyncpg
import psutil

from hanse.stack.binaries import POSTGRES_MAJOR
from hanse.stack.part import Part, StackError, SystemUser
from hanse.stack.secrets import SECRETS_FILE

_ACCOUNTS = ("postgres", "nobody")
"""Existing accounts PostgreSQL may run under when we are root; the first that exists is taken, none is created."""

_SMALL_MACHINE = {
    "max_connections": "400",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "off",
    "log_lock_waits": "on",
    "deadlock_timeout": "500ms",
}
_FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def postgres_part(folder: Path, bin_dir: Path, port: int, *, password: str, fast: bool = False) -> Part:
    """The superuser is `hanse` with this password; there is no other way in. `fast` gives up durability, for tests."""
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        **_SMALL_MACHINE,
        **(_FOR_TESTS if fast else {}),
    }
    user = _account(folder, bin_dir)

    async def prepare() -> None:
        _refuse_other_version(folder)
        _forget_dead_server(folder)
        if not (folder / "PG_VERSION").exists():
            await _initialise(folder, bin_dir, user, password, sync=not fast)

    async def ready() -> bool:
        try:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=port, user="hanse", password=password, database="postgres", timeout=3
            )
        except asyncpg.InvalidPasswordError:
            raise StackError(
                f"refuses the password of {SECRETS_FILE}; put back the file that belongs to {folder}, "
                "or begin anew with `hanse reset`"
            ) from None
        await connection.close()
        return True

    return Part(
        name="postgres",
        command=[
            str(bin_dir / "postgres"),
            "-D",
            str(folder),
            *(argument for name, value in options.items() for argument in ("-c", f"{name}={value}")),
        ],
        prepare=prepare,
        ready=ready,
        port=port,
        user=user,
        stop_signal=signal.SIGINT,  # fast shutdown; SIGTERM would wait for every client to leave
    )


def _account(folder: Path, bin_dir: Path) -> SystemUser | None:
    """Who PostgreSQL runs as: ourselves, or for root the owner of the data folder, or an existing service account."""
    if os.geteuid() != 0:
        return None
    uid, gid = _service_account()
    if folder.exists() and folder.stat().st_uid != 0:
        uid, gid = folder.stat().st_uid, folder.stat().st_gid
    closed = any(not _may_pass(parent, uid, gid) for path in (folder, bin_dir) for parent in path.parents)
    return SystemUser(uid, gid, needs_passage=closed)


def _service_account() -> tuple[int, int]:
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise StackError(
        "PostgreSQL refuses to run as root and this machine has neither an account `postgres` nor `nobody`; "
        "create one (`useradd --system postgres`) or start as an ordinary user"
    )


def _may_pass(folder: Path, uid: int, gid: int) -> bool:
    try:
        status = folder.stat()
    except FileNotFoundError:
        return True  # it will be made by us, open enough
    if status.st_uid == uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _refuse_other_version(folder: Path) -> None:
    found = data_version(folder)
    if found not in ("", str(POSTGRES_MAJOR)):
        raise StackError(
            f"{folder} was written by PostgreSQL {found}, this is {POSTGRES_MAJOR}; "
            "dump it with the old version, or `hanse reset` to begin anew, or name another folder with --data-dir"
        )


def data_version(folder: Path) -> str:
    """The major version that wrote a data folder; empty when there is none yet."""
    version = folder / "PG_VERSION"
    return version.read_text().strip() if version.exists() else ""


def _forget_dead_server(folder: Path) -> None:
    """Remove a lock file left by kill -9. PostgreSQL does that itself unless the pid was given to another process."""
    lock = folder / "postmaster.pid"
    if not lock.exists():
        return
    try:
        holder = psutil.Process(int(lock.read_text().splitlines()[0]))
        is_postgres = holder.name().startswith("postgres")
    except (psutil.NoSuchProcess, ValueError, IndexError):
        is_postgres = False
    if not is_postgres:
        lock.unlink()


async def _initialise(folder: Path, bin_dir: Path, user: SystemUser | None, password: str, *, sync: bool) -> None:
    """Create the data folder beside its final place first, so that a killed initdb leaves nothing that looks finished."""
    fresh, password_file = _make_fresh(folder, user, password)
    initdb = Part(
        name="initdb",
        command=[
            *(str(bin_dir / "initdb"), "-D", str(fresh), "--username=hanse", "--encoding=UTF8"),
            *("--auth=scram-sha-256", f"--pwfile={password_file}", "--set=scram_iterations=1"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(() if sync else ("--no-sync",)),
        ],
        ready=_never_ready,
        user=user,
    )
    process = await asyncio.create_subprocess_exec(
        *initdb.launch_command(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    password_file.unlink()
    if process.returncode != 0:
        raise StackError(f"initdb could not create {fresh}:\n{output.decode(errors='replace')[-2000:]}")
    fresh.rename(folder)


def _make_fresh(folder: Path, user: SystemUser | None, password: str) -> tuple[Path, Path]:
    """An empty folder and a password file, both the server account's own. The password is random, so one hash round
    protects it as well as thousands, and connecting stays cheap."""
    fresh = folder.with_name(folder.name + ".new")
    password_file = folder.with_name(folder.name + ".password")
    shutil.rmtree(fresh, ignore_errors=True)
    password_file.unlink(missing_ok=True)
    fresh.mkdir(parents=True, mode=0o700)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if user is not None:
        os.chown(fresh, user.uid, user.gid)
        os.chown(password_file, user.uid, user.gid)
    return fresh, password_file


async def _never_ready() -> bool:
    return False
