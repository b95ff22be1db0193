"""The real servers under the tests. A test names what it needs and gets it; a server no test asks for is never started.

| fixture | is |
|---|---|
| `settings` | `Settings` for this run's servers; all ports known, nothing started by itself |
| `postgres`, `redis_url`, `kafka_bootstrap`, `temporal_client` | the server runs; its address, or a plain client |
| `database` | `await database("orders")` opens a fresh copy of the migrated schema, dropped after the test |
| `migrated_settings` | `settings`, with every `hanse_<domain>` database at head |
| `carrier_sandbox` | the sandbox carriers run; their address |
| `stack` | the `EmbeddedStack` itself |

Every run has a data folder and ports of its own, so runs go side by side. Where a folder in memory has room, data lies there.
"""

import asyncio
import functools
import gc
import inspect
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from temporalio.client import Client
from xdist.scheduler import LoadScopeScheduling

from cli.children import carrier_sandbox_part
from hanse.database import Database
from hanse.settings import Settings
from hanse.stack.embedded import EmbeddedStack
from stores.migrations import migrate
from tests.databases import MigratedCopies
from tests.lengths import examples

# A busy machine is no failure: nothing in the suite has a stopwatch.
hypothesis.settings.register_profile(
    "hanse", max_examples=examples(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("hanse")

_MEMORY, _ROOM = Path("/dev/shm"), 6 * 2**30
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    # Every test has databases of its own; on a disk, copying and removing their files is most of a run.
    tempfile.tempdir = str(_MEMORY)

_LONGEST_FIRST = ("e2e", "model", "workflows", "integration", "architecture", "unit", "replay")
_ONE_SHOP = ("tests/e2e/", "tests/integration/api/")
"""Folders whose tests share one running shop: they stay in one process of a parallel run."""


def _folder(path: str) -> str:
    return path.removeprefix("tests/").split("/")[0]


_BEFORE_THE_ALARM = 5.0
"""Seconds by which a test's own time is up before pytest-timeout's alarm, which a busy event loop may swallow."""


def _bounded(test: Callable[..., Awaitable[None]], seconds: float) -> Callable[..., Awaitable[None]]:
    @functools.wraps(test)
    async def in_time(*args: Any, **kwargs: Any) -> None:
        async with asyncio.timeout(seconds):
            await test(*args, **kwargs)

    return in_time


def _end_in_time(item: pytest.Item) -> None:
    """A test that waits for ever is cancelled where it waits, so that the line is shown and what it opened is closed."""
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
        marker = item.get_closest_marker("timeout")
        seconds = float(marker.args[0] if marker else item.config.getini("timeout"))
        item.obj = _bounded(item.obj, seconds - _BEFORE_THE_ALARM)


gc.disable()
"""Until all tests are collected: what importing and collecting makes stays, and to look through it for garbage again and again
is a quarter of the time it takes."""


def pytest_collection_finish() -> None:
    """From here on garbage is looked for, in what is made from here on."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests start first, and none goes on for ever."""
    for item in items:
        _end_in_time(item)
    items.sort(
        key=lambda item: next(
            (place for place, name in enumerate(_LONGEST_FIRST) if name == _folder(item.nodeid)), len(_LONGEST_FIRST)
        )
    )


class _ByServers(LoadScopeScheduling):
    """In a parallel run (`-n 4`) what shares servers stays in one process: a file, or a folder whose tests share a shop."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return next((folder for folder in _ONE_SHOP if file.startswith(folder)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Whatever `--dist` says: the suite knows itself what belongs together."""
    return _ByServers(config, log)


OpenDatabase = Callable[[str], Awaitable[Database]]


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[EmbeddedStack]:
    with tempfile.TemporaryDirectory(prefix="hanse-test-", ignore_cleanup_errors=True) as folder:
        stack = EmbeddedStack(Path(folder), parts=(), fast=True, settings={"environment": "test"})
        async with stack:
            yield stack


@pytest.fixture(scope="session")
async def settings(stack: EmbeddedStack) -> Settings:
    return stack.settings


@pytest.fixture(scope="session")
async def postgres(stack: EmbeddedStack) -> str:
    await stack.ensure("postgres")
    return stack.settings.postgres_url


@pytest.fixture(scope="session")
async def redis_url(stack: EmbeddedStack) -> str:
    await stack.ensure("redis")
    return stack.settings.redis_url


@pytest.fixture(scope="session")
async def redis(redis_url: str) -> str:
    return redis_url


@pytest.fixture(scope="session")
async def kafka_bootstrap(stack: EmbeddedStack) -> str:
    await stack.ensure("kafka")
    return stack.settings.kafka_bootstrap


@pytest.fixture(scope="session")
async def kafka(kafka_bootstrap: str) -> str:
    return kafka_bootstrap


@pytest.fixture(scope="session")
async def temporal(stack: EmbeddedStack) -> str:
    await stack.ensure("temporal")
    return stack.settings.temporal_address


@pytest.fixture(scope="session")
async def temporal_client(temporal: str, settings: Settings) -> Client:
    return await Client.connect(temporal, namespace=settings.temporal_namespace)


@pytest.fixture(scope="session")
async def carrier_sandbox(stack: EmbeddedStack) -> str:
    """Both sandbox carriers as one server for the whole run; no parcel moves by itself."""
    await stack.start(carrier_sandbox_part(stack.settings, stack.environment()))
    return stack.settings.sandbox_carrier_url


@pytest.fixture(scope="session")
async def migrated_settings(postgres: str, settings: Settings) -> Settings:
    await migrate(settings)
    return settings


@pytest.fixture(scope="session")
async def migrated_copies(postgres: str) -> AsyncIterator[MigratedCopies]:
    async with MigratedCopies(postgres) as copies:
        yield copies


@pytest.fixture
async def database(migrated_copies: MigratedCopies) -> AsyncIterator[OpenDatabase]:
    """Opens fresh databases by domain; two calls for one domain give two databases."""
    opened: list[tuple[str, Database]] = []

    async def open_fresh(domain: str) -> Database:
        name = await migrated_copies.create(domain)
        pool = await migrated_copies.open(name)
        opened.append((name, pool))
        return pool

    yield open_fresh
    for name, pool in opened:
        pool.pool.terminate()
        await migrated_copies.drop(name)
