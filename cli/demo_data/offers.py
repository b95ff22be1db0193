"""What the demo shop takes off: a campaign of six rules, three kinds of coupons, a purchase limit, and shipping that costs something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from models.orders.types import ShippingRate
from models.products.types import Category, Product
from models.promotions.coupons import CouponTerms
from models.promotions.limits import PurchaseLimitTerms
from models.promotions.offers import (
    CouponOffer,
    DirectCut,
    FreeShipping,
    NForM,
    Offer,
    PercentTier,
    SaveTier,
    Scope,
    SkuPrice,
    SpendPercent,
    SpendSave,
    TimedPrice,
)
from models.promotions.types import CampaignTerms, PromotionTerms, RuleStatus
from models.shared import Money
from models.shared.ids import (
    CampaignId,
    CategoryId,
    CouponBatchId,
    CouponTemplateId,
    MerchantId,
    PromotionId,
    PurchaseLimitId,
    SpuId,
    UserId,
)
from stores.fulfillment.rates import Rates
from stores.promotions import CouponStore, PromotionStore, PurchaseLimitStore

CODES = tuple(f"WELCOME-{number:02}" for number in range(1, 21))
"""Each is worth one coupon. Everybody can read them here, like the passwords of the demo accounts."""

_ALWAYS = {"starts_at": datetime(2020, 1, 1, tzinfo=UTC), "ends_at": datetime(2100, 1, 1, tzinfo=UTC)}
_CLAIMED = {"claim_from": _ALWAYS["starts_at"], "claim_until": _ALWAYS["ends_at"], "valid_days": 30}
_OPENING = datetime(2026, 1, 1, tzinfo=UTC)
"""Ids are derived from this, so that a repeated load finds what it made before."""


@dataclass(frozen=True)
class Shelf:
    """What offers name of the demo catalogue."""

    categories: Mapping[str, CategoryId]
    products: Mapping[str, Product]
    merchants: Sequence[MerchantId]

    @classmethod
    def of(cls, categories: Sequence[Category], products: Sequence[Product]) -> "Shelf":
        """By their codes."""
        return cls(
            {category.code: category.category_id for category in categories},
            {product.code: product for product in products},
            sorted({product.merchant_id for product in products}),
        )

    @property
    def everything(self) -> Scope:
        """All that the demo merchants sell."""
        return Scope(merchants=tuple(self.merchants))

    def below(self, category: str) -> Scope:
        """What the demo merchants sell in a category."""
        return Scope(categories=(self.categories[category],))

    def product(self, code: str) -> Scope:
        """One product."""
        return Scope(products=(SpuId(self.products[code].spu_id),))


@dataclass(frozen=True)
class Offers:
    """The stores that keep offers."""

    promotions: PromotionStore
    coupons: CouponStore
    limits: PurchaseLimitStore
    rates: Rates

    async def ensure(self, shelf: Shelf, by: UserId, now: datetime) -> None:
        """All of it is there afterwards; what an operator changed or ended since stays as it is."""
        for merchant_id in shelf.merchants:
            if not await self.rates.rates_of(merchant_id):
                await self.rates.put_rate(
                    ShippingRate(merchant_id=merchant_id, country="CN", base=_yuan(8), per_unit=_yuan(0))
                )
        campaign = await self._campaign(by, now)
        for code, terms in _rules(shelf, campaign).items():
            await self._rule(PromotionId.derive(_OPENING, "demo", code), terms, by, now)
        for code, coupon in _coupons(shelf, campaign).items():
            await self._template(CouponTemplateId.derive(_OPENING, "demo", code), coupon, by, now)
        await self._limit(_limit(shelf, campaign), by, now)

    async def _campaign(self, by: UserId, now: datetime) -> CampaignId:
        terms = CampaignTerms(name="开港季 Harbour season", note="Made by the demo shop.", **_ALWAYS)
        made = await self.promotions.campaigns.create(CampaignId.derive(_OPENING, "demo", "season"), terms, by, now)
        if made.status is RuleStatus.DRAFT:
            await self.promotions.campaigns.set_status(made.campaign_id, made.version, RuleStatus.ACTIVE, now)
        return made.campaign_id

    async def _rule(self, promotion_id: PromotionId, terms: PromotionTerms, by: UserId, now: datetime) -> None:
        made = await self.promotions.rules.create(promotion_id, terms, by, now)
        if made.status is RuleStatus.DRAFT:
            await self.promotions.rules.set_status(promotion_id, made.version, RuleStatus.ACTIVE, now)

    async def _template(self, template_id: CouponTemplateId, terms: CouponTerms, by: UserId, now: datetime) -> None:
        made = await self.coupons.create_template(template_id, terms, by=by, now=now)
        if made.status is not RuleStatus.DRAFT:
            return
        if terms.by_code_only:
            batch_id = CouponBatchId.derive(_OPENING, "demo", template_id)
            await self.coupons.add_batch(batch_id, template_id, "Demo shop", CODES, made_by=by, now=now)
        await self.coupons.set_template_status(template_id, made.version, RuleStatus.ACTIVE, now)

    async def _limit(self, terms: PurchaseLimitTerms, by: UserId, now: datetime) -> None:
        made = await self.limits.create(PurchaseLimitId.derive(_OPENING, "demo", "two each"), terms, by, now)
        if made.status is RuleStatus.DRAFT:
            await self.limits.set_status(made.limit_id, made.version, RuleStatus.ACTIVE, now)


def _yuan(amount: int) -> Money:
    return Money(minor=amount * 100, currency="CNY")


def _rules(shelf: Shelf, campaign: CampaignId) -> Mapping[str, PromotionTerms]:
    def rule(label: str, offer: Offer, scope: Scope, **more: object) -> PromotionTerms:
        told = {"label": label, "offer": offer, "scope": scope, "campaign_id": campaign, **_ALWAYS, **more}
        return PromotionTerms.model_validate(told)

    chair = [SkuPrice(sku_id=sku.sku_id, price=_yuan(149)) for sku in shelf.products["camp-chair"].skus]
    return {
        "spend 300": rule(
            "满300减50 Save ¥50 from ¥300",
            SpendSave(tiers=(SaveTier(at=_yuan(300), off=_yuan(50)),)),
            shelf.everything,
            budget=_yuan(1_000_000),
        ),
        "tea": rule(
            "茶叶满200打9折 Tea: 10% off from ¥200",
            SpendPercent(tiers=(PercentTier(at=_yuan(200), percent=10),)),
            shelf.below("tea"),
        ),
        "keemun": rule("祁门红茶直降10元 Keemun: ¥10 off each", DirectCut(off=_yuan(10)), shelf.product("keemun")),
        "chair": rule(
            "露营椅限时149元 Camp chair for ¥149", TimedPrice(prices=tuple(chair)), shelf.product("camp-chair")
        ),
        "shipping": rule("满199元包邮 Free shipping from ¥199", FreeShipping(at=_yuan(199)), shelf.everything),
        "stationery": rule(
            "文具买三付二 Stationery: three for two", NForM(take=3, pay=2, mix=True), shelf.below("stationery")
        ),
    }


def _coupons(shelf: Shelf, campaign: CampaignId) -> Mapping[str, CouponTerms]:
    def coupon(label: str, offer: CouponOffer, **more: object) -> CouponTerms:
        told = {"label": label, "offer": offer, "scope": shelf.everything, "campaign_id": campaign, **_CLAIMED, **more}
        return CouponTerms.model_validate(told)

    return {
        "open": coupon(
            "满100减10券 Save ¥10 from ¥100",
            SpendSave(tiers=(SaveTier(at=_yuan(100), off=_yuan(10)),)),
            per_user_limit=5,
            quantity=10_000,
        ),
        "members": coupon(
            "会员95折券 Members: 5% off",
            SpendPercent(tiers=(PercentTier(at=_yuan(50), percent=5),), at_most=_yuan(40)),
            members_only=True,
            per_user_limit=3,
        ),
        "code": coupon(
            "港口来信券 Letter from the harbour: ¥30 off",
            SpendSave(tiers=(SaveTier(at=_yuan(150), off=_yuan(30)),)),
            by_code_only=True,
            per_user_limit=len(CODES),
        ),
    }


def _limit(shelf: Shelf, campaign: CampaignId) -> PurchaseLimitTerms:
    return PurchaseLimitTerms(
        label="紫砂壶每人限购2件 Yixing teapots: two each in 30 days",
        scope=shelf.product("yixing-pot"),
        quantity=2,
        each_sku=False,
        window_days=30,
        campaign_id=campaign,
        starts_at=_ALWAYS["starts_at"],
        ends_at=_ALWAYS["ends_at"],
    )
