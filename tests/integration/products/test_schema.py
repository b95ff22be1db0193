"""The written form of the schema and the migrated database say the same."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from models.products.tables import ProductsTable
from tests.databases import MigratedCopies


async def test_the_migrations_make_the_tables_that_are_written_down(migrated_copies: MigratedCopies) -> None:
    name = await migrated_copies.create("products")
    engine = create_async_engine(migrated_copies.dsn(name).replace("postgresql://", "postgresql+asyncpg://"))

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, ProductsTable.metadata))

    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    await migrated_copies.drop(name)
    assert found == []
