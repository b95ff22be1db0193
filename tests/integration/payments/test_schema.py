"""The written form of the schema and the migrated database say the same, and the database refuses nonsense by itself."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection
from sqlalchemy.ext.asyncio import create_async_engine

from models.payments.tables import PaymentsTable
from tests.databases import MigratedCopies
from tests.integration.payments.till import Till


async def test_the_migration_makes_the_tables_that_are_written_down(migrated_copies: MigratedCopies) -> None:
    name = await migrated_copies.create("payments")
    engine = create_async_engine(migrated_copies.dsn(name).replace("postgresql://", "postgresql+asyncpg://"))

    def differences(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda table, kind, _parents: kind != "table" or table != "alembic_version",
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, PaymentsTable.metadata))

    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    await migrated_copies.drop(name)
    assert found == []


async def test_every_written_check_stands_in_the_database(migrated_copies: MigratedCopies) -> None:
    name = await migrated_copies.create("payments")
    database = await asyncpg.connect(migrated_copies.dsn(name))
    rows = await database.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    )
    await database.close()
    await migrated_copies.drop(name)
    written = {
        str(constraint.name)
        for table in PaymentsTable.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert {row["conname"] for row in rows} == written


@pytest.mark.parametrize(
    "nonsense",
    [
        "UPDATE payments SET captured_minor = amount_minor + 1",
        "UPDATE payments SET refunded_minor = captured_minor + 1",
        "UPDATE payments SET held_minor = -1",
        "UPDATE payments SET state = 'closed', closed_as = 'expired'",
        "UPDATE attempts SET refunded_minor = amount_minor + 1",
        "UPDATE attempts SET channel_transaction = NULL",
    ],
)
async def test_the_database_refuses_money_that_cannot_be(till: Till, nonsense: str) -> None:
    await till.paid()
    with pytest.raises(asyncpg.CheckViolationError):
        await till.db.pool.execute(nonsense)


@pytest.mark.parametrize(
    "change", ["UPDATE {} SET number = DEFAULT", "DELETE FROM {}", "TRUNCATE {}"], ids=["update", "delete", "truncate"]
)
@pytest.mark.parametrize("table", ["ledger", "callbacks"])
async def test_books_and_callbacks_only_grow(till: Till, table: str, change: str) -> None:
    await till.paid()
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await till.db.pool.execute(change.format(table))
