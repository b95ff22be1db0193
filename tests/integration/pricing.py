"""Prices as the processes make them: promotions, coupons, limits and points on one database, nothing set up yet."""

from activities.pricing import Pricing
from hanse.database import Database
from models.points.types import PointsTerms
from stores.fulfillment.rates import Rates
from stores.points import PointsStore
from stores.products import ProductStore
from stores.promotions import CouponStore, PromotionStore, PurchaseLimitStore


def pricing_on(promotions: Database, products: ProductStore, rates: Rates) -> Pricing:
    """Built as `wiring.py` does."""
    return Pricing(
        products,
        rates,
        PromotionStore(promotions),
        CouponStore(promotions),
        PurchaseLimitStore(promotions),
        PointsStore(promotions),
        PointsTerms(),
    )
