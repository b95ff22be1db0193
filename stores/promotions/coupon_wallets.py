"""Wallets: the coupons a buyer has, what they could claim, and what an operator may take back."""

from collections.abc import Sequence
from datetime import datetime

from hanse.database import Database
from models.promotions.coupon_rules import as_offer, check_usable
from models.promotions.coupons import Coupon, CouponState, CouponTerms
from models.promotions.errors import CouponAlreadyUsed, CouponLocked
from models.promotions.types import OfferInForce
from models.promotions.wallets import ClaimableCoupon, WalletFilter
from models.shared import Instant
from models.shared.ids import CouponId, CouponTemplateId, OrderId, UserId
from stores.promotions.coupon_rows import coupon_unknown, in_order, lock_coupons, read_coupons

_FILTERS = {
    None: "true",
    WalletFilter.USABLE: "c.state = 'claimed' AND $2 < c.valid_until",
    WalletFilter.LOCKED: "c.state = 'locked'",
    WalletFilter.USED: "c.state = 'redeemed'",
    WalletFilter.EXPIRED: "c.state = 'claimed' AND c.valid_until <= $2",
}


class Wallets:
    """Looking at coupons, and taking one back."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def wallet(
        self,
        user_id: UserId,
        at: Instant,
        *,
        only: WalletFilter | None = None,
        before: CouponId | None = None,
        limit: int = 50,
    ) -> list[Coupon]:
        """This buyer's coupons, newest first, those behind `before`. That a coupon is over follows from `at`."""
        async with self._db.reader() as connection:
            return await read_coupons(
                connection,
                f"""
                WHERE c.user_id = $1 AND {_FILTERS[only]} AND $2::timestamptz IS NOT NULL
                  AND ($3::text IS NULL OR c.coupon_id < $3)
                ORDER BY c.coupon_id DESC LIMIT $4
                """,
                user_id,
                at,
                before,
                limit,
            )

    async def coupon_of(self, coupon_id: CouponId, user_id: UserId) -> Coupon:
        """One coupon of this buyer; `CouponNotFound` for another's too."""
        async with self._db.reader() as connection:
            found = await read_coupons(connection, "WHERE c.coupon_id = $1 AND c.user_id = $2", coupon_id, user_id)
        if not found:
            raise coupon_unknown(coupon_id)
        return found[0]

    async def coupons_of_template(
        self, template_id: CouponTemplateId, *, before: CouponId | None = None, limit: int = 50
    ) -> list[Coupon]:
        """Who claimed it, newest first, those behind `before`."""
        async with self._db.reader() as connection:
            return await read_coupons(
                connection,
                """
                WHERE c.template_id = $1 AND ($2::text IS NULL OR c.coupon_id < $2)
                ORDER BY c.coupon_id DESC LIMIT $3
                """,
                template_id,
                before,
                limit,
            )

    async def void(self, coupon_id: CouponId, now: datetime) -> Coupon:
        """Take a coupon back; again changes nothing. Refusals: `CouponNotFound`, `CouponLocked`, `CouponAlreadyUsed`."""
        async with self._db.transaction() as tx:
            found = await lock_coupons(tx, [coupon_id])
            (coupon,) = in_order([coupon_id], found)
            match coupon.state:
                case CouponState.VOID:
                    return coupon
                case CouponState.LOCKED:
                    raise CouponLocked(
                        f"Order {coupon.order_id} holds it; cancel that order first.", order_id=coupon.order_id
                    )
                case CouponState.REDEEMED:
                    raise CouponAlreadyUsed(f"Order {coupon.order_id} has used it.", order_id=coupon.order_id)
            await tx.execute("UPDATE coupons SET state = 'void', voided_at = $2 WHERE coupon_id = $1", coupon_id, now)
            return (await read_coupons(tx, "WHERE c.coupon_id = $1", coupon_id))[0]

    async def claimable(
        self,
        user_id: UserId | None,
        at: Instant,
        *,
        before: CouponTemplateId | None = None,
        limit: int = 50,
    ) -> list[ClaimableCoupon]:
        """What is offered to be claimed from the list now, newest first, those behind `before`, as this buyer sees it, or a
        visitor, who is no member."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT t.template_id, t.version, v.terms, t.quantity - t.claimed AS left, coalesce(n.claimed, 0) AS claimed
                FROM coupon_templates t JOIN coupon_template_versions v USING (template_id, version)
                LEFT JOIN coupon_claimants n ON n.template_id = t.template_id AND n.user_id = $1
                LEFT JOIN campaigns g USING (campaign_id)
                WHERE t.status = 'active' AND NOT t.by_code_only AND t.claim_from <= $2 AND $2 < t.claim_until
                  AND coalesce(g.status = 'active' AND g.starts_at <= $2 AND $2 < g.ends_at, true)
                  AND ($3::text IS NULL OR t.template_id < $3)
                ORDER BY t.template_id DESC LIMIT $4
                """,
                user_id,
                at,
                before,
                limit,
            )
        return [_claimable(dict(row), is_member=user_id is not None) for row in rows]

    # ---- coupons as offers -------------------------------------------------------------------------------------------

    async def offers_of(
        self, user_id: UserId, coupons: Sequence[CouponId], at: Instant, *, for_order: OrderId | None = None
    ) -> tuple[OfferInForce, ...]:
        """These coupons of this buyer as the engine takes them, each once, in their order.

        Refusals: `CouponNotFound` (another's too), `CouponAlreadyUsed`, `CouponLocked` (but by `for_order`),
        `CouponNotValid`. Nothing is locked: only `hold_all_or_nothing` promises a coupon.
        """
        if not coupons:
            return ()
        async with self._db.reader() as connection:
            found = await read_coupons(
                connection, "WHERE c.coupon_id = ANY($1) AND c.user_id = $2", list(coupons), user_id
            )
        wanted = in_order(coupons, {coupon.coupon_id: coupon for coupon in found})
        for coupon in wanted:
            check_usable(coupon, at, for_order)
        return tuple(map(as_offer, wanted))

    async def offers_for_receipt(self, coupons: Sequence[CouponId]) -> tuple[OfferInForce, ...]:
        """What these coupons said when they were claimed, whatever became of them: for refunds. `CouponNotFound` if one never was."""
        if not coupons:
            return ()
        async with self._db.reader() as connection:
            found = await read_coupons(connection, "WHERE c.coupon_id = ANY($1)", list(coupons))
        return tuple(map(as_offer, in_order(coupons, {coupon.coupon_id: coupon for coupon in found})))


def _claimable(row: dict[str, object], *, is_member: bool) -> ClaimableCoupon:
    terms = CouponTerms.model_validate(row["terms"])
    left, claimed = row["left"], row["claimed"]
    free = (left is None or left != 0) and isinstance(claimed, int) and claimed < terms.per_user_limit
    may = free and (is_member or not terms.members_only)
    return ClaimableCoupon.model_validate({**row, "terms": terms, "is_claimable": may})
