"""What sagas ask of promotions and points. Every step is idempotent by the order id (refund id where it names one)."""

from models.shared import Frozen, Instant, Money
from models.shared.ids import CouponId, OrderId, PromotionId, PurchaseLimitId, RefundId, SkuId, UserId


class CountedLine(Frozen):
    """So many units of a SKU, with what scopes look at; the quote knows which limits (by id) apply."""

    sku_id: SkuId
    quantity: int
    limits: tuple[PurchaseLimitId, ...]
    """Those whose scope has this SKU."""


class CountPurchases(Frozen):
    """Count these units against the buyer's purchase limits."""

    order_id: OrderId
    user_id: UserId
    lines: tuple[CountedLine, ...]
    at: Instant


class UncountPurchases(Frozen):
    """Give back all that was counted for the order."""

    order_id: OrderId
    at: Instant


class RuleUse(Frozen):
    """A rule with a budget or a limit counts in this order, and saves so much."""

    promotion_id: PromotionId
    version: int
    saved: Money


class HoldBenefits(Frozen):
    """Lock these coupons, hold these points, and take these uses out of their budgets: all of it or nothing."""

    order_id: OrderId
    user_id: UserId
    coupons: tuple[CouponId, ...] = ()
    points: int = 0
    uses: tuple[RuleUse, ...] = ()
    at: Instant


class BenefitsOf(Frozen):
    """What an order holds: redeem it (the order is paid), or give it back (the order is over)."""

    order_id: OrderId
    at: Instant


class AwardPoints(Frozen):
    """The order is complete: its buyer earns points on what was paid and not refunded."""

    order_id: OrderId
    user_id: UserId
    paid: Money
    """What was paid in all. The ledger subtracts refunds by itself, whichever of the two comes first (`SettleRefund`)."""
    at: Instant


class SettleRefund(Frozen):
    """Money went back for a part of an order. Points that were spent on it return; points that were earned on it are taken
    back, as far as the balance has them; coupons return by their rule when nothing is left of the order."""

    order_id: OrderId
    user_id: UserId
    refund_id: RefundId
    points: int = 0
    """Spent points that return; when nothing of the order is left, all that have not yet."""
    refunded: Money
    """What went back with this refund."""
    whole: bool = False
    """Whether nothing of the order is left."""
    at: Instant
