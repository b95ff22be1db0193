"""Coupons, points and uses of rules go together: held, redeemed or given back, all or nothing, once."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from models.points.errors import PointsNotEnough
from models.points.events import PointsChanged
from models.promotions.coupons import Coupon, GiveBack
from models.promotions.errors import (
    BenefitsConflict,
    BenefitsReturned,
    CouponAlreadyUsed,
    CouponLocked,
    CouponNotFound,
    CouponNotValid,
    PromotionUsedUp,
)
from models.promotions.events import CouponRedeemed, CouponReturned
from models.shared import Refusal
from models.shared.events import Event
from models.shared.ids import CouponId
from models.shared.refusals import InvalidRequest
from tests.integration.coupons.counter import NOW, Counter, order, refund, use, user

LATER = NOW + timedelta(minutes=5)


def told(events: Sequence[Event], kind: type[CouponRedeemed] | type[CouponReturned]) -> list[CouponId]:
    assert [event for event in events if not isinstance(event, (kind, PointsChanged))] == []
    return [event.coupon_id for event in events if isinstance(event, kind)]


async def test_an_order_holds_everything_and_a_repeat_changes_nothing(counter: Counter) -> None:
    coupon, rule = await counter.coupon(), await counter.rule()
    await counter.give_points(100)
    await counter.hold(order(), coupon.coupon_id, points=30, uses=[use(rule)])
    held = await counter.everything()
    assert (await counter.state_of(coupon), await counter.balance(), await counter.used(rule)) == ("locked", 70, 1)

    await counter.hold(order(), coupon.coupon_id, points=30, uses=[use(rule)], at=LATER + timedelta(days=300))

    assert await counter.everything() == held


async def test_the_same_order_never_holds_something_else(counter: Counter) -> None:
    coupon, other, rule = await counter.coupon(), await counter.coupon(key="other"), await counter.rule()
    await counter.give_points(100)
    await counter.hold(order(), coupon.coupon_id, points=30)
    held = await counter.everything()
    others: list[dict[str, Any]] = [{"points": 31}, {"points": 30, "uses": [use(rule)]}, {"points": 30, "name": "eve"}]
    for more in others:
        with pytest.raises(BenefitsConflict):
            await counter.hold(order(), coupon.coupon_id, **more)
    with pytest.raises(BenefitsConflict):
        await counter.hold(order(), coupon.coupon_id, other.coupon_id, points=30)
    assert await counter.everything() == held


async def test_a_refusal_leaves_nothing_held(counter: Counter) -> None:
    free, taken, used = [await counter.coupon(key=key) for key in ("free", "taken", "used")]
    over = await counter.coupon(key="over", valid_days=1)
    eves = await counter.coupon("eve")
    spent = await counter.rule("spent", total_limit=1)
    await counter.give_points(100)
    await counter.hold(order("another"), taken.coupon_id, uses=[use(spent)])
    await counter.hold(order("paid"), used.coupon_id)
    await counter.redeem(order("paid"))
    before = await counter.everything()
    later = NOW + timedelta(days=2)

    cases: list[tuple[type[Refusal], Coupon, dict[str, Any]]] = [
        (CouponLocked, taken, {}),
        (CouponAlreadyUsed, used, {}),
        (CouponNotValid, over, {"at": later}),
        (CouponNotFound, eves, {}),
        (PointsNotEnough, free, {"points": 101}),
        (PromotionUsedUp, free, {"points": 50, "uses": [use(spent)]}),
    ]
    for kind, coupon, more in cases:
        with pytest.raises(kind):
            await counter.hold(order(), free.coupon_id, coupon.coupon_id, **more)
        assert await counter.everything() == before, kind
    await counter.hold(order(), free.coupon_id, points=100)


async def test_an_order_that_is_not_paid_gives_everything_back(counter: Counter) -> None:
    coupon, rule = await counter.coupon(give_back=GiveBack.NEVER), await counter.rule()
    await counter.give_points(100)
    await counter.hold(order(), coupon.coupon_id, points=30, uses=[use(rule)])

    first = await counter.give_back(order(), LATER)

    assert [event.delta for event in first if isinstance(event, PointsChanged)] == [-30, 30]
    assert told(first, CouponReturned) == [coupon.coupon_id]
    assert (await counter.state_of(coupon), await counter.balance(), await counter.used(rule)) == ("claimed", 100, 0)
    assert await counter.give_back(order(), LATER + timedelta(hours=1)) == first
    assert first[0].event_id == f"coupon_returned/{coupon.coupon_id}/{order()}"


@pytest.mark.parametrize(
    ("give_back", "after_cancel", "after_whole_refund"),
    [
        (GiveBack.ON_CANCEL, "claimed", "redeemed"),
        (GiveBack.ON_WHOLE_REFUND, "claimed", "claimed"),
        (GiveBack.NEVER, "redeemed", "redeemed"),
    ],
)
async def test_a_redeemed_coupon_returns_as_its_terms_say(
    counter: Counter, give_back: GiveBack, after_cancel: str, after_whole_refund: str
) -> None:
    cancelled, refunded = await counter.coupon(give_back=give_back), await counter.coupon("eve", give_back=give_back)
    await counter.hold(order("cancelled"), cancelled.coupon_id)
    await counter.hold(order("refunded"), refunded.coupon_id, name="eve")
    for name in ("cancelled", "refunded"):
        await counter.redeem(order(name))

    back = await counter.give_back(order("cancelled"), LATER)
    part = await counter.settle(order("refunded"), refund("part"))
    rest = await counter.settle(order("refunded"), refund("rest"), whole=True)

    assert (await counter.state_of(cancelled), await counter.state_of(refunded)) == (after_cancel, after_whole_refund)
    assert told(back, CouponReturned) == ([cancelled.coupon_id] if after_cancel == "claimed" else [])
    assert part == ()
    assert told(rest, CouponReturned) == ([refunded.coupon_id] if after_whole_refund == "claimed" else [])
    assert await counter.settle(order("refunded"), refund("rest"), whole=True, at=LATER) == rest


async def test_a_cancelled_paid_order_gives_points_and_uses_back(counter: Counter) -> None:
    rule = await counter.rule()
    await counter.give_points(100)
    await counter.hold(order(), points=30, uses=[use(rule)])
    await counter.redeem(order())
    assert (await counter.balance(), await counter.used(rule)) == (70, 1)
    await counter.give_back(order())
    assert (await counter.balance(), await counter.used(rule)) == (100, 0)


async def test_an_order_redeems_once_and_says_the_same_again(counter: Counter) -> None:
    coupon = await counter.coupon()
    await counter.hold(order(), coupon.coupon_id)
    first = await counter.redeem(order(), LATER)
    assert told(first, CouponRedeemed) == [coupon.coupon_id]
    assert first[0].event_id == f"coupon_redeemed/{coupon.coupon_id}/{order()}"
    assert await counter.redeem(order(), LATER + timedelta(days=1)) == first
    assert await counter.state_of(coupon) == "redeemed"
    with pytest.raises(CouponAlreadyUsed):
        await counter.hold(order("second"), coupon.coupon_id)


async def test_an_order_that_held_nothing_redeems_nothing(counter: Counter) -> None:
    assert await counter.redeem(order()) == ()
    await counter.hold(order(), uses=())
    assert await counter.redeem(order()) == ()


async def test_what_was_given_back_is_never_held_nor_redeemed_again(counter: Counter) -> None:
    coupon = await counter.coupon()
    await counter.hold(order(), coupon.coupon_id)
    await counter.give_back(order())
    assert await counter.give_back(order("late")) == ()
    for late in (order(), order("late")):
        with pytest.raises(BenefitsReturned):
            await counter.hold(late, coupon.coupon_id)
        with pytest.raises(BenefitsReturned):
            await counter.redeem(late)
    await counter.hold(order("next"), coupon.coupon_id)


async def test_a_coupon_that_comes_back_too_late_is_over(counter: Counter) -> None:
    coupon = await counter.coupon(valid_days=1)
    later = NOW + timedelta(days=2)
    await counter.hold(order(), coupon.coupon_id)
    await counter.give_back(order(), later)
    with pytest.raises(CouponNotValid):
        await counter.hold(order("next"), coupon.coupon_id, at=later)


async def test_refunds_return_spent_points_in_part_and_never_more_than_were_spent(counter: Counter) -> None:
    await counter.give_points(100)
    await counter.hold(order(), points=30)
    await counter.redeem(order())
    for _ in range(2):
        told_of = await counter.settle(order(), refund("a"), points=20)
        assert [event.delta for event in told_of if isinstance(event, PointsChanged)] == [20]
    assert await counter.balance() == 90
    await counter.settle(order(), refund("b"), points=20, whole=True)
    assert await counter.balance() == 100
    await counter.give_back(order())
    assert await counter.balance() == 100


async def test_a_refund_says_the_same_for_ever(counter: Counter) -> None:
    await counter.give_points(100)
    await counter.hold(order(), points=30)
    await counter.redeem(order())
    await counter.settle(order(), refund(), points=20)
    for other in ({"points": 21}, {"whole": True, "points": 20}):
        with pytest.raises(InvalidRequest):
            await counter.settle(order(), refund(), **other)
    assert await counter.balance() == 90


async def test_a_coupon_that_came_back_and_went_into_another_order_is_left_there(counter: Counter) -> None:
    coupon = await counter.coupon(give_back=GiveBack.ON_WHOLE_REFUND)
    await counter.hold(order("a"), coupon.coupon_id)
    await counter.redeem(order("a"))
    await counter.settle(order("a"), refund(), whole=True)
    await counter.hold(order("b"), coupon.coupon_id)

    assert await counter.give_back(order("a"), LATER) == ()
    assert await counter.settle(order("a"), refund("again"), whole=True) == ()

    assert await counter.state_of(coupon) == "locked"
    assert told(await counter.redeem(order("b")), CouponRedeemed) == [coupon.coupon_id]


# ---- races -----------------------------------------------------------------------------------------------------------


async def test_of_fifty_orders_at_once_one_gets_the_coupon(counter: Counter) -> None:
    coupon = await counter.coupon()

    answers = await asyncio.gather(
        *(counter.hold(order(n), coupon.coupon_id) for n in range(50)), return_exceptions=True
    )

    assert sum(answer == () for answer in answers) == 1
    assert {type(answer) for answer in answers} == {tuple, CouponLocked}


async def test_twenty_copies_of_each_step_take_it_once(counter: Counter) -> None:
    coupon, rule = await counter.coupon(), await counter.rule()
    await counter.give_points(100)
    await asyncio.gather(*(counter.hold(order(), coupon.coupon_id, points=30, uses=[use(rule)]) for _ in range(20)))
    assert (await counter.balance(), await counter.used(rule)) == (70, 1)
    redeemed = await asyncio.gather(*(counter.redeem(order()) for _ in range(20)))
    assert {answer[0].event_id for answer in redeemed} == {f"coupon_redeemed/{coupon.coupon_id}/{order()}"}
    await asyncio.gather(*(counter.settle(order(), refund(), points=10) for _ in range(20)))
    assert await counter.balance() == 80
    await asyncio.gather(*(counter.give_back(order()) for _ in range(20)))
    assert (await counter.balance(), await counter.used(rule)) == (100, 0)


async def test_a_return_racing_its_hold_never_leaves_anything_held(counter: Counter) -> None:
    coupon, rule = await counter.coupon(), await counter.rule()
    await counter.give_points(100)
    for n in range(25):
        await asyncio.gather(
            counter.hold(order(n), coupon.coupon_id, points=30, uses=[use(rule)]),
            counter.give_back(order(n)),
            return_exceptions=True,
        )
    assert (await counter.state_of(coupon), await counter.balance(), await counter.used(rule)) == ("claimed", 100, 0)


async def test_a_return_racing_a_redemption_ends_in_one_of_the_two(counter: Counter) -> None:
    coupons = [await counter.coupon(key=str(n), give_back=GiveBack.NEVER) for n in range(15)]
    for n, coupon in enumerate(coupons):
        await counter.hold(order(n), coupon.coupon_id)
        redeemed, _ = await asyncio.gather(
            counter.redeem(order(n)), counter.give_back(order(n)), return_exceptions=True
        )
        went_first = not isinstance(redeemed, BaseException)
        assert went_first or isinstance(redeemed, BenefitsReturned)
        assert await counter.state_of(coupon) == ("redeemed" if went_first else "claimed")


async def test_taking_a_coupon_back_races_an_order_that_wants_it(counter: Counter) -> None:
    for n in range(15):
        coupon = await counter.coupon(key=str(n))
        held, voided = await asyncio.gather(
            counter.hold(order(n), coupon.coupon_id),
            counter.coupons.void(coupon.coupon_id, NOW),
            return_exceptions=True,
        )
        assert isinstance(held, CouponAlreadyUsed) != isinstance(voided, CouponLocked)


async def test_orders_that_want_the_same_in_any_order_never_deadlock(counter: Counter) -> None:
    """Several coupons, two rules and points of one buyer, named in any order, with returns and redemptions in between."""
    chance = random.Random(3)
    coupons = [(await counter.coupon(key=str(n), give_back=GiveBack.ON_WHOLE_REFUND)).coupon_id for n in range(6)]
    rules = [await counter.rule(name) for name in "ab"]
    await counter.give_points(10_000)

    async def one(n: int) -> None:
        wanted = chance.sample(coupons, 3)
        uses = [use(rule) for rule in chance.sample(rules, 2)]
        try:
            await counter.hold(order(n), *wanted, points=5, uses=uses)
            if n % 2:
                await counter.redeem(order(n))
            if n % 3:
                await counter.settle(order(n), refund(n), points=2, whole=True)
        except (CouponLocked, CouponAlreadyUsed):
            pass
        await counter.give_back(order(n))

    await asyncio.gather(*(one(n) for n in range(60)))  # a deadlock would be raised here: it is no Refusal

    assert await counter.balance() == 10_000
    assert [await counter.used(rule) for rule in rules] == [0, 0]
    assert len(await counter.coupons.offers_of(user(), coupons, NOW)) == 6
