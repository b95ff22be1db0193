"""Codes in bulk. A code is worth a coupon to whoever has it, so the database keeps its SHA-256 and never itself."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from hanse.database import Connection, Database
from models.promotions.coupon_rules import digest_of
from models.promotions.errors import PromotionOver
from models.promotions.types import RuleStatus
from models.promotions.wallets import MOST_CODES, CouponBatch
from models.shared.ids import CouponBatchId, CouponTemplateId, UserId
from models.shared.refusals import InvalidRequest, NotFound
from stores.promotions.coupon_rows import read_template

_BATCHES = """
    SELECT b.*, (SELECT count(*) FROM coupon_codes k WHERE k.batch_id = b.batch_id AND k.coupon_id IS NOT NULL) AS used
    FROM coupon_batches b
"""


class Codes:
    """Making, counting and voiding batches of codes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add_batch(
        self,
        batch_id: CouponBatchId,
        template_id: CouponTemplateId,
        label: str,
        codes: Sequence[str],
        *,
        made_by: UserId,
        now: datetime,
    ) -> CouponBatch:
        """Codes that are each worth one coupon of the template, up to 100,000 in one transaction. The same batch again changes
        nothing.

        Refusals: `NotFound`, `PromotionOver` for a template that has ended, `InvalidRequest` for none or too many, and for
        codes that are not different.
        """
        digests = await asyncio.to_thread(lambda: sorted(map(digest_of, codes)))
        if not 1 <= len(set(digests)) == len(codes) <= MOST_CODES:
            raise InvalidRequest(f"A batch has 1 to {MOST_CODES} codes, each different.", field="codes")
        async with self._db.transaction() as tx:
            if (await read_template(tx, template_id)).status is RuleStatus.ENDED:
                raise PromotionOver("This template has ended for good; make a new one.")
            made = await tx.execute(
                """
                INSERT INTO coupon_batches (batch_id, template_id, label, codes, made_by, made_at)
                VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (batch_id) DO NOTHING
                """,
                batch_id,
                template_id,
                label,
                len(codes),
                made_by,
                now,
            )
            if made == "INSERT 0 1":
                await tx.copy_records_to_table(
                    "coupon_codes", columns=("digest", "batch_id"), records=((digest, batch_id) for digest in digests)
                )
            return await _read(tx, batch_id)

    async def void_batch(self, batch_id: CouponBatchId, now: datetime) -> CouponBatch:
        """From now on its unused codes are worth nothing; coupons that were claimed stay. `NotFound` if there is none."""
        async with self._db.transaction() as tx:
            # Claims with a code of this batch hold its row shared: this waits for those under way, and none follows.
            await tx.execute(
                "UPDATE coupon_batches SET voided_at = $2 WHERE batch_id = $1 AND voided_at IS NULL", batch_id, now
            )
            return await _read(tx, batch_id)

    async def batch(self, batch_id: CouponBatchId) -> CouponBatch:
        """One batch, or `NotFound`."""
        async with self._db.reader() as connection:
            return await _read(connection, batch_id)

    async def batches(
        self, template_id: CouponTemplateId, *, before: CouponBatchId | None = None, limit: int = 50
    ) -> list[CouponBatch]:
        """The batches of a template, newest first, those behind `before`."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                {_BATCHES} WHERE b.template_id = $1 AND ($2::text IS NULL OR b.batch_id < $2)
                ORDER BY b.batch_id DESC LIMIT $3
                """,
                template_id,
                before,
                limit,
            )
        return [_batch(row) for row in rows]


async def _read(connection: Connection, batch_id: CouponBatchId) -> CouponBatch:
    row = await connection.fetchrow(f"{_BATCHES} WHERE b.batch_id = $1", batch_id)
    if row is None:
        raise NotFound(f"There is no batch {batch_id}.", batch_id=batch_id)
    return _batch(row)


def _batch(row: Record) -> CouponBatch:
    return CouponBatch.model_validate(dict(row))
