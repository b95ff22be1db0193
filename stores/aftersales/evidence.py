"""Pictures that show what is wrong: checked, re-encoded without metadata, and shown to few."""

from collections.abc import Sequence

from hanse.blobs import Blobs
from hanse.database import Database
from hanse.pictures import PictureIntake, PictureRefused
from models.aftersales.errors import EvidenceFull, EvidenceRefused
from models.aftersales.types import StoredEvidence
from models.shared import Instant
from models.shared.ids import AftersaleId, EvidenceId, UserId
from models.shared.refusals import NotFound

_MOST_WAITING = 30
"""Pictures of one buyer that no case has (yet), so that uploading alone fills no disk."""


class EvidenceStore:
    """Takes pictures in; their bytes lie in the blob storage under the hash of what they show."""

    def __init__(self, db: Database, blobs: Blobs) -> None:
        self._db = db
        self._blobs = blobs
        self._intake = PictureIntake(blobs)

    async def keep(self, upload: bytes, evidence_id: EvidenceId, user_id: UserId, now: Instant) -> StoredEvidence:
        """Check, re-encode and keep a picture of this buyer's, in two sizes. Refuses `EvidenceRefused`, which says why, and
        `EvidenceFull` when too many wait for a case. The bytes are durable before the row exists."""
        async with self._db.reader() as connection:
            waiting = await connection.fetchval(
                "SELECT count(*) FROM aftersale_evidence WHERE user_id = $1 AND aftersale_id IS NULL", user_id
            )
        if waiting >= _MOST_WAITING:
            raise EvidenceFull(f"{waiting} of your pictures wait for a case. Apply with these first.", waiting=waiting)
        try:
            picture = await self._intake.keep(upload)
        except PictureRefused as reason:
            raise EvidenceRefused(str(reason)) from reason
        large, small = picture.large, picture.small
        kept = StoredEvidence(
            evidence_id=evidence_id,
            user_id=user_id,
            name=large.name,
            small_name=small.name,
            width=large.width,
            height=large.height,
            uploaded_at=now,
        )
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO aftersale_evidence (evidence_id, user_id, name, small_name, width, height, uploaded_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (evidence_id) DO NOTHING
                """,
                *(kept.evidence_id, kept.user_id, kept.name, kept.small_name, kept.width, kept.height, now),
            )
        return kept

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove at most so many pictures that were uploaded before then and that no case has; answers how many. A case that takes
        one at the same moment either has it, or is refused `EvidenceUnknown`."""
        first_kept = EvidenceId.mint(before, bytes(10))
        async with self._db.transaction() as tx:
            gone = await tx.fetch(
                """
                DELETE FROM aftersale_evidence WHERE aftersale_id IS NULL AND evidence_id IN (
                    SELECT evidence_id FROM aftersale_evidence WHERE aftersale_id IS NULL AND evidence_id < $1
                    ORDER BY evidence_id LIMIT $2 FOR UPDATE SKIP LOCKED
                ) RETURNING name, small_name
                """,
                *(first_kept, limit),
            )
        async with self._db.reader() as connection:
            kept = await connection.fetch(
                "SELECT name FROM aftersale_evidence WHERE name = ANY($1::text[])", [row["name"] for row in gone]
            )
        shown = {row["name"] for row in kept}
        for name in {name for row in gone if row["name"] not in shown for name in (row["name"], row["small_name"])}:
            await self._blobs.remove(name, untouched_since=before)
        return len(gone)

    async def find(self, evidence_id: EvidenceId) -> StoredEvidence:
        """What is known of a picture, or `NotFound`."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow("SELECT * FROM aftersale_evidence WHERE evidence_id = $1", evidence_id)
        if row is None:
            raise evidence_unseen(evidence_id)
        return StoredEvidence.model_validate(dict(row))

    async def of_case(self, aftersale_id: AftersaleId) -> Sequence[StoredEvidence]:
        """The pictures of a case, in the order in which they were uploaded."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT * FROM aftersale_evidence WHERE aftersale_id = $1 ORDER BY evidence_id", aftersale_id
            )
        return [StoredEvidence.model_validate(dict(row)) for row in rows]

    async def read(self, picture: StoredEvidence, *, small: bool) -> bytes:
        """The bytes, as WebP; `NotFound` when the storage has lost them."""
        content = await self._blobs.get(picture.small_name if small else picture.name)
        if content is None:
            raise evidence_unseen(picture.evidence_id)
        return content


def evidence_unseen(evidence_id: EvidenceId) -> NotFound:
    """There is no such picture, or none that the caller may see."""
    return NotFound(f"There is no picture {evidence_id}.", evidence_id=evidence_id)
