"""The schema of every domain's database, as Alembic migrations: one folder and one history a database.

`await migrate(settings)` brings all to head. A migration of a live shop takes no lock for long: it runs under
`lock_timeout` and is tried again when it could not get its locks. Write `versions/0001_<what>.py` with plain SQL.
"""

from stores.migrations.runner import DATABASES, Migrated, head_of, migrate, migrate_database, revision_of

__all__ = ["DATABASES", "Migrated", "head_of", "migrate", "migrate_database", "revision_of"]
