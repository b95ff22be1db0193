"""Fresh, migrated databases for tests: one migrated template a domain, and a copy of it for each test that asks."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from hanse.database import Database
from stores.migrations import migrate_database


class MigratedCopies:
    """Makes copies of migrated databases on one server. A copy takes a tenth of a second, whatever the migrations take; its
    owner keeps one connection for it (`async with`), since to connect costs a third as much again, twice."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._templates: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._kept: asyncpg.Connection[asyncpg.Record] | None = None
        self._home: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._kept, self._home = await asyncpg.connect(self._server_url), asyncio.get_running_loop()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._kept is not None:
            await self._kept.close()

    def dsn(self, name: str) -> str:
        """The address of a database on the test server, by its real name."""
        return urlunsplit(urlsplit(self._server_url)._replace(path=f"/{name}"))

    @asynccontextmanager
    async def lent(self, domain: str, *, max_size: int = 20) -> AsyncIterator[Database]:
        """A fresh database of this domain, wide enough for concurrency tests; gone at the end."""
        name = await self.create(domain)
        database = await Database(self.dsn(name), min_size=1, max_size=max_size).open()
        yield database
        database.pool.terminate()
        await self.drop(name)

    async def create(self, domain: str) -> str:
        """A fresh database with the domain's newest schema; answers its real name."""
        template = f"template_{domain}"
        if domain not in self._templates:
            self._templates[domain] = asyncio.create_task(migrate_database(self.dsn(template), domain))
        await self._templates[domain]
        name = f"{domain}_{secrets.token_hex(6)}"
        await self._on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return name

    async def open(self, name: str) -> Database:
        """A pool on a created database. Wide enough for concurrency tests, and opened with one connection."""
        return await Database(self.dsn(name), min_size=1, max_size=20).open()

    async def drop(self, name: str) -> None:
        """Remove a created database, whoever is still connected."""
        await self._on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _on_server(self, statement: str) -> None:
        if self._kept is not None and self._home is asyncio.get_running_loop():
            async with self._turn:
                await self._kept.execute(statement)
            return
        connection = await asyncpg.connect(self._server_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
