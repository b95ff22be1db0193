"""Rules and limits of a fresh database, for the tests of promotions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hanse.database import Database
from models.promotions.limits import PurchaseLimit, PurchaseLimitTerms
from models.promotions.messages import CountedLine, CountPurchases, HoldBenefits, RuleUse, UncountPurchases
from models.promotions.offers import SaveTier, SpendSave
from models.promotions.types import (
    Campaign,
    CampaignTerms,
    OfferInForce,
    OfferLine,
    Promotion,
    PromotionTerms,
    RuleStatus,
)
from models.shared import Money
from models.shared.ids import (
    CampaignId,
    CategoryId,
    MerchantId,
    OrderId,
    PromotionId,
    PurchaseLimitId,
    SkuId,
    SpuId,
    UserId,
)
from stores.promotions import PromotionStore, PurchaseLimitStore
from stores.promotions.uses import redeem_uses, return_uses, take_uses

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ANNA = UserId.derive(NOW, "anna")
BEN = UserId.derive(NOW, "ben")
OLGA = UserId.derive(NOW, "olga")
"""The operator."""
SAVES = Money(minor=4_000)
OFFER = SpendSave(tiers=(SaveTier(at=Money(minor=30_000), off=SAVES),))


def order(name: object = "order") -> OrderId:
    return OrderId.derive(NOW, f"{name}")


def sku(name: str = "tea") -> SkuId:
    return SkuId.derive(NOW, name)


def line(quantity: int, name: str = "tea", **more: Any) -> OfferLine:
    told = {
        "sku_id": sku(name),
        "spu_id": SpuId.derive(NOW, name),
        "merchant_id": MerchantId.derive(NOW, "m"),
        "category_ids": (CategoryId.derive(NOW, "drinks"),),
        "quantity": quantity,
        "unit_price": Money(minor=10_000),
    }
    return OfferLine.model_validate({**told, **more})


def terms(**changes: object) -> PromotionTerms:
    told = {"label": "满 300 减 40", "offer": OFFER, "starts_at": NOW - DAY, "ends_at": NOW + DAY}
    return PromotionTerms.model_validate({**told, **changes})


def limit_terms(quantity: int, **changes: object) -> PurchaseLimitTerms:
    told = {"label": "限购", "scope": {"skus": (sku(),)}, "starts_at": NOW - 30 * DAY, "ends_at": NOW + 30 * DAY}
    return PurchaseLimitTerms.model_validate({**told, "quantity": quantity, **changes})


def use(promotion: Promotion, saved: Money = SAVES, version: int | None = None) -> RuleUse:
    return RuleUse(promotion_id=promotion.promotion_id, version=version or promotion.version, saved=saved)


def ask(*uses: RuleUse, name: object = "order", user_id: UserId = ANNA) -> HoldBenefits:
    return HoldBenefits(order_id=order(name), user_id=user_id, uses=uses, at=NOW)


def purchase(
    limits: list[PurchaseLimit],
    quantity: int,
    name: object = "order",
    *,
    user_id: UserId = ANNA,
    at: datetime = NOW,
    goods: str = "tea",
) -> CountPurchases:
    counted = CountedLine(sku_id=sku(goods), quantity=quantity, limits=tuple(one.limit_id for one in limits))
    return CountPurchases(order_id=order(name), user_id=user_id, lines=(counted,), at=at)


@dataclass
class Rulebook:
    """The stores of one fresh database."""

    db: Database
    store: PromotionStore
    limits: PurchaseLimitStore
    made: int = 0

    def _fresh(self) -> str:
        self.made += 1
        return f"{self.made}"

    async def rule(self, *, status: RuleStatus | None = RuleStatus.ACTIVE, **changes: object) -> Promotion:
        """A rule that counts now, unless said otherwise."""
        promotion_id = PromotionId.derive(NOW + timedelta(seconds=self.made), self._fresh())
        made = await self.store.rules.create(promotion_id, terms(**changes), OLGA, NOW)
        if status is None:
            return made
        return await self.store.rules.set_status(promotion_id, made.version, status, NOW)

    async def campaign(self, status: RuleStatus | None = RuleStatus.ACTIVE, **changes: object) -> Campaign:
        campaign_id = CampaignId.derive(NOW, self._fresh())
        told = {"name": "Spring", "starts_at": NOW - DAY, "ends_at": NOW + DAY, **changes}
        made = await self.store.campaigns.create(campaign_id, CampaignTerms.model_validate(told), OLGA, NOW)
        if status is None:
            return made
        return await self.store.campaigns.set_status(campaign_id, made.version, status, NOW)

    async def limit(self, quantity: int, **changes: object) -> PurchaseLimit:
        limit_id = PurchaseLimitId.derive(NOW, self._fresh())
        made = await self.limits.create(limit_id, limit_terms(quantity, **changes), OLGA, NOW)
        return await self.limits.set_status(limit_id, made.version, RuleStatus.ACTIVE, NOW)

    async def take(self, wish: HoldBenefits) -> None:
        async with self.db.transaction() as tx:
            await take_uses(tx, wish)

    async def give_back(self, name: object = "order") -> None:
        async with self.db.transaction() as tx:
            await return_uses(tx, order(name), NOW)

    async def redeem(self, name: object = "order") -> None:
        async with self.db.transaction() as tx:
            await redeem_uses(tx, order(name), NOW)

    async def uncount(self, name: object = "order") -> None:
        await self.limits.uncount_purchases(UncountPurchases(order_id=order(name), at=NOW))

    async def in_force(self, user_id: UserId | None = ANNA, at: datetime = NOW) -> dict[str, OfferInForce]:
        return {offer.rule_id: offer for offer in await self.store.offers_in_force(user_id, at)}

    async def used(self, promotion: Promotion) -> tuple[int, int]:
        """In how many orders, and how much in minor units."""
        found = await self.store.rules.get(promotion.promotion_id)
        return found.used_orders, found.used_amount.minor

    async def left(self, *lines: OfferLine, user_id: UserId | None = ANNA) -> list[int]:
        return [left.left for left in await self.limits.left_for(user_id, lines, NOW)]


def open_rulebook(db: Database) -> Rulebook:
    return Rulebook(db, PromotionStore(db), PurchaseLimitStore(db))
