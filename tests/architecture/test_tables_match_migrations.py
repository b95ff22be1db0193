"""Schemas are written twice: as tables to read, as migrations to apply. Both must say the same."""

import importlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, MetaData, Table, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from stores.migrations import DATABASES, head_of
from tests.databases import MigratedCopies

MODELS = Path(__file__).parents[2] / "models"
DOMAINS_OF = {
    "users": ("users", "cart"),
    "orders": ("orders", "fulfillment"),
    "promotions": ("promotions", "points"),
    "notifications": ("notifications", "webhooks"),
}
"""Databases that hold more than the domain of their own name (docs/decisions/0006-databases.md)."""

WITHOUT_TABLES = {"search"}
"""An index made of the catalogue, in as many sets of tables as there are builds: nobody reads its rows but its engine
(docs/decisions/0014-search.md)."""


def domains_of(database: str) -> tuple[str, ...]:
    return DOMAINS_OF.get(database, (database,))


def written_schema(database: str) -> list[MetaData]:
    """The metadata of every table class in the database's `tables.py` and `…_tables.py` modules."""
    found: dict[int, MetaData] = {}
    for domain in domains_of(database):
        for file in sorted((MODELS / domain).glob("*tables.py")):
            for thing in vars(importlib.import_module(f"models.{domain}.{file.stem}")).values():
                table = getattr(thing, "__table__", None)
                if isinstance(table, Table):
                    found[id(table.metadata)] = table.metadata
    return list(found.values())


def differences(connection: Connection, written: list[MetaData]) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: list[Any] = compare_metadata(context, written)  # type: ignore[arg-type]  # a list is allowed, its types lag
    schema = inspect(connection)
    for table in (table for metadata in written for table in metadata.sorted_tables):
        if schema.has_table(table.name):
            applied = {check["name"] for check in schema.get_check_constraints(table.name)}
            declared = {check.name for check in table.constraints if isinstance(check, CheckConstraint)}
            found += [("check constraint not in the migrations", table.name, name) for name in declared - applied]
    return found


@pytest.mark.parametrize("database", sorted(set(DATABASES) - WITHOUT_TABLES))
async def test_the_tables_are_what_the_migrations_create(database: str, migrated_copies: MigratedCopies) -> None:
    written = written_schema(database)
    if not written and head_of(database) is None:
        pytest.skip(f"database {database} has neither tables nor migrations yet")
    name = await migrated_copies.create(database)
    engine = create_async_engine(urlunsplit(urlsplit(migrated_copies.dsn(name))._replace(scheme="postgresql+asyncpg")))
    async with engine.connect() as connection:
        found = await connection.run_sync(differences, written)
    await engine.dispose()
    await migrated_copies.drop(name)
    assert not found, "\n".join(map(repr, found))


def test_every_tables_module_belongs_to_a_database() -> None:
    with_tables = {file.parent.name for file in MODELS.glob("*/*tables.py")}
    assert with_tables <= {domain for database in DATABASES for domain in domains_of(database)}
