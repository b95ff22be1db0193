"""Who was told what, once a cause and receiver."""

from collections.abc import Sequence

from hanse.database import Database
from models.notifications.types import Language, Notice, Template
from models.shared import Instant
from models.shared.ids import UserId


class NoticeStore:
    """Each is one statement."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def told(self, cause: str) -> set[UserId]:
        """Who was told because of this cause already."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT user_id FROM notices WHERE cause = $1", cause)
        return {UserId(row["user_id"]) for row in rows}

    async def keep_once(self, notice: Notice) -> None:
        """That it was sent. Idempotent by cause and receiver."""
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO notices (cause, user_id, template, language, channel, at) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT DO NOTHING
                """,
                *(
                    notice.cause,
                    notice.user_id,
                    notice.template.value,
                    notice.language.value,
                    notice.channel,
                    notice.at,
                ),
            )

    async def sent_to(self, user_id: UserId, *, limit: int, before: Instant | None = None) -> list[Notice]:
        """What someone was told, newest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM notices WHERE user_id = $1 AND ($2::timestamptz IS NULL OR at < $2)
                ORDER BY at DESC, cause LIMIT $3
                """,
                *(user_id, before, limit),
            )
        return [
            Notice(
                cause=row["cause"],
                user_id=UserId(row["user_id"]),
                template=Template(row["template"]),
                language=Language(row["language"]),
                channel=row["channel"],
                at=row["at"],
            )
            for row in rows
        ]

    async def prune(self, before: Instant, limit: int) -> int:
        """Forget at most so many notices that were sent before then; answers how many. Their events do not come again: Kafka has
        forgotten them long before."""
        async with self._db.transaction() as tx:
            done: str = await tx.execute(
                """
                DELETE FROM notices WHERE (cause, user_id) IN (
                    SELECT cause, user_id FROM notices WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
                )
                """,
                *(before, limit),
            )
        return int(done.split()[-1])

    async def languages(self, users: Sequence[UserId]) -> dict[UserId, Language]:
        """In which language these want to be written to, as far as they said so."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT user_id, language FROM notification_preferences WHERE user_id = ANY($1::text[])", list(users)
            )
        return {UserId(row["user_id"]): Language(row["language"]) for row in rows}

    async def prefer(self, user_id: UserId, language: Language, at: Instant) -> None:
        """From now on this person is written to in this language."""
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO notification_preferences (user_id, language, changed_at) VALUES ($1, $2, $3)
                ON CONFLICT (user_id) DO UPDATE SET language = $2, changed_at = $3
                """,
                *(user_id, language.value, at),
            )
