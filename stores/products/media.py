"""Pictures: the bytes in the blob storage, what they are in the database."""

from collections.abc import Sequence
from datetime import datetime

from hanse.blobs import Blobs
from hanse.database import Database
from hanse.pictures import PictureIntake, PictureRefused
from models.products.errors import MediaRefused
from models.products.types import Media
from models.shared.ids import MediaId
from stores.products.rows import to_media


class MediaStore:
    """Takes uploads in and gives their bytes out."""

    def __init__(self, db: Database, blobs: Blobs) -> None:
        self._db = db
        self._blobs = blobs
        self._intake = PictureIntake(blobs)

    async def keep(self, upload: bytes, media_id: MediaId, now: datetime) -> Media:
        """Check, re-encode and keep a picture; `MediaRefused` says why not. Idempotent by the bytes of the upload.

        The blobs are durable before the row exists, so a row never points at nothing; a blob without a row does no harm.
        """
        try:
            picture = await self._intake.keep(upload)
        except PictureRefused as reason:
            raise MediaRefused(str(reason)) from reason
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO media (id, source_sha256, name, small_name, width, height, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (source_sha256) DO NOTHING
                """,
                media_id,
                picture.source_sha256,
                picture.large.name,
                picture.small.name,
                picture.large.width,
                picture.large.height,
                now,
            )
            row = await tx.fetchrow("SELECT * FROM media WHERE source_sha256 = $1", picture.source_sha256)
        assert row is not None
        return to_media(row)

    async def among(self, names: Sequence[str]) -> set[str]:
        """Which of these names are pictures of the catalogue."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT name FROM media WHERE name = ANY($1::text[])", list(names))
        return {row["name"] for row in rows}

    async def read(self, name: str) -> bytes | None:
        """The bytes of a picture by the name in its address; None if there is none."""
        return await self._blobs.get(name)
