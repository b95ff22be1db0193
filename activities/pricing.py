"""What a basket costs its buyer: catalogue, rates, promotions, coupons and points brought together, by one set of rules.

Checkout quotes with it, and so do the cart's trial price and the validation of a coupon, so that all three say the same.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from models.orders.messages import QuotedBasket
from models.orders.quoting import Reductions, offer_line, price_basket
from models.orders.returning import coupons_of, rules_of
from models.orders.types import DeliveryAddress, LineRequest, Quote, QuotedLine, ShippingRate
from models.points.errors import PointsNotEnough
from models.points.types import PointsTerms
from models.products.types import SellableSku
from models.promotions.errors import CouponNotApplicable
from models.promotions.limits import PurchaseLimit
from models.promotions.messages import CountedLine, RuleUse
from models.promotions.scoping import in_scope
from models.promotions.types import OfferInForce
from models.shared.ids import CouponId, OrderId, PromotionId, SkuId, UserId

if TYPE_CHECKING:
    from stores.fulfillment.rates import Rates
    from stores.points import PointsStore
    from stores.products import ProductStore
    from stores.promotions import CouponStore, PromotionStore, PurchaseLimitStore


class Pricing:
    """Reads only; what a quote needs is taken by the order's own steps."""

    def __init__(
        self,
        products: "ProductStore",
        rates: "Rates",
        promotions: "PromotionStore",
        coupons: "CouponStore",
        limits: "PurchaseLimitStore",
        points: "PointsStore",
        terms: PointsTerms,
    ) -> None:
        self._products = products
        self._rates = rates
        self._promotions = promotions
        self._coupons = coupons
        self._limits = limits
        self._points = points
        self.points_terms = terms

    async def reductions(
        self,
        user_id: UserId | None,
        at: datetime,
        *,
        coupons: Sequence[CouponId] = (),
        points: int = 0,
        order_id: OrderId | None = None,
    ) -> Reductions:
        """What may make a basket of this buyer cheaper now: rules in force, the coupons they chose, points.

        A buyer with an account is a member; a visitor (None) has neither coupons nor points. Refuses `CouponNotFound`,
        `CouponAlreadyUsed`, `CouponLocked` (by another order than `order_id`), `CouponNotValid` and `PointsNotEnough`.
        """
        offers = await self._promotions.offers_in_force(user_id, at)
        if user_id is not None and coupons:
            offers += await self._coupons.offers_of(user_id, coupons, at, for_order=order_id)
        if user_id is not None and points:
            await self._check_balance(user_id, points, at)
        return Reductions(offers=offers, is_member=user_id is not None, points=points, terms=self.points_terms)

    async def _check_balance(self, user_id: UserId, points: int, at: datetime) -> None:
        balance = (await self._points.account(user_id, at)).balance
        if balance < points:
            raise PointsNotEnough(f"You have {balance} points, not {points}. Spend fewer.", balance=balance)

    async def quote(
        self,
        user_id: UserId,
        lines: Sequence[LineRequest],
        address: DeliveryAddress,
        at: datetime,
        *,
        coupons: Sequence[CouponId] = (),
        points: int = 0,
        order_id: OrderId | None = None,
    ) -> QuotedBasket:
        """The whole price, and what the order must take for it. Refuses as `price_basket` and `reductions` do, and a coupon
        that does not count with `CouponNotApplicable`."""
        # Side by side: of these only `reductions` refuses, so what is refused is the same however they end.
        (skus, rates), reductions, limits = await asyncio.gather(
            self._goods(lines, address.country, at),
            self.reductions(user_id, at, coupons=coupons, points=points, order_id=order_id),
            self._limits.in_force(at),
        )
        quote = price_basket(lines, skus, rates, address, reductions)
        _refuse_idle_coupons(quote, coupons)
        return QuotedBasket(
            quote=quote,
            address=address,
            uses=_uses(quote, reductions.offers),
            counted=_counted(quote, skus, limits),
        )

    async def _goods(
        self, lines: Sequence[LineRequest], country: str, at: datetime
    ) -> tuple[Mapping[SkuId, SellableSku], Sequence[ShippingRate]]:
        skus = await self._products.sellable([line.sku_id for line in lines], at)
        merchants = {sku.merchant_id for sku in skus.values()}
        return skus, await self._rates.rates_for(merchants, skus.keys(), country)

    async def offers_of_order(self, lines: Sequence[QuotedLine]) -> tuple[OfferInForce, ...]:
        """The offers that counted in an order, as they were then: for refunds and receipts."""
        rules = await self._promotions.offers_at_versions(
            [(PromotionId(rule_id), version) for rule_id, version in rules_of(lines).items()]
        )
        coupons = await self._coupons.offers_for_receipt(coupons_of(lines))
        return (*rules, *coupons)


def _refuse_idle_coupons(quote: Quote, coupons: Sequence[CouponId]) -> None:
    """A buyer who chose a coupon means it; one that saves nothing stays in the wallet, and they decide anew."""
    counting = {offer.coupon_id for offer in quote.applied}
    idle = [coupon for coupon in coupons if coupon not in counting]
    if idle:
        why = [offer for offer in quote.missed if offer.coupon_id in idle]
        hints = "; ".join(f"{offer.label}: {offer.hint}" for offer in why)
        raise CouponNotApplicable(
            f"{'; '.join(idle)} saves nothing on this basket{f' ({hints})' if hints else ''}. Leave it out, or change the basket.",
            missed=[offer.model_dump(mode="json") for offer in why],
        )


def _counted(
    quote: Quote, skus: Mapping[SkuId, SellableSku], limits: Sequence[PurchaseLimit]
) -> tuple[CountedLine, ...]:
    """The lines that a purchase limit looks at; mostly there is no limit, and then no line is looked at."""
    if not limits:
        return ()
    lines = [offer_line(skus[line.sku_id], line.quantity, None) for line in quote.lines]
    looked_at = [
        (line, tuple(limit.limit_id for limit in limits if in_scope(limit.terms.scope, line))) for line in lines
    ]
    return tuple(
        CountedLine(sku_id=line.sku_id, quantity=line.quantity, limits=names) for line, names in looked_at if names
    )


def _uses(quote: Quote, offers: Sequence[OfferInForce]) -> tuple[RuleUse, ...]:
    counted = {offer.rule_id for offer in offers if offer.is_counted}
    return tuple(
        RuleUse(promotion_id=PromotionId(each.rule_id), version=each.rule_version, saved=each.amount)
        for each in quote.applied
        if each.rule_id in counted
    )
