"""The activities of promotions on real stores, with Kafka away: what happened must come back as unannounced."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from activities.announcing import Announcer
from activities.promotions import PromotionActivities
from bus.publisher import Publisher
from models.orders.messages import OrderRef
from models.promotions.coupons import GiveBack
from models.promotions.errors import BenefitsReturned
from models.promotions.events import CouponRedeemed, CouponReturned
from models.promotions.messages import CountPurchases, HoldBenefits, SettleRefund
from models.shared import Money
from models.shared.done import Done
from stores.promotions import PurchaseLimitStore
from tests.integration.coupons.counter import NOW, Counter, order, refund, user

LATER = NOW + timedelta(hours=1)


@pytest.fixture
async def steps(counter: Counter) -> AsyncIterator[PromotionActivities]:
    async with Publisher("127.0.0.1:1", timeout_seconds=0.3) as nowhere:
        announcer = Announcer(nowhere, patience=0.2)
        yield PromotionActivities(counter.benefits, PurchaseLimitStore(counter.db), announcer, lambda: LATER)


async def test_what_an_order_spends_is_held_redeemed_and_returned_and_told(
    steps: PromotionActivities, counter: Counter
) -> None:
    coupon = await counter.coupon(give_back=GiveBack.ON_WHOLE_REFUND)
    ask = HoldBenefits(order_id=order(), user_id=user(), coupons=(coupon.coupon_id,), at=NOW)
    of = OrderRef(order_id=order())
    who = {
        "coupon_id": coupon.coupon_id,
        "template_id": coupon.template_id,
        "order_id": order(),
        "user_id": user(),
        "occurred_at": LATER,
    }

    assert await steps.hold_benefits(ask) == Done()
    assert (await steps.redeem_benefits(of)).unannounced == (CouponRedeemed.model_validate(who),)
    settle = SettleRefund(
        order_id=order(), user_id=user(), refund_id=refund(), refunded=Money(minor=100), whole=True, at=LATER
    )
    for _ in range(2):
        assert (await steps.settle_refund(settle)).unannounced == (CouponReturned.model_validate(who),)
    assert await steps.return_benefits(of) == Done()
    with pytest.raises(BenefitsReturned):
        await steps.hold_benefits(ask)


async def test_giving_back_also_gives_back_what_was_counted(steps: PromotionActivities) -> None:
    await steps.count_purchases(CountPurchases(order_id=order(), user_id=user(), lines=(), at=NOW))
    await steps.return_benefits(OrderRef(order_id=order()))
    with pytest.raises(BenefitsReturned):
        await steps.count_purchases(CountPurchases(order_id=order(), user_id=user(), lines=(), at=NOW))
