"""Templates: what kinds of coupons there are, each version kept for ever."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from asyncpg import ForeignKeyViolationError

from hanse.database import Connection, Database
from models.promotions.coupon_rules import check_terms
from models.promotions.coupons import CouponTemplate, CouponTerms
from models.promotions.errors import PromotionOver, PromotionTermsInvalid
from models.promotions.terms import check_step
from models.promotions.types import RuleStatus, TermsVersion
from models.shared.ids import CouponTemplateId, UserId
from models.shared.refusals import StaleVersion
from stores.promotions.coupon_rows import read_template, read_templates, template_unknown

_COPIED = ("quantity", "per_user_limit", "by_code_only", "claim_from", "claim_until", "campaign_id")
"""What a claim looks at; copied from the newest terms so that it needs one row."""


class CouponTemplates:
    """Making, revising and finding templates."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def create_template(
        self, template_id: CouponTemplateId, terms: CouponTerms, *, by: UserId, now: datetime
    ) -> CouponTemplate:
        """A new template, still a draft; once: the same id again gives the template as it is now.

        Refusal: `PromotionTermsInvalid`.
        """
        check_terms(terms)
        async with self._changing() as tx:
            made = await tx.execute(
                """
                INSERT INTO coupon_templates (template_id, version, status, quantity, per_user_limit, by_code_only, claim_from,
                    claim_until, campaign_id, claimed, created_at, changed_at)
                VALUES ($1, 1, 'draft', $2, $3, $4, $5, $6, $7, 0, $8, $8) ON CONFLICT (template_id) DO NOTHING
                """,
                template_id,
                *(getattr(terms, name) for name in _COPIED),
                now,
            )
            if made == "INSERT 0 1":
                await _keep_version(tx, template_id, 1, terms, by, now)
            return await read_template(tx, template_id)

    async def revise_template(
        self, template_id: CouponTemplateId, version: int, terms: CouponTerms, *, by: UserId, now: datetime
    ) -> CouponTemplate:
        """Other terms from now on, as the next version, if nobody else revised it since `version` (`StaleVersion`).

        Coupons in wallets keep the terms they were claimed under. Refusals: `NotFound`, `PromotionOver`,
        `PromotionTermsInvalid` (also for fewer coupons than were claimed already).
        """
        check_terms(terms)
        async with self._changing() as tx:
            before = await _lock(tx, template_id)
            _refuse_stale(before, version)
            if before.status is RuleStatus.ENDED:
                raise PromotionOver("This template has ended for good; make a new one.")
            if terms.quantity is not None and terms.quantity < before.claimed:
                raise PromotionTermsInvalid(
                    f"{before.claimed} coupons have been claimed already; the quantity cannot be lower.",
                    field="quantity",
                    claimed=before.claimed,
                )
            await tx.execute(
                """
                UPDATE coupon_templates SET version = $2, changed_at = $3, quantity = $4, per_user_limit = $5,
                    by_code_only = $6, claim_from = $7, claim_until = $8, campaign_id = $9
                WHERE template_id = $1
                """,
                template_id,
                version + 1,
                now,
                *(getattr(terms, name) for name in _COPIED),
            )
            await _keep_version(tx, template_id, version + 1, terms, by, now)
            return await read_template(tx, template_id)

    async def set_template_status(
        self, template_id: CouponTemplateId, version: int, status: RuleStatus, now: datetime
    ) -> CouponTemplate:
        """Offer it, pause it, or end it for good, decided on `version` of its terms; coupons in wallets stay what they are. The
        status it has already changes nothing.

        Refusals: `NotFound`, `StaleVersion`, `PromotionOver`, `PromotionStepIllegal`.
        """
        async with self._db.transaction() as tx:
            before = await _lock(tx, template_id)
            _refuse_stale(before, version)
            if before.status is not status:
                check_step(before.status, status)
                await tx.execute(
                    "UPDATE coupon_templates SET status = $2, changed_at = $3 WHERE template_id = $1",
                    template_id,
                    status,
                    now,
                )
            return await read_template(tx, template_id)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[Connection]:
        """A transaction in which a campaign that does not exist is a refusal."""
        try:
            async with self._db.transaction() as tx:
                yield tx
        except ForeignKeyViolationError as unknown:
            raise PromotionTermsInvalid("There is no such campaign.", field="campaign_id") from unknown

    async def template(self, template_id: CouponTemplateId) -> CouponTemplate:
        """One template as it is now, or `NotFound`."""
        async with self._db.reader() as connection:
            return await read_template(connection, template_id)

    async def templates(
        self, *, status: RuleStatus | None = None, before: CouponTemplateId | None = None, limit: int = 50
    ) -> list[CouponTemplate]:
        """Templates, newest first, those behind `before`."""
        async with self._db.reader() as connection:
            return await read_templates(
                connection,
                """
                WHERE ($1::text IS NULL OR t.status = $1) AND ($2::text IS NULL OR t.template_id < $2)
                ORDER BY t.template_id DESC LIMIT $3
                """,
                status,
                before,
                limit,
            )

    async def template_versions(
        self, template_id: CouponTemplateId, *, before: int | None = None, limit: int = 50
    ) -> list[TermsVersion[CouponTerms]]:
        """What the template said at each version and who decided so, newest first, those before `before`; `NotFound`."""
        async with self._db.reader() as connection:
            await read_template(connection, template_id)
            rows = await connection.fetch(
                """
                SELECT version, terms, decided_at, decided_by FROM coupon_template_versions
                WHERE template_id = $1 AND ($2::int IS NULL OR version < $2) ORDER BY version DESC LIMIT $3
                """,
                template_id,
                before,
                limit,
            )
        return [TermsVersion[CouponTerms].model_validate(dict(row)) for row in rows]


async def _lock(tx: Connection, template_id: CouponTemplateId) -> CouponTemplate:
    locked = "SELECT true FROM coupon_templates WHERE template_id = $1 FOR NO KEY UPDATE"
    if await tx.fetchval(locked, template_id) is None:
        raise template_unknown(template_id)
    return await read_template(tx, template_id)


async def _keep_version(
    tx: Connection, template_id: CouponTemplateId, version: int, terms: CouponTerms, by: UserId, now: datetime
) -> None:
    await tx.execute(
        """
        INSERT INTO coupon_template_versions (template_id, version, terms, decided_at, decided_by)
        VALUES ($1, $2, $3, $4, $5)
        """,
        template_id,
        version,
        terms.model_dump(mode="json"),
        now,
        by,
    )


def _refuse_stale(before: CouponTemplate, version: int) -> None:
    if before.version != version:
        raise StaleVersion(
            f"{before.template_id} is at version {before.version}, not {version}. Read it again and repeat the edit.",
            version=before.version,
        )
