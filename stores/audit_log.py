"""The audit log of operators' actions (database `ops`). It has no method that changes an entry, and the database refuses one."""

import asyncpg

from hanse.database import Database
from models.ops.audit import AuditEntry, AuditNote
from models.shared.ids import UserId


class AuditLog:
    """Who did what to what."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def append(self, note: AuditNote) -> int:
        """Write a note down for good; returns its number. An intent ends at most once."""
        async with self._db.transaction() as tx:
            number: int = await tx.fetchval(
                """
                INSERT INTO audit_log (at, operator_id, session_id, action, subject, phase, details, address, trace_id, intent)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id
                """,
                note.at,
                note.operator_id,
                note.session_id,
                note.action,
                note.subject,
                note.phase.value,
                note.details,
                note.address,
                note.trace_id,
                note.intent,
            )
        return number

    async def page(
        self, *, operator_id: UserId | None, subject: str | None, before: int | None, limit: int
    ) -> list[AuditEntry]:
        """Entries older than number `before`, newest first; of one operator, about one subject."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM audit_log
                WHERE ($1::text IS NULL OR operator_id = $1) AND ($2::text IS NULL OR subject = $2) AND ($3::bigint IS NULL OR id < $3)
                ORDER BY id DESC LIMIT $4
                """,
                operator_id,
                subject,
                before,
                limit,
            )
        return [_entry(row) for row in rows]


def _entry(row: asyncpg.Record) -> AuditEntry:
    fields = dict(row)
    return AuditEntry(id=fields.pop("id"), note=AuditNote.model_validate(fields))
