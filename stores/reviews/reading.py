"""Looking at reviews. What may be shown to whom is said by who asks."""

from collections.abc import Sequence

from models.reviews.types import HeldFor, RatingSummary, Report, ReportReason, Review, ReviewOrder
from models.shared.ids import OrderId, ReviewId, SpuId, UserId
from stores.reviews.room import Room
from stores.reviews.rows import review_in, summary_of, unknown, with_parts


class Reading(Room):
    """Reads outside a transaction."""

    async def review(self, review_id: ReviewId) -> Review:
        """Any review, in any state; `NotFound`."""
        async with self._db.reader() as connection:
            return await review_in(connection, review_id)

    async def review_of(self, review_id: ReviewId, user_id: UserId) -> Review:
        """A review for its author; `NotFound` for everyone else."""
        review = await self.review(review_id)
        if review.user_id != user_id:
            raise unknown(review_id)
        return review

    async def reviews_by(self, user_id: UserId, *, limit: int, before: ReviewId | None = None) -> list[Review]:
        """What someone wrote, newest first."""
        return await self._listed(
            "WHERE user_id = $1 AND ($2::text IS NULL OR review_id < $2) ORDER BY review_id DESC LIMIT $3",
            *(user_id, before, limit),
        )

    async def reviews_of_order(self, order_id: OrderId) -> list[Review]:
        """By line."""
        return await self._listed("WHERE order_id = $1 ORDER BY line_no", order_id)

    async def reviews_on(
        self,
        spu_id: SpuId,
        *,
        limit: int,
        order: ReviewOrder = ReviewOrder.NEWEST,
        after: tuple[int, ReviewId] | None = None,
        stars: Sequence[int] = (),
        with_pictures: bool = False,
    ) -> list[Review]:
        """Published reviews of a product: the newest first, or the most useful ones. `after`: votes and id of the last one seen."""
        by_id = order is ReviewOrder.NEWEST
        place = "review_id < $3" if by_id else "(useful, review_id) < ($2, $3)"
        return await self._listed(
            f"""
            WHERE spu_id = $1 AND state = 'published' AND ($2::int IS NULL OR {place})
              AND ($4::int[] = '{{}}' OR stars = ANY($4)) AND (NOT $5 OR has_pictures)
            ORDER BY {"" if by_id else "useful DESC,"} review_id DESC LIMIT $6
            """,
            *(spu_id, after[0] if after else None, after[1] if after else None, list(stars), with_pictures, limit),
        )

    async def waiting(
        self, *, limit: int, after: ReviewId | None = None, held_for: HeldFor | None = None
    ) -> list[Review]:
        """Reviews with a part that waits for an operator, the oldest first."""
        return await self._listed(
            """
            WHERE review_id IN (
                SELECT review_id FROM review_parts WHERE state = 'held' AND ($1::text IS NULL OR held_for = $1)
                  AND ($2::text IS NULL OR review_id > $2) ORDER BY review_id LIMIT 2 * $3
            ) ORDER BY review_id LIMIT $3
            """,
            *(held_for.value if held_for else None, after, limit),
        )

    async def reports(self, review_id: ReviewId) -> list[Report]:
        """What readers hold against it, newest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT * FROM review_reports WHERE review_id = $1 ORDER BY at DESC LIMIT 100", review_id
            )
        return [
            Report(
                by=UserId(row["user_id"]),
                reason=ReportReason(row["reason"]),
                note=row["note"],
                at=row["at"],
                open=row["open"],
            )
            for row in rows
        ]

    async def voted_for(self, user_id: UserId, reviews: Sequence[ReviewId]) -> set[ReviewId]:
        """Which of these the reader found useful."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT review_id FROM review_votes WHERE user_id = $1 AND review_id = ANY($2::text[])",
                *(user_id, list(reviews)),
            )
        return {ReviewId(row["review_id"]) for row in rows}

    async def summary(self, spu_id: SpuId) -> RatingSummary:
        """How buyers rate a product: one row."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow("SELECT * FROM rating_summaries WHERE spu_id = $1", spu_id)
        return summary_of(spu_id, row)

    async def _listed(self, which: str, *arguments: object) -> list[Review]:
        async with self._db.reader() as connection:
            rows = await connection.fetch(f"SELECT * FROM reviews {which}", *arguments)
            return await with_parts(connection, rows)
