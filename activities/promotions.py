"""The steps of sagas that move what an order spends besides money. Undo stands directly below do."""

from typing import TYPE_CHECKING

from temporalio import activity

from models.orders.messages import OrderRef
from models.promotions.messages import BenefitsOf, CountPurchases, HoldBenefits, SettleRefund, UncountPurchases
from models.shared.done import Done
from models.shared.events import Event
from models.shared.time import Clock

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from stores.promotions import BenefitStore, PurchaseLimitStore


class PromotionActivities:
    """Each is one store promise, idempotent by the order id (or refund id). What changed is announced right after it."""

    def __init__(
        self, benefits: "BenefitStore", limits: "PurchaseLimitStore", announcer: "Announcer", clock: Clock
    ) -> None:
        self._benefits = benefits
        self._limits = limits
        self._announcer = announcer
        self._clock = clock

    @activity.defn(name="promotions.count_purchases")
    async def count_purchases(self, ask: CountPurchases) -> None:
        """Count the order's units against the buyer's limits. Refusals: `purchase_limit_reached`, `benefits_conflict`,
        `benefits_returned`."""
        await self._limits.count_purchases(ask)

    @activity.defn(name="promotions.hold_benefits")
    async def hold_benefits(self, ask: HoldBenefits) -> Done:
        """Lock coupons, take points and uses of rules: all or nothing.

        Refusals: `coupon_not_found`, `coupon_already_used`, `coupon_locked`, `coupon_not_valid`, `points_not_enough`,
        `promotion_used_up`, `benefits_conflict`, `benefits_returned`.
        """
        return await self._announced(*await self._benefits.hold_all_or_nothing(ask))

    @activity.defn(name="promotions.return_benefits")
    async def return_benefits(self, order: OrderRef) -> Done:
        """Undo of hold and of count: everything goes back, also when there was nothing; of a paid order's coupons, those whose
        terms say so. Two promises, each kept once however often both are asked for."""
        at = self._clock()
        await self._limits.uncount_purchases(UncountPurchases(order_id=order.order_id, at=at))
        return await self._announced(*await self._benefits.return_all(BenefitsOf(order_id=order.order_id, at=at)))

    @activity.defn(name="promotions.redeem_benefits")
    async def redeem_benefits(self, order: OrderRef) -> Done:
        """The order is paid: what it holds is spent. Refusal: `benefits_returned`."""
        return await self._announced(
            *await self._benefits.redeem(BenefitsOf(order_id=order.order_id, at=self._clock()))
        )

    @activity.defn(name="promotions.settle_refund")
    async def settle_refund(self, ask: SettleRefund) -> Done:
        """Money went back: spent points return, earned ones are taken back, coupons return when nothing is left of the order."""
        return await self._announced(*await self._benefits.settle_refund(ask))

    async def _announced(self, *events: Event) -> Done:
        return Done(unannounced=await self._announcer.announce(*events))
