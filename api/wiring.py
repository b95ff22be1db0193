"""The only place of the api that builds concrete stores and clients."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from hanse.database import Database
from hanse.settings import Settings
from models.shared.time import Clock
from stores.idempotency import IdempotencyStore


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Services:
    """Everything a handler may use, built once per process."""

    settings: Settings
    clock: Clock
    idempotency: IdempotencyStore


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock = _utc_now) -> AsyncIterator[Services]:
    """Connect everything; closed in reverse order at the end."""
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            opened = await Database(settings.dsn(name)).open()
            stack.push_async_callback(opened.close)
            return opened

        yield Services(
            settings=settings,
            clock=clock,
            idempotency=IdempotencyStore(await database("ops")),
        )
