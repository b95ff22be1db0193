"""Rows of the database `reviews` as the values they are."""

from collections.abc import Iterable, Sequence

from asyncpg import Record

from hanse.database import Connection
from models.reviews.types import Finding, HeldFor, Part, PartState, RatingSummary, Reply, Review, ReviewPart
from models.shared.ids import OrderId, ReviewId, SkuId, SpuId, UserId
from models.shared.refusals import NotFound


def unknown(review_id: ReviewId) -> NotFound:
    """Nothing by that id, or nothing for this caller."""
    return NotFound(f"There is no review {review_id}.")


async def review_in(connection: Connection, review_id: ReviewId, *, lock: bool = False) -> Review:
    """One review with its parts, locked until the end of the transaction if asked; `NotFound`."""
    row = await connection.fetchrow(
        f"SELECT * FROM reviews WHERE review_id = $1 {'FOR NO KEY UPDATE' if lock else ''}", review_id
    )
    if row is None:
        raise unknown(review_id)
    (review,) = await with_parts(connection, [row])
    return review


async def with_parts(connection: Connection, rows: Sequence[Record]) -> list[Review]:
    """These reviews with their parts, in the same order."""
    found = await connection.fetch(
        "SELECT * FROM review_parts WHERE review_id = ANY($1::text[])", [row["review_id"] for row in rows]
    )
    parts = {(row["review_id"], Part(row["part"])): _part(row) for row in found}
    return [_review(row, parts) for row in rows]


def summary_of(spu_id: SpuId, row: Record | None) -> RatingSummary:
    """A product that nobody rated has a summary of nothing."""
    stars = tuple(row[name] for name in ("one", "two", "three", "four", "five")) if row else (0,) * 5
    return RatingSummary(
        spu_id=spu_id, count=sum(stars), by_stars=stars, with_pictures=row["with_pictures"] if row else 0
    )


def as_json(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Findings as their column keeps them."""
    return [finding.model_dump(mode="json") for finding in findings]


def _review(row: Record, parts: dict[tuple[str, Part], ReviewPart]) -> Review:
    replied = row["reply"] is not None
    return Review(
        review_id=ReviewId(row["review_id"]),
        order_id=OrderId(row["order_id"]),
        line_no=row["line_no"],
        user_id=UserId(row["user_id"]),
        author=row["author"],
        sku_id=SkuId(row["sku_id"]),
        spu_id=SpuId(row["spu_id"]),
        title=row["title"],
        options=row["options"],
        stars=row["stars"],
        main=parts[row["review_id"], Part.MAIN],
        follow_up=parts.get((row["review_id"], Part.FOLLOW_UP)),
        reply=Reply(text=row["reply"], by=UserId(row["replied_by"]), at=row["replied_at"]) if replied else None,
        useful=row["useful"],
        reports=row["reports"],
        posted_at=row["posted_at"],
        edited_at=row["edited_at"],
        version=row["version"],
    )


def _part(row: Record) -> ReviewPart:
    return ReviewPart(
        part=Part(row["part"]),
        text=row["text"],
        shown=row["shown"],
        pictures=tuple(row["pictures"]),
        state=PartState(row["state"]),
        held_for=HeldFor(row["held_for"]) if row["held_for"] else None,
        findings=tuple(Finding.model_validate(each) for each in row["findings"]),
        words_version=row["words_version"],
        written_at=row["written_at"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        decided_why=row["decided_why"],
        appeal=row["appeal"],
    )
