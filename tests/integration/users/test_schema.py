"""The written form of the schema and the migrated database say the same."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from models.ops.tables import OpsTable
from models.users.tables import UsersTable
from tests.databases import MigratedCopies


@pytest.mark.parametrize(("database", "written"), [("users", UsersTable.metadata), ("ops", OpsTable.metadata)])
async def test_the_migrations_make_the_tables_that_are_written_down(
    migrated_copies: MigratedCopies, database: str, written: MetaData
) -> None:
    name = await migrated_copies.create(database)
    engine = create_async_engine(migrated_copies.dsn(name).replace("postgresql://", "postgresql+asyncpg://"))

    def only_ours(table: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or table in written.tables  # other domains live in these databases, too

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": only_ours})
        return list(compare_metadata(context, written))

    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    await migrated_copies.drop(name)
    assert found == []
