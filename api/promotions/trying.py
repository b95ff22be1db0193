"""What coupons would do to a basket, by the rules that quote an order."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from api.edge.wired import Wired
from api.promotions.coupon_schemas import CouponTried
from models.orders.quoting import Reductions, price_basket
from models.orders.types import LineRequest, Quote
from models.products.types import SellableSku
from models.promotions.coupon_rules import as_offer, check_usable
from models.promotions.coupons import Coupon
from models.shared import Instant, Money, Refusal
from models.shared.ids import SkuId, UserId


async def try_coupons(
    shop: Wired, user_id: UserId, lines: Sequence[LineRequest], coupons: Sequence[Coupon], at: Instant
) -> list[CouponTried]:
    """Each coupon by itself, beside the promotions in force; nothing is held. Refuses baskets that could not be ordered."""
    skus = await shop.products.sellable([line.sku_id for line in lines], at)
    without_coupon = await shop.pricing.reductions(user_id, at)
    return await asyncio.to_thread(_try_each, lines, skus, without_coupon, coupons, at)


def _try_each(
    lines: Sequence[LineRequest],
    skus: Mapping[SkuId, SellableSku],
    without_coupon: Reductions,
    coupons: Sequence[Coupon],
    at: Instant,
) -> list[CouponTried]:
    before = price_basket(lines, skus, (), None, without_coupon)
    tried = []
    for coupon in coupons:
        try:
            check_usable(coupon, at)
        except Refusal as refusal:
            tried.append(_told(coupon, before, before, refusal.code))
            continue
        with_coupon = replace(without_coupon, offers=(*without_coupon.offers, as_offer(coupon)))
        tried.append(_told(coupon, before, price_basket(lines, skus, (), None, with_coupon)))
    return tried


def _told(coupon: Coupon, before: Quote, after: Quote, refused: str | None = None) -> CouponTried:
    nothing = Money.zero(before.total.currency)
    saves = next((offer.amount for offer in after.applied if offer.coupon_id == coupon.coupon_id), nothing)
    return CouponTried(
        coupon=coupon,
        applies=saves.minor > 0,
        saves=saves,
        cheaper_by=before.total - after.total,
        missed=next((missed for missed in after.missed if missed.coupon_id == coupon.coupon_id), None),
        refused=refused,
    )
