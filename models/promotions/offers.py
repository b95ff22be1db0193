"""What an offer can be, and what it applies to. Amounts are of one currency; an offer never meets another one's."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.shared import Frozen, Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId

_Some = Field(max_length=1000)
Percent = Annotated[int, Field(ge=1, le=100)]


class Scope(Frozen):
    """Which lines an offer looks at: those named by at least one list (every line if no list names any), without those that
    are excluded. A category counts with everything below it: a line carries all categories above its own."""

    skus: Annotated[tuple[SkuId, ...], _Some] = ()
    products: Annotated[tuple[SpuId, ...], _Some] = ()
    categories: Annotated[tuple[CategoryId, ...], _Some] = ()
    brands: Annotated[tuple[BrandId, ...], _Some] = ()
    merchants: Annotated[tuple[MerchantId, ...], _Some] = ()
    excluded_skus: Annotated[tuple[SkuId, ...], _Some] = ()
    excluded_products: Annotated[tuple[SpuId, ...], _Some] = ()
    excluded_categories: Annotated[tuple[CategoryId, ...], _Some] = ()
    excluded_brands: Annotated[tuple[BrandId, ...], _Some] = ()


class SaveTier(Frozen):
    """From `at` worth of goods, `off` is saved."""

    at: Money
    off: Money


class PercentTier(Frozen):
    """From `at` worth of goods, `percent` of it is saved."""

    at: Money
    percent: Percent


class SpendSave(Frozen):
    """满减: spend so much, save so much; the highest tier reached counts. A single tier may repeat (每满: 50 off every 300)."""

    kind: Literal["spend_save"] = "spend_save"
    tiers: Annotated[tuple[SaveTier, ...], Field(min_length=1, max_length=10)]
    repeats: bool = False

    @model_validator(mode="after")
    def _is_a_ladder(self) -> Self:
        _check_ladder([tier.at for tier in self.tiers])
        offs = [tier.off.minor for tier in self.tiers]
        if {tier.off.currency for tier in self.tiers} != {self.tiers[0].at.currency}:
            raise ValueError("every amount of an offer has one currency")
        if offs[0] <= 0 or any(b <= a for a, b in pairwise(offs)):
            raise ValueError("a higher tier saves more than the one below it, and every tier saves something")
        if self.repeats and (len(self.tiers) > 1 or self.tiers[0].at.minor == 0):
            raise ValueError("only a single tier above zero can repeat")
        return self


class SpendPercent(Frozen):
    """满折: spend so much, pay so much less in per cent; the highest tier reached counts. `at_most` caps what is saved."""

    kind: Literal["spend_percent"] = "spend_percent"
    tiers: Annotated[tuple[PercentTier, ...], Field(min_length=1, max_length=10)]
    at_most: Money | None = None

    @model_validator(mode="after")
    def _is_a_ladder(self) -> Self:
        _check_ladder([tier.at for tier in self.tiers])
        percents = [tier.percent for tier in self.tiers]
        if any(b <= a for a, b in pairwise(percents)):
            raise ValueError("a higher tier saves more than the one below it")
        if self.at_most and (self.at_most.minor <= 0 or self.at_most.currency != self.tiers[0].at.currency):
            raise ValueError("at_most is above zero, in the currency of the tiers")
        return self


class DirectCut(Frozen):
    """直降: `off` is saved on each unit, never more than its price."""

    kind: Literal["direct_cut"] = "direct_cut"
    off: Money

    @model_validator(mode="after")
    def _saves(self) -> Self:
        if self.off.minor <= 0:
            raise ValueError("a direct cut saves something")
        return self


class SkuPrice(Frozen):
    """What one unit of a SKU costs while the offer runs."""

    sku_id: SkuId
    price: Money


class TimedPrice(Frozen):
    """限时: these SKUs cost these prices while the offer runs. A price above the ordinary one changes nothing."""

    kind: Literal["timed_price"] = "timed_price"
    prices: Annotated[tuple[SkuPrice, ...], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _are_prices(self) -> Self:
        if len({entry.price.currency for entry in self.prices}) > 1 or min(e.price.minor for e in self.prices) < 0:
            raise ValueError("prices are not negative, and of one currency")
        if len({entry.sku_id for entry in self.prices}) < len(self.prices):
            raise ValueError("each SKU has one price")
        return self


class FreeShipping(Frozen):
    """From `at` worth of goods in scope, the shipping of the lines in scope is free."""

    kind: Literal["free_shipping"] = "free_shipping"
    at: Money

    @model_validator(mode="after")
    def _is_not_negative(self) -> Self:
        if self.at.minor < 0:
            raise ValueError("the threshold is not negative")
        return self


class NForM(Frozen):
    """Of every `take` units, `pay` are paid; the cheapest of each group are free, dearest groups first. With `mix`, units of
    different SKUs in scope make up a group; without, each SKU counts by itself."""

    kind: Literal["n_for_m"] = "n_for_m"
    take: Annotated[int, Field(ge=2, le=100)]
    pay: Annotated[int, Field(ge=1, le=99)]
    mix: bool = False

    @model_validator(mode="after")
    def _is_less(self) -> Self:
        if self.pay >= self.take:
            raise ValueError("fewer are paid than taken")
        return self


Offer = Annotated[SpendSave | SpendPercent | DirectCut | TimedPrice | FreeShipping | NForM, Field(discriminator="kind")]
CouponOffer = Annotated[SpendSave | SpendPercent | DirectCut | FreeShipping, Field(discriminator="kind")]
"""What a coupon can carry."""


def _check_ladder(thresholds: list[Money]) -> None:
    if len({at.currency for at in thresholds}) > 1 or thresholds[0].minor < 0:
        raise ValueError("thresholds are not negative, and of one currency")
    if any(b.minor <= a.minor for a, b in pairwise(thresholds)):
        raise ValueError("thresholds rise from tier to tier")
