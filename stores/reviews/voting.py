"""Readers say that a review was useful."""

from models.reviews.errors import OwnReview
from models.reviews.types import PartState, Review
from models.shared import Instant
from models.shared.ids import ReviewId, SpuId, UserId
from stores.reviews.room import Room
from stores.reviews.rows import review_in, unknown


class Voting(Room):
    """Each locks the review, so that its counter is exactly the number of its votes."""

    async def vote_once(self, review_id: ReviewId, spu_id: SpuId, user_id: UserId, at: Instant) -> int:
        """This reader finds it useful, counted once however often it is said; answers how many do.

        `NotFound` unless it is published under this product, `OwnReview`.
        """
        async with self._db.transaction() as tx:
            review = await review_in(tx, review_id, lock=True)
            _check(review, spu_id, user_id)
            many: int | None = await tx.fetchval(
                """
                WITH voted AS (
                    INSERT INTO review_votes (review_id, user_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1
                )
                UPDATE reviews SET useful = useful + 1 WHERE review_id = $1 AND EXISTS (SELECT FROM voted) RETURNING useful
                """,
                *(review_id, user_id, at),
            )
        return review.useful if many is None else many

    async def take_vote_back(self, review_id: ReviewId, spu_id: SpuId, user_id: UserId) -> int:
        """This reader does not find it useful, or no longer; answers how many do. `NotFound`, `OwnReview`."""
        async with self._db.transaction() as tx:
            review = await review_in(tx, review_id, lock=True)
            _check(review, spu_id, user_id)
            many: int | None = await tx.fetchval(
                """
                WITH gone AS (DELETE FROM review_votes WHERE review_id = $1 AND user_id = $2 RETURNING 1)
                UPDATE reviews SET useful = useful - 1 WHERE review_id = $1 AND EXISTS (SELECT FROM gone) RETURNING useful
                """,
                *(review_id, user_id),
            )
        return review.useful if many is None else many


def _check(review: Review, spu_id: SpuId, user_id: UserId) -> None:
    if review.spu_id != spu_id or review.main.state is not PartState.PUBLISHED:
        raise unknown(review.review_id)
    if review.user_id == user_id:
        raise OwnReview("Others say whether your review is useful.")
