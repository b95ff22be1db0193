"""Which rules count now, and what a rule said at a version."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from hanse.database import Database
from models.promotions.types import OfferInForce, PromotionTerms, RunningPromotion
from models.shared import Money
from models.shared.ids import PromotionId, UserId
from models.shared.refusals import NotFound

_REMEMBERED = 20_000
"""Versions never change, so those read before need not be read again; so many are remembered at most."""

# `promotions_on_offer` finds what is active and not over; thousands of old rules are never looked at.
_IN_FORCE = """
    FROM promotions p LEFT JOIN campaigns c USING (campaign_id)
    WHERE p.status = 'active' AND p.ends_at > $1 AND p.starts_at <= $1
      AND (p.campaign_id IS NULL OR (c.status = 'active' AND c.starts_at <= $1 AND c.ends_at > $1))
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
                SELECT p.promotion_id, p.version, p.terms, p.currency, p.budget_minor - p.used_minor AS left_minor,
                       coalesce(p.used_orders >= p.total_limit, false) OR CASE WHEN p.per_user_limit IS NOT NULL THEN
                           p.per_user_limit <= (
                               SELECT count(*) FROM promotion_uses u
                               WHERE u.promotion_id = p.promotion_id AND u.user_id = $2 AND u.state <> 'returned'
                           ) ELSE false END AS is_exhausted
                {_IN_FORCE} ORDER BY p.promotion_id
                """,
                at,
                user_id,
            )
        return tuple(self._as_it_stands(row) for row in rows)

    async def offers_at_versions(self, refs: Sequence[tuple[PromotionId, int]]) -> tuple[OfferInForce, ...]:
        """What these rules said at these versions, in the order asked, whatever became of them since: for refunds and receipts.

        Budgets and limits are left out, because what was given was given. `NotFound` for a version that never was.
        """
        found = {ref: self._read[ref] for ref in refs if ref in self._read}
        missing = [ref for ref in dict.fromkeys(refs) if ref not in found]
        if missing:
            async with self._db.reader() as connection:
                rows = await connection.fetch(
                    """
                    SELECT v.promotion_id, v.version, v.terms FROM promotion_versions v
                    JOIN unnest($1::text[], $2::int[]) AS wanted (promotion_id, version) USING (promotion_id, version)
                    """,
                    [promotion_id for promotion_id, _ in missing],
                    [version for _, version in missing],
                )
            found.update({(PromotionId(row["promotion_id"]), row["version"]): self._offer(row) for row in rows})
        for promotion_id, version in missing:
            if (promotion_id, version) not in found:
                raise NotFound(f"There is no version {version} of promotion {promotion_id}.")
        return tuple(found[ref] for ref in refs)

    async def running(self, at: datetime, *, limit: int, before: PromotionId | None = None) -> list[RunningPromotion]:
        """What buyers may know of the rules that count at `at` and are not used up; newest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                SELECT p.promotion_id, p.version, p.terms, greatest(p.starts_at, c.starts_at) AS starts_at,
                       least(p.ends_at, c.ends_at) AS ends_at, c.terms ->> 'name' AS campaign
                {_IN_FORCE} AND {_NOT_USED_UP} AND ($3::text IS NULL OR p.promotion_id < $3)
                ORDER BY p.promotion_id DESC LIMIT $2
                """,
                at,
                limit,
                before,
            )
        return [_running(row) for row in rows]

    def _as_it_stands(self, row: Record) -> OfferInForce:
        left = row["left_minor"]
        changes = {
            "left": None if left is None else Money(minor=left, currency=row["currency"]),
            "is_exhausted": row["is_exhausted"],
        }
        return self._offer(row).model_copy(update=changes)

    def _offer(self, row: Record) -> OfferInForce:
        known = self._read.get((row["promotion_id"], row["version"]))
        if known is None:
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            known = self._read[(row["promotion_id"], row["version"])] = _offer(row)
        return known


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
