"""The promotion engine on carts of 50 lines under 200 active rules.

    python -m benchmarks.promotions [--carts 300] [--rounds 3]

Carts and rules come from a seed: 2,000 articles in 40 categories under 8 roots, of 60 brands and 12 merchants, at 3 to 900. Of
200 rules, 70 are item prices (direct cuts, timed prices, n for m), 100 are ladders and percentages of a merchant, a category or
some brands, the rest site-wide ladders, free shipping, mixed n for m and 15 coupons in the buyer's wallet. Of the ladders of one
merchant one counts, of those on categories and brands one, of the site-wide ones one, and one coupon.

Every call is on one thread, its offers being values in memory as checkout has them. What counts is the processor time of that
thread, so that others on the machine are not in the figure.
"""

import argparse
import gc
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from benchmarks.figures import Figure, percentile
from models.promotions.offers import (
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
from models.promotions.rules import best_for_customer
from models.promotions.types import OfferInForce, OfferLine, Source
from models.shared import Money
from models.shared.ids import BrandId, CategoryId, CouponId, CouponTemplateId, Id, MerchantId, PromotionId, SkuId, SpuId

LINES, RULES = 50, 200
_NOW = datetime(2026, 11, 11, tzinfo=UTC)
_ARTICLES, _ROOTS, _CATEGORIES, _BRANDS, _MERCHANTS = 2000, 8, 40, 60, 12
_CARTS_A_SHOP = 20
T = TypeVar("T", bound=Id)


@dataclass(frozen=True)
class EngineFigures:
    """Milliseconds of one call, over the rounds."""

    p50_ms: Figure
    p95_ms: Figure
    p99_ms: Figure
    applied: float
    """How many offers counted, on average."""


def measure(carts: int = 200, rounds: int = 3) -> EngineFigures:
    """Every round takes all carts once; the rules change every `_CARTS_A_SHOP` carts."""
    chance = random.Random(7)
    shop = _Shop(chance)
    shops = [shop.rules(RULES) for _ in range(-(-carts // _CARTS_A_SHOP))]
    cases = [(shop.cart(LINES), shops[number // _CARTS_A_SHOP]) for number in range(carts)]
    gc.collect()
    gc.freeze()  # the offers of all these carts are no garbage of the call that is measured
    counting = [len(best_for_customer(lines, offers, is_member=True).applied) for lines, offers in cases]
    p50, p95, p99 = [], [], []
    for _ in range(rounds):
        took = [_time(lines, offers) for lines, offers in cases]
        p50.append(percentile(took, 0.5))
        p95.append(percentile(took, 0.95))
        p99.append(percentile(took, 0.99))
    gc.unfreeze()
    return EngineFigures(Figure.of(p50), Figure.of(p95), Figure.of(p99), sum(counting) / len(counting))


def _time(lines: Sequence[OfferLine], offers: Sequence[OfferInForce]) -> float:
    start = time.thread_time()
    best_for_customer(lines, offers, is_member=True)
    return (time.thread_time() - start) * 1000


def _named(kind: type[T], number: int) -> T:
    return kind.derive(_NOW, str(number))


def _yuan(amount: float) -> Money:
    return Money(minor=round(amount * 100))


class _Shop:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._articles = [self._article(number) for number in range(_ARTICLES)]

    def _article(self, number: int) -> OfferLine:
        chance = self._chance
        category = chance.randrange(_CATEGORIES)
        return OfferLine(
            sku_id=_named(SkuId, number),
            spu_id=_named(SpuId, number // 3),
            merchant_id=_named(MerchantId, chance.randrange(_MERCHANTS)),
            category_ids=(_named(CategoryId, 1000 + category % _ROOTS), _named(CategoryId, category)),
            brand_id=_named(BrandId, chance.randrange(_BRANDS)),
            quantity=1,
            unit_price=_yuan(chance.choice([3, 9.9, 19.9, 29, 49.5, 79, 99, 128, 199, 329, 900])),
            shipping=_yuan(chance.choice([0, 1.5, 3])),
        )

    def cart(self, count: int) -> list[OfferLine]:
        return [
            article.model_copy(update={"quantity": self._chance.choice([1, 1, 1, 2, 3, 6])})
            for article in self._chance.sample(self._articles, count)
        ]

    def rules(self, count: int) -> list[OfferInForce]:
        return [self._rule(number) for number in range(count)]

    def _rule(self, number: int) -> OfferInForce:
        chance = self._chance
        share = number % RULES
        is_coupon = share >= 185
        group: str | None
        if share < 70:
            offer, scope, group = self._item_price(), self._narrow(), None
        elif share < 170:
            offer, (scope, group) = self._ladder(), self._layer()
        elif share < 176:
            offer, scope, group = self._ladder(), Scope(), "platform"
        elif share < 181:
            offer, scope, group = FreeShipping(at=_yuan(chance.choice([49, 99, 199]))), self._wide(), None
        elif share < 185:
            offer, scope, group = NForM(take=3, pay=2, mix=True), self._wide(), "bundles"
        else:
            offer, scope, group = self._ladder(), chance.choice([Scope(), self._wide()]), "coupon"
        return OfferInForce(
            source=Source.COUPON if is_coupon else Source.PROMOTION,
            rule_id=_named(CouponTemplateId if is_coupon else PromotionId, number),
            rule_version=1,
            label=f"rule {number}",
            offer=offer,
            scope=scope,
            priority=chance.randrange(3),
            group=group,
            members_only=chance.random() < 0.1,
            coupon_id=_named(CouponId, number) if is_coupon else None,
            left=_yuan(chance.choice([50, 5000, 500_000])) if chance.random() < 0.2 else None,
        )

    def _item_price(self) -> Offer:
        chance = self._chance
        kind = chance.random()
        if kind < 0.5:
            return DirectCut(off=_yuan(chance.choice([1, 2, 5, 10])))
        if kind < 0.8:
            some = chance.sample(self._articles, 60)
            return TimedPrice(
                prices=tuple(
                    SkuPrice(sku_id=one.sku_id, price=Money(minor=one.unit_price.minor * 85 // 100)) for one in some
                )
            )
        return NForM(take=chance.choice([2, 3]), pay=1)

    def _ladder(self) -> Offer:
        chance = self._chance
        at = chance.choice([99, 199, 299, 500])
        if chance.random() < 0.3:
            return SpendSave(tiers=(SaveTier(at=_yuan(at), off=_yuan(at * 0.12)),), repeats=True)
        if chance.random() < 0.5:
            return SpendSave(
                tiers=tuple(SaveTier(at=_yuan(at * n), off=_yuan(at * n * (0.08 + 0.02 * n))) for n in (1, 2, 3))
            )
        return SpendPercent(
            tiers=(PercentTier(at=_yuan(at), percent=8), PercentTier(at=_yuan(at * 2), percent=12)),
            at_most=_yuan(200) if chance.random() < 0.5 else None,
        )

    def _narrow(self) -> Scope:
        chance = self._chance
        if chance.random() < 0.5:
            return Scope(skus=tuple(one.sku_id for one in chance.sample(self._articles, 40)))
        return Scope(categories=(_named(CategoryId, chance.randrange(_CATEGORIES)),))

    def _layer(self) -> tuple[Scope, str]:
        chance = self._chance
        if chance.random() < 0.6:
            merchant = chance.randrange(_MERCHANTS)
            return Scope(merchants=(_named(MerchantId, merchant),)), f"shop-{merchant}"
        return self._wide(), "campaign"

    def _wide(self) -> Scope:
        chance = self._chance
        kind = chance.random()
        if kind < 0.4:
            return Scope(
                categories=(_named(CategoryId, 1000 + chance.randrange(_ROOTS)),),
                excluded_brands=(_named(BrandId, chance.randrange(_BRANDS)),),
            )
        if kind < 0.7:
            return Scope(merchants=(_named(MerchantId, chance.randrange(_MERCHANTS)),))
        return Scope(brands=tuple(_named(BrandId, number) for number in chance.sample(range(_BRANDS), 6)))


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--carts", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    found = measure(asked.carts, asked.rounds)
    print(  # noqa: T201
        f"p50 {found.p50_ms.median:.2f} ms, p95 {found.p95_ms.median:.2f} ms, p99 {found.p99_ms.median:.2f} ms; "
        f"{found.applied:.1f} offers counted on average"
    )


if __name__ == "__main__":
    main()
