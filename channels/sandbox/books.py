"""A sandbox's memory: one SQLite file that survives a restart and kill -9.

One thread and one connection write. No method awaits, so each is atomic towards the others; those that change something
are called inside `transaction()`, which is what makes an event and its pending callback appear together or not at all.
Write-ahead log with `synchronous=normal`: nothing committed is lost when the process dies.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from channels.sandbox.callbacks import CallbackQueue
from channels.sandbox.times import to_ms

_SHARED_SCHEMA = Path(__file__).with_name("schema.sql")


def open_books(path: Path, schema: Path) -> sqlite3.Connection:
    """Connect to the file, creating it, the shared tables and the sandbox's own (`schema`) when they are new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute("PRAGMA synchronous=normal")
    connection.execute("PRAGMA foreign_keys=on")
    for tables in (_SHARED_SCHEMA, schema):
        connection.executescript(tables.read_text())
    return connection


class Books(ABC):
    """What every sandbox's store can do; a sandbox adds its own tables to it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.callbacks = CallbackQueue(connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Do not await inside: other requests of this process share the connection."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def remember_nonce(self, nonce: str, now: datetime, forget_before: datetime) -> bool:
        """False if the nonce was seen since `forget_before`."""
        self._db.execute("DELETE FROM nonces WHERE seen_at < ?", (to_ms(forget_before),))
        done = self._db.execute("INSERT OR IGNORE INTO nonces VALUES (?, ?)", (nonce, to_ms(now)))
        return done.rowcount == 1

    @abstractmethod
    def next_step_at(self) -> datetime | None:
        """When something is to happen next by itself, callbacks aside."""

    def close(self) -> None:
        """Close the file."""
        self._db.close()
