"""Pictures that buyers upload to review something."""

from collections.abc import Sequence

from hanse.blobs import Blobs
from hanse.database import Database
from hanse.pictures import PictureIntake, PictureRefused
from models.reviews.errors import ReviewPictureRefused
from models.shared import Frozen, Instant
from models.shared.ids import UserId


class ReviewPicture(Frozen):
    """A picture that its uploader may put into a review, by its `name`."""

    name: str
    url: str
    small_url: str
    width: int
    height: int


class UnusedPicture(Frozen):
    """A picture that no review has, by the names of its two sizes."""

    name: str
    small_name: str


class ReviewPictures:
    """Takes uploads in; the bytes are read where those of the catalogue are."""

    def __init__(self, db: Database, blobs: Blobs) -> None:
        self._db = db
        self._blobs = blobs
        self._intake = PictureIntake(blobs)

    async def keep(self, upload: bytes, user_id: UserId, at: Instant) -> ReviewPicture:
        """Check, re-encode without metadata and keep; `ReviewPictureRefused` says why not. Idempotent by the bytes and the user.

        The blobs are durable before the row exists, so a row never points at nothing; a blob without a row does no harm.
        """
        try:
            picture = await self._intake.keep(upload)
        except PictureRefused as reason:
            raise ReviewPictureRefused(str(reason)) from reason
        large, small = picture.large, picture.small
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO review_pictures (name, user_id, small_name, width, height, at) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT DO NOTHING
                """,
                *(large.name, user_id, small.name, large.width, large.height, at),
            )
        return ReviewPicture(
            name=large.name,
            url=f"/media/{large.name}",
            small_url=f"/media/{small.name}",
            width=large.width,
            height=large.height,
        )

    async def forget_unused(self, before: Instant, limit: int) -> list[UnusedPicture]:
        """Forget at most so many pictures that were uploaded before then and never put into a review. A review that takes one at
        the same moment either has it, or is refused `PictureUnknown`. Their bytes are removed by `remove`; a crash between the two
        leaves bytes that nobody misses."""
        async with self._db.transaction() as tx:
            gone = await tx.fetch(
                """
                DELETE FROM review_pictures WHERE NOT used AND (name, user_id) IN (
                    SELECT name, user_id FROM review_pictures WHERE NOT used AND at < $1 ORDER BY at LIMIT $2
                    FOR UPDATE SKIP LOCKED
                ) RETURNING name, small_name
                """,
                *(before, limit),
            )
        return [UnusedPicture(name=row["name"], small_name=row["small_name"]) for row in gone]

    async def remove(self, pictures: Sequence[UnusedPicture], before: Instant) -> None:
        """Remove the bytes of these, unless another buyer uploaded the same picture, or somebody did since then."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT name FROM review_pictures WHERE name = ANY($1::text[])", [picture.name for picture in pictures]
            )
        kept = {row["name"] for row in rows}
        for name in {
            name for picture in pictures if picture.name not in kept for name in (picture.name, picture.small_name)
        }:
            await self._blobs.remove(name, untouched_since=before)
