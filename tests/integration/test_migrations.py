"""Migrations are safe to repeat, to run twice at once, and beside a shop that holds locks."""

import asyncio

import asyncpg

from hanse.settings import Settings
from stores.migrations import DATABASES, head_of, migrate, migrate_database, revision_of
from tests.databases import MigratedCopies


async def test_two_migrations_of_one_new_database_at_once_both_succeed(migrated_copies: MigratedCopies) -> None:
    dsn = migrated_copies.dsn("migrated_twice_at_once")
    await asyncio.gather(*(migrate_database(dsn, "users") for _ in range(2)))
    assert await revision_of(dsn) == head_of("users")


async def test_a_migration_that_cannot_get_its_locks_steps_back_and_tries_again(
    migrated_copies: MigratedCopies,
) -> None:
    name = await migrated_copies.create("users")
    dsn = migrated_copies.dsn(name)
    holder = await asyncpg.connect(dsn)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
    migration = asyncio.create_task(migrate_database(dsn, "users"))
    await asyncio.sleep(2.3)  # longer than the migration waits for a lock
    waiting = await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL")
    assert waiting == 0, "the migration must not queue in front of the shop's own statements"
    await transaction.rollback()
    await holder.close()
    await migration
    assert await revision_of(dsn) == head_of("users")


async def test_migrating_at_head_changes_nothing(migrated_settings: Settings) -> None:
    done = await migrate(migrated_settings)
    assert [step.database for step in done] == list(DATABASES)
    assert all(step.before == step.after == head_of(step.database) for step in done)
