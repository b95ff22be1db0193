"""What coupons would do to a basket: prices of the catalogue, the promotions that run, and the engine, put together once."""

import asyncio
from collections.abc import Sequence

from api.edge.wired import Wired
from api.promotions.coupon_schemas import CouponTried
from models.orders.quoting import price_basket
from models.orders.types import LineRequest
from models.promotions.coupon_rules import as_offer, check_usable
from models.promotions.rules import best_for_customer
from models.promotions.types import Breakdown, Coupon, OfferInForce, OfferLine
from models.shared import Instant, Money, Refusal
from models.shared.ids import UserId


async def try_coupons(
    shop: Wired, user_id: UserId, lines: Sequence[LineRequest], coupons: Sequence[Coupon], at: Instant
) -> list[CouponTried]:
    """Each coupon by itself, beside the promotions in force; nothing is held. Refuses baskets that could not be ordered."""
    basket = await _basket(shop, lines, at)
    rules = await shop.promotions.offers_in_force(user_id, at)
    return await asyncio.to_thread(_try_each, basket, rules, coupons, at)


async def _basket(shop: Wired, lines: Sequence[LineRequest], at: Instant) -> list[OfferLine]:
    skus = await shop.products.sellable([line.sku_id for line in lines], at)
    quote = price_basket(lines, skus, rates=(), to=None)
    return [OfferLine(**line.model_dump(include=set(OfferLine.model_fields) - {"shipping"})) for line in quote.lines]


def _try_each(
    basket: Sequence[OfferLine], rules: Sequence[OfferInForce], coupons: Sequence[Coupon], at: Instant
) -> list[CouponTried]:
    nothing = Money.zero(basket[0].unit_price.currency)
    without = _saved(best_for_customer(basket, rules, is_member=True), nothing)
    tried = []
    for coupon in coupons:
        try:
            check_usable(coupon, at)
        except Refusal as refusal:
            tried.append(_not_usable(coupon, nothing, refusal.code))
            continue
        found = best_for_customer(basket, (*rules, as_offer(coupon)), is_member=True)
        saves = next((offer.amount for offer in found.applied if offer.coupon_id == coupon.coupon_id), nothing)
        tried.append(
            CouponTried(
                coupon=coupon,
                applies=saves.minor > 0,
                saves=saves,
                cheaper_by=_saved(found, nothing) - without,
                missed=next((missed for missed in found.missed if missed.coupon_id == coupon.coupon_id), None),
                refused=None,
            )
        )
    return tried


def _saved(breakdown: Breakdown, nothing: Money) -> Money:
    return sum((offer.amount for offer in breakdown.applied), nothing)


def _not_usable(coupon: Coupon, nothing: Money, code: str) -> CouponTried:
    return CouponTried(coupon=coupon, applies=False, saves=nothing, cheaper_by=nothing, missed=None, refused=code)
