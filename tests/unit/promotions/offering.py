"""Lines and offers for tests, and what Hypothesis may make of them: small figures, so that tiers, caps and budgets meet."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from hypothesis import strategies as st

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
from models.promotions.types import Breakdown, OfferInForce, OfferLine, Source
from models.shared import Money
from models.shared.ids import BrandId, CategoryId, CouponId, CouponTemplateId, Id, MerchantId, PromotionId, SkuId, SpuId

T = TypeVar("T", bound=Id)
NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)


def named(kind: type[T], name: str) -> T:
    """The id of that kind which this name stands for."""
    return kind.derive(NOW, name)


def cny(minor: int) -> Money:
    """So many fen."""
    return Money(minor=minor)


SKUS = ("a", "b", "c", "d", "e")
CATEGORIES = {"a": ("all", "food"), "b": ("all", "food"), "c": ("all", "toys"), "d": ("all", "toys"), "e": ()}
BRANDS = {"a": "x", "b": "y", "c": "x", "d": None, "e": None}
MERCHANTS = {"a": "m", "b": "m", "c": "n", "d": "n", "e": "m"}


def line(sku: str, price: int, quantity: int = 1, shipping: int | None = None) -> OfferLine:
    """A line with that SKU; what it belongs to stands above."""
    brand = BRANDS[sku]
    return OfferLine(
        sku_id=named(SkuId, sku),
        spu_id=named(SpuId, sku),
        merchant_id=named(MerchantId, MERCHANTS[sku]),
        category_ids=tuple(named(CategoryId, name) for name in CATEGORIES[sku]),
        brand_id=None if brand is None else named(BrandId, brand),
        quantity=quantity,
        unit_price=cny(price),
        shipping=None if shipping is None else cny(shipping),
    )


def skus(*names: str) -> Scope:
    """The scope of these SKUs."""
    return Scope(skus=tuple(named(SkuId, name) for name in names))


def rule(
    name: str,
    offer: Offer,
    scope: Scope | None = None,
    *,
    group: str | None = None,
    priority: int = 0,
    left: int | None = None,
    members_only: bool = False,
    is_exhausted: bool = False,
    claws_back: bool = True,
) -> OfferInForce:
    """A promotion of that name."""
    return OfferInForce(
        rule_id=named(PromotionId, name),
        rule_version=1,
        label=name,
        offer=offer,
        scope=scope or Scope(),
        priority=priority,
        group=group,
        members_only=members_only,
        left=None if left is None else cny(left),
        is_exhausted=is_exhausted,
        claws_back=claws_back,
    )


def as_coupon(offer: OfferInForce) -> OfferInForce:
    """The same as a coupon in the buyer's hand."""
    return offer.model_copy(
        update={
            "source": Source.COUPON,
            "rule_id": named(CouponTemplateId, offer.label),
            "coupon_id": named(CouponId, offer.label),
        }
    )


def save(*tiers: tuple[int, int], repeats: bool = False) -> SpendSave:
    """满减: at, off."""
    return SpendSave(tiers=tuple(SaveTier(at=cny(at), off=cny(off)) for at, off in tiers), repeats=repeats)


def percent(*tiers: tuple[int, int], at_most: int | None = None) -> SpendPercent:
    """满折: at, per cent off."""
    return SpendPercent(
        tiers=tuple(PercentTier(at=cny(at), percent=share) for at, share in tiers),
        at_most=None if at_most is None else cny(at_most),
    )


def cut(off: int) -> DirectCut:
    """直降."""
    return DirectCut(off=cny(off))


def timed(**prices: int) -> TimedPrice:
    """限时: SKU = price."""
    return TimedPrice(
        prices=tuple(SkuPrice(sku_id=named(SkuId, name), price=cny(price)) for name, price in prices.items())
    )


def free_shipping(at: int) -> FreeShipping:
    """Free shipping from so much."""
    return FreeShipping(at=cny(at))


def saved(breakdown: Breakdown) -> int:
    """All that is saved, in minor units."""
    return sum(applied.amount.minor for applied in breakdown.applied)


