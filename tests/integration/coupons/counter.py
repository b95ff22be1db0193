"""A counter where coupons are made, claimed and spent, for the tests of this folder."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hanse.database import Database
from models.promotions.coupon_rules import CODE_ENTROPY, write_codes
from models.promotions.coupons import Coupon, CouponTemplate, CouponTerms
from models.promotions.messages import BenefitsOf, HoldBenefits, RuleUse, SettleRefund
from models.promotions.offers import DirectCut, SaveTier, SpendSave
from models.promotions.types import PromotionTerms, RuleStatus
from models.shared import Money
from models.shared.events import Event
from models.shared.ids import CouponBatchId, CouponId, CouponTemplateId, OrderId, PromotionId, RefundId, UserId
from stores.promotions.benefits import BenefitStore
from stores.promotions.coupons import CouponStore

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
OPERATOR = UserId.derive(NOW, "olga")
CUT = SpendSave(tiers=(SaveTier(at=Money(minor=10_000), off=Money(minor=1_000)),))


def user(name: str | int = "anna") -> UserId:
    return UserId.derive(NOW, str(name))


def order(name: str | int = "order") -> OrderId:
    return OrderId.derive(NOW, str(name))


def refund(name: str | int = "refund") -> RefundId:
    return RefundId.derive(NOW, str(name))


def terms(**said: Any) -> CouponTerms:
    plain: dict[str, Any] = {
        "label": "10 off 100",
        "offer": CUT,
        "claim_from": NOW - timedelta(days=1),
        "claim_until": NOW + timedelta(days=7),
        "valid_days": 30,
    }
    return CouponTerms.model_validate(plain | said)


@dataclass
class Counter:
    """Coupons and what orders spend, in a fresh database."""

    coupons: CouponStore
    benefits: BenefitStore
    db: Database

    async def template(self, name: str = "ten off", **said: Any) -> CouponTemplate:
        """A template that is offered."""
        template_id = CouponTemplateId.derive(NOW, name)
        await self.coupons.create_template(template_id, terms(**said), by=OPERATOR, now=NOW)
        return await self.coupons.set_template_status(template_id, 1, RuleStatus.ACTIVE, NOW)

    async def claim(
        self, template: CouponTemplate, name: str | int = "anna", key: str = "claim", now: datetime = NOW
    ) -> Coupon:
        return await self.coupons.claim_once(user(name), key=key, now=now, template_id=template.template_id)

    async def coupon(self, name: str | int = "anna", key: str = "claim", **said: Any) -> Coupon:
        """A coupon of a template of its own."""
        return await self.claim(await self.template(f"{name} {key}", **said), name, key)

    async def codes(self, template: CouponTemplate, count: int) -> list[str]:
        written = list(write_codes(secrets.token_bytes(CODE_ENTROPY * count)))
        await self.coupons.add_batch(
            CouponBatchId.derive(NOW, "batch"), template.template_id, "letters", written, made_by=OPERATOR, now=NOW
        )
        return written

    async def hold(
        self,
        order_id: OrderId,
        *coupons: CouponId,
        name: str | int = "anna",
        points: int = 0,
        uses: Sequence[RuleUse] = (),
        at: datetime = NOW,
    ) -> tuple[Event, ...]:
        return await self.benefits.hold_all_or_nothing(
            HoldBenefits(order_id=order_id, user_id=user(name), coupons=coupons, points=points, uses=tuple(uses), at=at)
        )

    async def redeem(self, order_id: OrderId, at: datetime = NOW) -> tuple[Event, ...]:
        return await self.benefits.redeem(BenefitsOf(order_id=order_id, at=at))

    async def give_back(self, order_id: OrderId, at: datetime = NOW) -> tuple[Event, ...]:
        return await self.benefits.return_all(BenefitsOf(order_id=order_id, at=at))

    async def settle(self, order_id: OrderId, refund_id: RefundId, **said: Any) -> tuple[Event, ...]:
        plain: dict[str, Any] = {"user_id": user(), "refunded": Money(minor=1_000), "at": NOW}
        return await self.benefits.settle_refund(
            SettleRefund.model_validate({"order_id": order_id, "refund_id": refund_id, **plain, **said})
        )

    async def state_of(self, coupon: Coupon) -> str:
        async with self.db.reader() as connection:
            state: str = await connection.fetchval("SELECT state FROM coupons WHERE coupon_id = $1", coupon.coupon_id)
        return state

    async def give_points(self, points: int, name: str | int = "anna") -> None:
        """Points that this buyer has, in one lot that lives long."""
        async with self.db.transaction() as tx:
            entry = f"pte_{secrets.token_hex(13)}"
            await tx.execute(
                "INSERT INTO points_accounts (user_id, balance) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                user(name),
                points,
            )
            await tx.execute(
                """
                INSERT INTO points_entries (entry_id, user_id, kind, delta, balance, reference, occasion, actor, why, at)
                VALUES ($1, $2, 'adjusted', $3, $3, $1, $1, 'test', '', $4)
                """,
                *(entry, user(name), points, NOW),
            )
            await tx.execute(
                "INSERT INTO points_lots (user_id, entry_id, earned, remaining, expires_at) VALUES ($1, $2, $3, $3, $4)",
                *(user(name), entry, points, NOW + timedelta(days=300)),
            )

    async def balance(self, name: str | int = "anna") -> int:
        async with self.db.reader() as connection:
            found = await connection.fetchval("SELECT balance FROM points_accounts WHERE user_id = $1", user(name))
        return int(found or 0)

    async def rule(self, name: str = "rule", **limits: Any) -> PromotionId:
        """A rule in force, with these limits."""
        promotion_id = PromotionId.derive(NOW, name)
        said = PromotionTerms(
            label=name,
            offer=DirectCut(off=Money(minor=100)),
            starts_at=NOW - timedelta(days=1),
            ends_at=NOW + timedelta(days=7),
            **limits,
        )
        dumped = said.model_dump(mode="json")
        async with self.db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO promotions (promotion_id, version, status, terms, starts_at, ends_at, currency, budget_minor,
                    total_limit, per_user_limit, used_orders, used_minor, created_at, changed_at)
                VALUES ($1, 1, 'active', $2, $3, $4, 'CNY', $5, $6, $7, 0, 0, $3, $3)
                """,
                *(promotion_id, dumped, said.starts_at, said.ends_at),
                *(said.budget.minor if said.budget else None, said.total_limit, said.per_user_limit),
            )
            await tx.execute(
                "INSERT INTO promotion_versions (promotion_id, version, terms, decided_at, decided_by) VALUES ($1, 1, $2, $3, $4)",
                *(promotion_id, dumped, NOW, OPERATOR),
            )
        return promotion_id

    async def used(self, promotion_id: PromotionId) -> int:
        async with self.db.reader() as connection:
            found = await connection.fetchval(
                "SELECT used_orders FROM promotions WHERE promotion_id = $1", promotion_id
            )
        return int(found)

    async def everything(self) -> Sequence[object]:
        """All rows that coupons and orders move, to show that nothing changed."""
        tables = (
            "coupon_templates", "coupon_claimants", "coupon_codes", "coupons", "held_benefits", "settled_refunds",
            "promotions", "promotion_uses", "points_accounts", "points_lots", "points_entries", "points_spends",
        )  # fmt: skip
        async with self.db.reader() as connection:
            return [
                [tuple(row) for row in await connection.fetch(f"SELECT * FROM {table} t ORDER BY t::text")]
                for table in tables
            ]


def use(promotion_id: PromotionId, saved: int = 100) -> RuleUse:
    return RuleUse(promotion_id=promotion_id, version=1, saved=Money(minor=saved))
