"""What a buyer has, and how that came."""

from models.points.types import PointsAccount, PointsEntry, PointsLot
from models.shared import Instant
from models.shared.ids import PointsEntryId, UserId
from stores.points.book import to_entry
from stores.points.room import Room


class Reading(Room):
    """Reading locks nothing and changes nothing."""

    async def account(self, user_id: UserId, at: Instant) -> PointsAccount:
        """What the buyer can spend at `at`: points whose time has passed are never counted, written off or not.

        Someone who never had points has zero.
        """
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT earned, remaining AS left, expires_at FROM points_lots
                WHERE user_id = $1 AND remaining > 0 AND expires_at > $2 ORDER BY expires_at, lot_id
                """,
                *(user_id, at),
            )
        lots = tuple(PointsLot(**dict(row)) for row in rows)
        return PointsAccount(user_id=user_id, balance=sum(lot.left for lot in lots), lots=lots)

    async def entries(
        self, user_id: UserId, *, before: PointsEntryId | None = None, limit: int = 50
    ) -> list[PointsEntry]:
        """The buyer's ledger, newest first; with `before`, what was written before that line of it."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM points_entries WHERE user_id = $1 AND ($2::text IS NULL OR number < (
                    SELECT number FROM points_entries WHERE entry_id = $2 AND user_id = $1
                )) ORDER BY number DESC LIMIT $3
                """,
                *(user_id, before, limit),
            )
        return [to_entry(row) for row in rows]