def per_sku(breakdown: Breakdown) -> dict[tuple[SkuId, str, str | None, bool], int]:
    """Every share, by what it is of."""
    return {
        (sku_id, one.rule_id, one.coupon_id, one.on_shipping): one.amount.minor
        for sku_id, adjustments in breakdown.adjustments.items()
        for one in adjustments
    }


# ---- what Hypothesis makes -------------------------------------------------------------------------------------------

_prices = st.one_of(st.integers(0, 30), st.sampled_from([100, 199, 333, 1000]))
_shipping = st.one_of(st.none(), st.integers(0, 15))


@st.composite
def _ladders(draw: st.DrawFn, highest: int) -> list[tuple[int, int]]:
    ats = sorted(draw(st.lists(st.integers(0, 120), min_size=1, max_size=3, unique=True)))
    gives = sorted(draw(st.lists(st.integers(1, highest), min_size=len(ats), max_size=len(ats), unique=True)))
    return list(zip(ats, gives, strict=True))


@st.composite
def _n_for_m(draw: st.DrawFn, mix: bool) -> NForM:
    take = draw(st.integers(2, 4))
    return NForM(take=take, pay=draw(st.integers(1, take - 1)), mix=mix)


basket_terms = st.one_of(
    _ladders(60).map(lambda tiers: save(*tiers)),
    st.builds(lambda at, off: save((at, off), repeats=True), st.integers(5, 60), st.integers(1, 40)),
    st.builds(
        lambda tiers, most: percent(*tiers, at_most=most), _ladders(100), st.one_of(st.none(), st.integers(1, 40))
    ),
    st.integers(0, 100).map(free_shipping),
    _n_for_m(mix=True),
)
item_terms = st.one_of(
    st.integers(1, 20).map(cut),
    st.dictionaries(st.sampled_from(SKUS), st.integers(0, 40), min_size=1, max_size=3).map(lambda p: timed(**p)),
    _n_for_m(mix=False),
)
scopes = st.one_of(
    st.just(Scope()),
    st.lists(st.sampled_from(SKUS), min_size=1, max_size=3, unique=True).map(lambda names: skus(*names)),
    st.sampled_from(["all", "food", "toys"]).map(lambda name: Scope(categories=(named(CategoryId, name),))),
    st.builds(
        lambda brand, without: Scope(
            brands=(named(BrandId, brand),), excluded_skus=tuple(named(SkuId, name) for name in without)
        ),
        st.sampled_from("xy"),
        st.lists(st.sampled_from(SKUS), max_size=1),
    ),
    st.sampled_from("mn").map(lambda name: Scope(merchants=(named(MerchantId, name),))),
)


@st.composite
def offers_in_force(draw: st.DrawFn, most: int = 6, *, groups: bool = True) -> list[OfferInForce]:
    """Some offers, of every kind."""
    return [
        (as_coupon if draw(st.booleans()) else lambda offer: offer)(
            rule(
                f"rule {number}",
                draw(st.one_of(basket_terms, item_terms)),
                draw(scopes),
                group=draw(st.sampled_from([None, None, "one", "two"])) if groups else None,
                priority=draw(st.integers(-1, 1)),
                left=draw(st.one_of(st.none(), st.none(), st.integers(0, 50))),
                members_only=draw(st.sampled_from([False, False, True])),
                is_exhausted=draw(st.sampled_from([False] * 7 + [True])),
            )
        )
        for number in range(draw(st.integers(0, most)))
    ]


@st.composite
def baskets(draw: st.DrawFn, most: int = 5, largest: int = 5) -> list[OfferLine]:
    """Some lines, each of another SKU."""
    names = draw(st.lists(st.sampled_from(SKUS), min_size=1, max_size=most, unique=True))
    return [line(name, draw(_prices), draw(st.integers(1, largest)), draw(_shipping)) for name in names]


def worth(lines: Sequence[OfferLine]) -> int:
    """Goods and shipping before any offer."""
    return sum(
        one.unit_price.minor * one.quantity + (0 if one.shipping is None else one.shipping.minor) for one in lines
    )
