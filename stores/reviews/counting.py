"""The rating summary of a product, kept in the transaction that changes what it counts."""

from hanse.database import Connection
from models.reviews.types import PartState, Review

_COLUMNS = ("one", "two", "three", "four", "five")


async def recount(tx: Connection, before: Review | None, after: Review) -> None:
    """Take what `before` counted out of the summary of its product and put in what `after` counts.

    Locks the summary's row; the review's own row is locked already, so two changes of one review never count it twice.
    """
    counted, counts = _what_counts(before), _what_counts(after)
    if counted == counts:
        return
    if counted is not None:
        await _add(tx, after.spu_id, counted, -1)
    if counts is not None:
        await tx.execute(
            """
            INSERT INTO rating_summaries (spu_id, one, two, three, four, five, with_pictures)
            VALUES ($1, 0, 0, 0, 0, 0, 0) ON CONFLICT (spu_id) DO NOTHING
            """,
            after.spu_id,
        )
        await _add(tx, after.spu_id, counts, 1)


def _what_counts(review: Review | None) -> tuple[int, bool] | None:
    """Stars, and whether with pictures; None of a review that nobody sees."""
    if review is None or review.main.state is not PartState.PUBLISHED:
        return None
    return review.stars, bool(review.main.pictures)


async def _add(tx: Connection, spu_id: str, what: tuple[int, bool], by: int) -> None:
    stars, pictures = what
    column = _COLUMNS[stars - 1]
    await tx.execute(
        f"UPDATE rating_summaries SET {column} = {column} + $2, with_pictures = with_pictures + $3 WHERE spu_id = $1",
        *(spu_id, by, by if pictures else 0),
    )
