"""An order with a coupon, points, a limited promotion and a line that a purchase limit looks at."""

from models.promotions.messages import CountedLine, RuleUse
from models.shared import Money
from models.shared.ids import CouponId, PromotionId, PurchaseLimitId
from tests.unit.orders.baskets import named
from tests.workflows.orders.one_order import TEA, TWO_TEAS_AND_A_POT, OneOrder

COUPON = named(CouponId, "20 off")
SPENDING = TWO_TEAS_AND_A_POT.model_copy(update={"coupons": (COUPON,), "points": 100})
USE = RuleUse(promotion_id=named(PromotionId, "sale"), version=3, saved=Money(minor=500))
LIMITED = CountedLine(sku_id=TEA.sku_id, quantity=2, limits=(named(PurchaseLimitId, "two each"),))


def spends(order: OneOrder) -> OneOrder:
    """From now on the order's quote says what must be taken for it."""
    order.uses, order.limited = (USE,), (LIMITED,)
    return order
