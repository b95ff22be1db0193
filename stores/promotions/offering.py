"""Which rules count now, and what a rule said at a version."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from hanse.database import Connection, Database
from models.promotions.types import OfferInForce, PromotionTerms, RunningPromotion
from models.shared import Money
from models.shared.ids import PromotionId, UserId
from models.shared.refusals import NotFound

_REMEMBERED = 20_000
"""Versions never change, so those read before need not be read again; so many are remembered at most."""

# `promotions_on_offer` finds what is active and not over; thousands of old rules are never looked at.
_IN_FORCE = """
    FROM promotions p LEFT JOIN campaigns c USING (campaign_id) {joined}
    WHERE p.status = 'active' AND p.ends_at > $1 AND p.starts_at <= $1
      AND (p.campaign_id IS NULL OR (c.status = 'active' AND c.starts_at <= $1 AND c.ends_at > $1))
"""
_USES_OF_BUYER = """
    LEFT JOIN (
        SELECT promotion_id, count(*) AS uses FROM promotion_uses WHERE user_id = $2 AND state <> 'returned'
        GROUP BY promotion_id
    ) mine USING (promotion_id)
"""
_NOT_USED_UP = "coalesce(p.used_minor < p.budget_minor, true) AND coalesce(p.used_orders < p.total_limit, true)"


class Offering:
    """What quotes, receipts and the storefront ask of rules; nothing here changes one."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._read: dict[tuple[str, int], OfferInForce] = {}

    async def offers_in_force(self, user_id: UserId | None, at: datetime) -> tuple[OfferInForce, ...]:
        """Every rule that is active at `at`, its campaign too, with what is left of its budget; oldest first.

        `is_exhausted` if its total limit, or this buyer's own, is reached. Nobody is refused anything here: what is left
        may be gone when the order takes it (`take_uses` decides).
        """
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                SELECT p.promotion_id, p.version, p.currency, p.budget_minor - p.used_minor AS left_minor,
                       coalesce(p.used_orders >= p.total_limit, false)
                           OR coalesce(p.per_user_limit <= mine.uses, false) AS is_exhausted
                {_IN_FORCE.format(joined=_USES_OF_BUYER)} ORDER BY p.promotion_id
                """,
                at,
                user_id,
            )
            said = await self._said(connection, [(row["promotion_id"], row["version"]) for row in rows])
        return tuple(_as_it_stands(said[row["promotion_id"], row["version"]], row) for row in rows)

    async def offers_at_versions(self, refs: Sequence[tuple[PromotionId, int]]) -> tuple[OfferInForce, ...]:
        """What these rules said at these versions, in the order asked, whatever became of them since: for refunds and receipts.

        Budgets and limits are left out, because what was given was given. `NotFound` for a version that never was.
        """
        async with self._db.reader() as connection:
            said = await self._said(connection, refs)
        for promotion_id, version in refs:
            if (promotion_id, version) not in said:
                raise NotFound(f"There is no version {version} of promotion {promotion_id}.")
        return tuple(said[ref] for ref in refs)

    async def running(self, at: datetime, *, limit: int, before: PromotionId | None = None) -> list[RunningPromotion]:
        """What buyers may know of the rules that count at `at` and are not used up; newest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                SELECT p.promotion_id, p.version, p.terms, greatest(p.starts_at, c.starts_at) AS starts_at,
                       least(p.ends_at, c.ends_at) AS ends_at, c.terms ->> 'name' AS campaign
                {_IN_FORCE.format(joined="")} AND {_NOT_USED_UP} AND ($3::text IS NULL OR p.promotion_id < $3)
                ORDER BY p.promotion_id DESC LIMIT $2
                """,
                at,
                limit,
                before,
            )
        return [_running(row) for row in rows]

    async def _said(
        self, connection: Connection, refs: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], OfferInForce]:
        """What rules said at versions; those that never were are absent. Only what was not read before is asked for."""
        said = {ref: self._read[ref] for ref in refs if ref in self._read}
        missing = [ref for ref in dict.fromkeys(refs) if ref not in said]
        if missing:
            rows = await connection.fetch(
                """
                SELECT v.promotion_id, v.version, v.terms FROM promotion_versions v
                JOIN unnest($1::text[], $2::int[]) AS wanted (promotion_id, version) USING (promotion_id, version)
                """,
                [promotion_id for promotion_id, _ in missing],
                [version for _, version in missing],
            )
            read = {(row["promotion_id"], row["version"]): _offer(row) for row in rows}
            said.update(read)
            if len(self._read) + len(read) > _REMEMBERED:
                self._read.clear()
            self._read.update(read)
        return said


def _as_it_stands(offer: OfferInForce, row: Record) -> OfferInForce:
    left = row["left_minor"]
    if left is None and not row["is_exhausted"]:
        return offer
    changes = {
        "left": None if left is None else Money(minor=left, currency=row["currency"]),
        "is_exhausted": row["is_exhausted"],
    }
    return offer.model_copy(update=changes)


def _offer(row: Record) -> OfferInForce:
    terms = PromotionTerms.model_validate(row["terms"])
    return OfferInForce(
        rule_id=row["promotion_id"],
        rule_version=row["version"],
        label=terms.label,
        offer=terms.offer,
        scope=terms.scope,
        priority=terms.priority,
        group=terms.group,
        members_only=terms.members_only,
        is_counted=not (terms.budget is None and terms.total_limit is None and terms.per_user_limit is None),
        claws_back=terms.on_refund == "claw_back",
    )


def _running(row: Record) -> RunningPromotion:
    terms = PromotionTerms.model_validate(row["terms"])
    return RunningPromotion(
        promotion_id=PromotionId(row["promotion_id"]),
        version=row["version"],
        label=terms.label,
        offer=terms.offer,
        scope=terms.scope,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        members_only=terms.members_only,
        per_user_limit=terms.per_user_limit,
        campaign=row["campaign"],
    )
