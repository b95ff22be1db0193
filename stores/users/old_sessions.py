"""Sessions that nobody can use any more."""

from datetime import datetime

from hanse.database import Database
from models.shared.ids import SessionId
from models.users.rules import LONGEST_SESSION


class OldSessions:
    """Removes them; everything else about sessions is `Sessions`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def prune(self, before: datetime, limit: int) -> int:
        """Remove at most so many sessions, with their tokens, that began so long before that they had ended by then. Answers how
        many. Found by the time in their ids, so that sessions in use need no index that every refresh would write to."""
        begun = SessionId.mint(before - LONGEST_SESSION, bytes(10))
        async with self._db.transaction() as tx:
            done: str = await tx.execute(
                """
                WITH old AS MATERIALIZED (
                    SELECT id FROM sessions WHERE id < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
                ), tokens AS (DELETE FROM refresh_tokens t USING old WHERE t.session_id = old.id)
                DELETE FROM sessions s USING old WHERE s.id = old.id
                """,
                *(begun, limit),
            )
        return int(done.split()[-1])
