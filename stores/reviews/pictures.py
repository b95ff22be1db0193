"""Pictures that buyers upload to review something."""

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


class ReviewPictures:
    """Takes uploads in; the bytes are read where those of the catalogue are."""

    def __init__(self, db: Database, blobs: Blobs) -> None:
        self._db = db
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
