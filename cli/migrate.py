"""`hanse migrate`: bring every domain's database to the newest revision."""

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

import asyncpg
import typer
from rich.table import Table

from cli.console import DataDir, console, settings_for
from hanse.stack.part import StackError
from hanse.unreachable import Unreachable
from stores.migrations import DATABASES
from stores.migrations import migrate as apply

_UNREACHABLE = (OSError, asyncpg.PostgresConnectionError, asyncpg.InvalidAuthorizationSpecificationError)


def migrate(
    database: Annotated[str | None, typer.Option(help=f"Only this one: {', '.join(DATABASES)}.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Create missing databases and apply missing migrations. Safe to repeat, and beside a running shop."""
    if database is not None and database not in DATABASES:
        raise StackError(f"there is no database {database!r}; the databases are {', '.join(DATABASES)}")
    settings = settings_for(data_dir)
    try:
        done = asyncio.run(apply(settings, database))
    except _UNREACHABLE as fault:
        where = urlsplit(settings.postgres_url)
        raise Unreachable("PostgreSQL", f"{where.hostname}:{where.port} ({fault})") from fault
    table = Table("database", "was at", "is at")
    for step in done:
        table.add_row(step.database, step.before or "–", step.after or "– (no migrations yet)")
    console.print(table)
