"""Fresh, migrated databases for tests: one migrated template a domain, and a copy of it for each test that asks."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from hanse.database import Database
from stores.migrations import migrate_database


class MigratedCopies:
    """Makes copies of migrated databases on one server. A copy takes a tenth of a second, whatever the migrations take."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._templates: dict[str, asyncio.Task[None]] = {}

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
        connection = await asyncpg.connect(self._server_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
