"""One domain's PostgreSQL database, seen through asyncpg.

Stores speak plain SQL: `async with db.transaction() as tx` is one transaction on one connection; `db.reader()` is a
connection for reads outside one. JSON columns come and go as Python values.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from hanse.unreachable import Unreachable

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

WHOLE_BOOK = 600.0
"""Seconds for a statement that reads a whole book, as audits do: it takes as long as the shop is large, and must not be given up
where every other statement would be (`Database.open`)."""


def containing(text: str | None) -> str | None:
    """The pattern of (I)LIKE for whatever contains this text; `%`, `_` and the escape itself mean themselves in it."""
    if text is None:
        return None
    literal = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{literal}%"


async def _speak_json(connection: Any) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


async def _leave_as_it_is(_connection: Any) -> None:
    """Stores change nothing of a session (no SET, LISTEN or cursor outlives its transaction), so there is nothing to
    reset when a connection goes back to the pool; asyncpg's own RESET costs a round trip each time."""


class Database:
    """A pool of connections to one database. Built in a `wiring.py`, given to the store of that domain."""

    def __init__(self, dsn: str, *, min_size: int = 1, max_size: int = 10) -> None:
        self._dsn = dsn
        self._min_size = min_size
        self._max_size = max_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> Self:
        """Connect. Statements are bounded by 30 s and idle transactions by 60 s, so a lost client frees its locks. Raises
        Unreachable when nobody answers, or not yet."""
        try:
            self._pool = await asyncpg.create_pool(
                self._dsn,
                min_size=self._min_size,
                max_size=self._max_size,
                init=_speak_json,
                reset=_leave_as_it_is,
                command_timeout=30,
                server_settings={"idle_in_transaction_session_timeout": "60000", "application_name": "hanse"},
            )
        except (OSError, asyncpg.CannotConnectNowError) as error:
            where = urlsplit(self._dsn)
            raise Unreachable("PostgreSQL", f"{where.hostname}:{where.port}{where.path}") from error
        return self

    async def close(self) -> None:
        """Give every connection back and close them."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        """The pool itself; an error if the database was never opened."""
        if self._pool is None:
            raise RuntimeError("this database is not open; its process forgot `await database.open()`")
        return self._pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction (READ COMMITTED); committed at the end of the block, rolled back by any exception."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Connection]:
        """A connection for reads that need no common snapshot."""
        async with self.pool.acquire() as connection:
            yield connection
