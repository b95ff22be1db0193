"""The supervisor keeps parts running, and neither its own death nor theirs loses data or leaves orphans."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from temporalio.client import Client, WorkflowExecutionStatus

from hanse.settings import Settings
from hanse.stack.embedded import SERVERS, EmbeddedStack, end_left_behind
from hanse.stack.part import Part, StackError, SystemUser
from hanse.stack.ports import Ports, is_free
from hanse.stack.processes import KnownProcess
from hanse.stack.state import PartRecord, StackState, read_state, write_state


async def eventually(what: str, holds: Callable[[], bool], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.05)


async def remember(postgres_url: str, redis_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('moin')")
    await connection.close()
    async with Redis.from_url(redis_url) as client:
        await client.set("kept", "moin")
    await asyncio.sleep(1.5)  # Redis promises its append-only file on disk within a second


async def recall(postgres_url: str, redis_url: str) -> tuple[object, object]:
    connection = await asyncpg.connect(postgres_url)
    word = await connection.fetchval("SELECT word FROM kept")
    await connection.close()
    async with Redis.from_url(redis_url) as client:
        return word, await client.get("kept")


async def test_a_killed_part_comes_back_with_its_data(tmp_path: Path) -> None:
    stack = EmbeddedStack(tmp_path, parts=("postgres", "redis"))
    async with stack as settings:
        await remember(settings.postgres_url, settings.redis_url)
        for name in ("postgres", "redis"):
            part = stack.supervisor.parts[name]
            assert part.process is not None
            os.kill(part.process.pid, signal.SIGKILL)
            await eventually(f"{name} restarted", lambda part=part: part.restarts == 1 and part.state == "ready")  # type: ignore[misc]
        assert await recall(settings.postgres_url, settings.redis_url) == ("moin", b"moin")


async def test_a_workflow_outlives_the_death_of_temporal(tmp_path: Path) -> None:
    stack = EmbeddedStack(tmp_path, parts=("temporal",))
    async with stack as settings:
        client = await Client.connect(settings.temporal_address)
        await client.start_workflow("NobodyServesIt", id="outliving", task_queue="nobody")
        temporal = stack.supervisor.parts["temporal"]
        assert temporal.process is not None
        os.kill(temporal.process.pid, signal.SIGKILL)
        await eventually("temporal restarted", lambda: temporal.restarts == 1 and temporal.state == "ready")
        reconnected = await Client.connect(settings.temporal_address)
        description = await reconnected.get_workflow_handle("outliving").describe()
        assert description.status == WorkflowExecutionStatus.RUNNING


def free_base() -> int:
    width = len(Ports().by_name())
    return next(base for base in (Ports.free().api for _ in range(100)) if all(map(is_free, range(base, base + width))))


@asynccontextmanager
async def hanse_up(
    data_dir: Path, base: int, servers: Collection[str] = SERVERS, **environment: str
) -> AsyncIterator[StackState]:
    """`hanse up --servers-only` in a process of its own; these servers are expected."""
    command = [sys.executable, "-m", "cli.main", "up", "--servers-only"]
    command += ["--data-dir", str(data_dir), "--port-base", str(base)]
    with (data_dir.parent / "up.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: ASYNC220
            command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **environment}
        )

    def ready() -> bool:
        assert process.poll() is None, (data_dir.parent / "up.log").read_text()
        state = read_state(data_dir)
        return (
            state is not None
            and state.supervisor.pid == process.pid
            and {part.name for part in state.parts if part.state == "ready"} == set(servers)
        )

    try:
        await eventually("every server is ready", ready)
        state = read_state(data_dir)
        assert state is not None
        yield state
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.timeout(300)  # two cold starts with every write on disk
async def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_finds_the_data(tmp_path: Path) -> None:
    data_dir, base = tmp_path / "data", free_base()
    async with hanse_up(data_dir, base) as state:
        await remember(state.settings["postgres_url"], state.settings["redis_url"])
        os.kill(state.supervisor.pid, signal.SIGKILL)
        servers = [part.process for part in state.parts if part.process is not None]
        assert len(servers) == len(SERVERS)
        if sys.platform == "linux":  # elsewhere they live until the next start ends them
            await eventually("every server ended with it", lambda: not any(server.is_alive() for server in servers))
    async with hanse_up(data_dir, base) as state:
        assert await recall(state.settings["postgres_url"], state.settings["redis_url"]) == ("moin", b"moin")


async def test_hanse_down_stops_a_stack_of_another_terminal(tmp_path: Path, migrated_settings: Settings) -> None:
    data_dir = tmp_path / "data"
    elsewhere = {"HANSE_POSTGRES_URL": migrated_settings.postgres_url, "HANSE_TEMPORAL_ADDRESS": "unused:1"}
    async with hanse_up(data_dir, free_base(), {"redis", "kafka"}, **elsewhere) as state:
        down = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli.main", "down", "--data-dir", str(data_dir)
        )
        assert await down.wait() == 0
        assert not any(part.process.is_alive() for part in state.parts if part.process is not None)
        assert read_state(data_dir) is None


async def test_a_server_named_by_its_address_is_used_and_not_started(
    tmp_path: Path, migrated_settings: Settings
) -> None:
    address = migrated_settings.postgres_url
    elsewhere = {"HANSE_POSTGRES_URL": address, "HANSE_TEMPORAL_ADDRESS": "unused:1"}
    async with hanse_up(tmp_path / "data", free_base(), {"redis", "kafka"}, **elsewhere) as state:
        assert state.settings["postgres_url"] == address


async def test_what_a_killed_supervisor_recorded_is_ended_and_nothing_else(tmp_path: Path) -> None:
    sleepers = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]  # noqa: ASYNC220
    ours, stranger = (KnownProcess.of(sleeper.pid) for sleeper in sleepers)
    gone = subprocess.Popen(["true"])  # noqa: ASYNC220
    supervisor = KnownProcess.of(gone.pid)
    gone.wait()
    reused_pid = KnownProcess(stranger.pid, stranger.started - 3600)
    records = tuple(PartRecord(name, "ready", None, 0, who) for name, who in {"a": ours, "b": reused_pid}.items())
    (tmp_path / "run").mkdir()
    write_state(tmp_path, StackState(supervisor, records))
    try:
        await asyncio.to_thread(end_left_behind, tmp_path)
        assert not ours.is_alive()
        assert stranger.is_alive()
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()


async def test_a_taken_port_is_reported_with_its_holder(tmp_path: Path) -> None:
    ports = Ports.free()
    with socket.create_server(("127.0.0.1", ports.redis)):
        with pytest.raises(StackError, match=rf"redis needs port {ports.redis}.*pid {os.getpid()}.*--port-base"):
            async with EmbeddedStack(tmp_path, ports=ports, parts=("redis",)):
                pass
        assert read_state(tmp_path) is None


async def test_two_stacks_never_share_a_data_folder(tmp_path: Path) -> None:
    async with EmbeddedStack(tmp_path, parts=()):
        with pytest.raises(StackError, match="already runs"):
            await EmbeddedStack(tmp_path, parts=()).open()


async def test_a_part_that_cannot_start_fails_with_the_end_of_its_log(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    stack = EmbeddedStack(tmp_path, parts=())
    async with stack:
        broken = Part(name="broken", command=["sh", "-c", "echo the reason; exit 7"], ready=never)
        with pytest.raises(StackError, match=r"(?s)exit code 7.*the reason"):
            await stack.start(broken)


async def test_postgres_refuses_a_foreign_password_file_at_once(tmp_path: Path) -> None:
    async with EmbeddedStack(tmp_path, parts=("postgres",), fast=True):
        pass
    (tmp_path / "secrets.env").unlink()
    with pytest.raises(StackError, match=r"refuses the password of secrets\.env"):
        async with EmbeddedStack(tmp_path, parts=("postgres",), fast=True):
            pass


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root gives up being root")
async def test_a_server_started_by_root_is_another_user_that_still_reaches_its_files(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "program"
    program.touch(mode=0o755)
    findings = tmp_path / "findings"
    findings.touch()
    findings.chmod(0o666)
    look = f"""
import os, time
reached = os.access({str(program)!r}, os.X_OK)
rights = [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")]
open({str(findings)!r}, "w").write(f"{{os.getuid()}} {{reached}} {{int(rights[0], 16).bit_count()}}")
time.sleep(60)
"""

    async def ready() -> bool:
        return findings.read_text() != ""

    stack = EmbeddedStack(tmp_path / "data", parts=())
    async with stack:
        user = SystemUser(65534, 65534, needs_passage=True)
        await stack.start(Part(name="looker", command=[sys.executable, "-c", look], ready=ready, user=user))
        assert findings.read_text() == "65534 True 1"
