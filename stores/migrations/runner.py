"""Brings databases to the newest revision, without `alembic.ini` and without an `env.py`."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hanse.settings import Settings

DATABASES = (
    "users",
    "products",
    "orders",
    "inventory",
    "payments",
    "promotions",
    "aftersales",
    "reviews",
    "notifications",
    "search",
    "ops",
)
VERSION_TABLE = "alembic_version"

_LOCK_TIMEOUT = "2s"
_STATEMENT_TIMEOUT = "10min"
_ATTEMPTS = 5
_PAUSE = 1.0
"""Seconds between attempts, in which the statements that waited behind us get through."""
_ONE_AT_A_TIME = 0x48414E53
"""Advisory lock key: two `hanse migrate` on one database wait for each other."""


_one_in_this_process = asyncio.Lock()
"""`alembic.op`, which migrations speak to, is global."""


@dataclass(frozen=True)
class Migrated:
    """What `migrate` did to one database; equal revisions mean nothing."""

    database: str
    before: str | None
    after: str | None


async def migrate(settings: Settings, database: str | None = None) -> list[Migrated]:
    """Create what is missing and apply every migration, for one database or all. At head it only reads."""
    names = DATABASES if database is None else (database,)
    before = await asyncio.gather(*(revision_of(settings.dsn(name)) for name in names))
    unmigrated = [name for name, revision in zip(names, before, strict=True) if revision is None]
    await asyncio.gather(*(_create_if_missing(settings.dsn(name)) for name in unmigrated))
    done: list[Migrated] = []
    for name, revision in zip(names, before, strict=True):
        head = head_of(name)
        if revision != head:
            await migrate_database(settings.dsn(name), name)
        done.append(Migrated(name, revision, head))
    return done


def head_of(database: str) -> str | None:
    """The newest revision written for a database; None when it has no migrations yet."""
    return _scripts(database).get_current_head()


async def revision_of(dsn: str) -> str | None:
    """The revision a database is at; None when it does not exist or was never migrated."""
    try:
        connection = await asyncpg.connect(dsn)
    except asyncpg.InvalidCatalogNameError:
        return None
    try:
        if await connection.fetchval("SELECT to_regclass($1)", VERSION_TABLE) is None:
            return None
        revision: str | None = await connection.fetchval(f"SELECT version_num FROM {VERSION_TABLE}")
        return revision
    finally:
        await connection.close()


async def migrate_database(dsn: str, database: str) -> None:
    """Bring the database at `dsn` to the head of `database`'s history, creating it first when it is missing."""
    await _create_if_missing(dsn)
    scripts = _scripts(database)
    if scripts.get_current_head() is None:
        return
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await _upgrade(dsn, scripts)
        except (DBAPIError, asyncpg.PostgresError) as fault:
            if not _could_not_lock(fault) or attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(_PAUSE)
        else:
            return


def _could_not_lock(fault: Exception) -> bool:
    return getattr(getattr(fault, "orig", fault), "sqlstate", None) == asyncpg.LockNotAvailableError.sqlstate


async def _upgrade(dsn: str, scripts: ScriptDirectory) -> None:
    engine = create_async_engine(urlunsplit(urlsplit(dsn)._replace(scheme="postgresql+asyncpg")), poolclass=NullPool)
    event.listen(engine.sync_engine, "do_execute", _run_as_script)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"SELECT pg_advisory_lock({_ONE_AT_A_TIME})"))
            await connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
            await connection.execute(text(f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'"))
            await connection.commit()
            async with _one_in_this_process:
                await connection.run_sync(_run_to_head, scripts)
            await connection.commit()
    finally:
        await engine.dispose()


def _run_as_script(cursor: Any, statement: str, parameters: Any, _: Any) -> bool:
    """Send several statements in one string as the script they are; asyncpg prepares single statements only."""
    if parameters or ";" not in statement.strip().rstrip(";"):
        return False
    cursor.execute("SELECT 1", ())  # the adapter opens the transaction with its first statement
    cursor._adapt_connection.run_async(lambda driver: driver.execute(statement))
    return True


def _run_to_head(connection: Connection, scripts: ScriptDirectory) -> None:
    def steps(revision: Any, _: MigrationContext) -> Any:
        return scripts._upgrade_revs("head", revision)

    context = MigrationContext.configure(
        connection, opts={"fn": steps, "version_table": VERSION_TABLE, "transaction_per_migration": True}
    )
    with Operations.context(context):
        context.run_migrations()


async def _create_if_missing(dsn: str) -> None:
    address = urlsplit(dsn)
    name = address.path.removeprefix("/")
    try:
        await (await asyncpg.connect(dsn)).close()
    except asyncpg.InvalidCatalogNameError:
        server = await asyncpg.connect(urlunsplit(address._replace(path="/postgres")))
        try:
            await server.execute(f'CREATE DATABASE "{name}"')
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            return  # another process created it between our two looks
        finally:
            await server.close()


def _scripts(database: str) -> ScriptDirectory:
    if database not in DATABASES:
        raise ValueError(f"there is no database {database!r}; the databases are {', '.join(DATABASES)}")
    folder = Path(__file__).parent / database
    return ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])
