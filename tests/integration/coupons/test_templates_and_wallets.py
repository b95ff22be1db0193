"""Templates keep every version; wallets show what is in them; another's coupon is not there."""

from datetime import timedelta
from typing import Any

import pytest

from models.promotions.errors import (
    CouponAlreadyUsed,
    CouponLocked,
    CouponNotFound,
    CouponNotValid,
    PromotionOver,
    PromotionStepIllegal,
    PromotionTermsInvalid,
)
from models.promotions.types import RuleStatus, Source
from models.promotions.wallets import WalletFilter
from models.shared import Refusal
from models.shared.ids import CampaignId, CouponId, CouponTemplateId
from models.shared.refusals import NotFound, StaleVersion
from tests.integration.coupons.counter import NOW, OPERATOR, Counter, order, terms, user

DAY = timedelta(days=1)


async def test_a_revision_is_a_new_version_and_leaves_wallets_alone(counter: Counter) -> None:
    template = await counter.template(valid_days=30)
    old = await counter.claim(template)

    new_terms = terms(label="20 off", valid_days=3)
    revised = await counter.coupons.revise_template(template.template_id, 1, new_terms, by=OPERATOR, now=NOW)
    new = await counter.claim(template, "eve")

    assert (revised.version, revised.terms, revised.claimed) == (2, new_terms, 1)
    assert (old.template_version, new.template_version) == (1, 2)
    assert (await counter.coupons.coupon_of(old.coupon_id, user())).terms == template.terms
    kept = await counter.coupons.template_versions(template.template_id)
    assert [(one.version, one.terms, one.decided_by) for one in kept] == [
        (2, new_terms, OPERATOR),
        (1, template.terms, OPERATOR),
    ]
    assert (old.valid_until - NOW, new.valid_until - NOW) == (30 * DAY, 3 * DAY)


async def test_making_a_template_twice_makes_one_draft(counter: Counter) -> None:
    template_id = CouponTemplateId.derive(NOW, "twice")
    first = await counter.coupons.create_template(template_id, terms(), by=OPERATOR, now=NOW)
    assert await counter.coupons.create_template(template_id, terms(), by=OPERATOR, now=NOW) == first
    assert (first.status, first.version) == (RuleStatus.DRAFT, 1)


async def test_two_operators_do_not_overwrite_each_other(counter: Counter) -> None:
    template = await counter.template()
    await counter.coupons.revise_template(template.template_id, 1, terms(label="a"), by=OPERATOR, now=NOW)
    with pytest.raises(StaleVersion):
        await counter.coupons.revise_template(template.template_id, 1, terms(label="b"), by=OPERATOR, now=NOW)
    with pytest.raises(StaleVersion):
        await counter.coupons.set_template_status(template.template_id, 1, RuleStatus.PAUSED, NOW)


async def test_what_has_ended_stays_ended(counter: Counter) -> None:
    template_id = (await counter.template()).template_id
    with pytest.raises(PromotionStepIllegal):
        await counter.coupons.set_template_status(template_id, 1, RuleStatus.DRAFT, NOW)
    await counter.coupons.set_template_status(template_id, 1, RuleStatus.ENDED, NOW)
    with pytest.raises(PromotionOver):
        await counter.coupons.set_template_status(template_id, 1, RuleStatus.ACTIVE, NOW)
    with pytest.raises(PromotionOver):
        await counter.coupons.revise_template(template_id, 1, terms(), by=OPERATOR, now=NOW)
    with pytest.raises(PromotionOver):
        await counter.codes(await counter.coupons.template(template_id), 1)


@pytest.mark.parametrize(
    "said",
    [
        {"claim_until": NOW - DAY},
        {"valid_days": None},
        {"valid_until": NOW + 6 * DAY},
        {"valid_from": NOW + 9 * DAY, "valid_until": NOW + 8 * DAY},
        {"valid_from": NOW + 90 * DAY, "valid_days": 5},
        {"campaign_id": CampaignId.derive(NOW, "nowhere")},
    ],
)
async def test_terms_that_make_no_sense_are_refused(counter: Counter, said: dict[str, Any]) -> None:
    template_id = CouponTemplateId.derive(NOW, "senseless")
    with pytest.raises(PromotionTermsInvalid):
        await counter.coupons.create_template(template_id, terms(**said), by=OPERATOR, now=NOW)
    with pytest.raises(NotFound):
        await counter.coupons.template(template_id)


async def test_the_quantity_never_falls_below_what_was_claimed(counter: Counter) -> None:
    template = await counter.template()
    for n in range(3):
        await counter.claim(template, n)
    with pytest.raises(PromotionTermsInvalid):
        await counter.coupons.revise_template(template.template_id, 1, terms(quantity=2), by=OPERATOR, now=NOW)
    await counter.coupons.revise_template(template.template_id, 1, terms(quantity=3), by=OPERATOR, now=NOW)


async def test_the_earlier_end_counts_and_a_later_start_is_waited_for(counter: Counter) -> None:
    short = await counter.coupon(key="short", valid_days=30, claim_until=NOW + DAY, valid_until=NOW + DAY)
    later = await counter.coupon(key="later", valid_from=NOW + 2 * DAY, valid_days=30)
    assert (short.valid_from, short.valid_until) == (NOW, NOW + DAY)
    assert (later.valid_from, later.valid_until) == (NOW + 2 * DAY, NOW + 30 * DAY)
    with pytest.raises(CouponNotValid) as refusal:
        await counter.coupons.offers_of(user(), [later.coupon_id], NOW)
    assert refusal.value.fields["valid_from"] == later.valid_from.isoformat()
    assert await counter.coupons.offers_of(user(), [later.coupon_id], NOW + 2 * DAY)


async def test_a_wallet_is_told_apart_and_paged(counter: Counter) -> None:
    template = await counter.template(per_user_limit=10)
    made = [await counter.claim(template, key=str(n), now=NOW + timedelta(seconds=n)) for n in range(4)]
    short = await counter.coupon(key="short", valid_days=1)
    await counter.claim(template, "eve")
    await counter.hold(order("a"), made[0].coupon_id, at=NOW + timedelta(minutes=1))
    await counter.hold(order("b"), made[1].coupon_id, at=NOW + timedelta(minutes=1))
    await counter.redeem(order("b"))
    await counter.coupons.void(made[2].coupon_id, NOW)
    later = NOW + 2 * DAY

    async def shown(only: WalletFilter | None, **more: Any) -> set[CouponId]:
        return {coupon.coupon_id for coupon in await counter.coupons.wallet(user(), later, only=only, **more)}

    assert await shown(WalletFilter.LOCKED) == {made[0].coupon_id}
    assert await shown(WalletFilter.USED) == {made[1].coupon_id}
    assert await shown(WalletFilter.USABLE) == {made[3].coupon_id}
    assert await shown(WalletFilter.EXPIRED) == {short.coupon_id}
    whole = await counter.coupons.wallet(user(), later)
    assert len(whole) == 5
    first = await counter.coupons.wallet(user(), later, limit=2)
    rest = await counter.coupons.wallet(user(), later, before=first[-1].coupon_id)
    assert [*first, *rest] == whole
    assert len(await counter.coupons.coupons_of_template(template.template_id)) == 5
    (seen,) = [t for t in await counter.coupons.templates() if t.template_id == template.template_id]
    assert (seen.claimed, seen.redeemed) == (5, 1)


async def test_what_can_be_claimed_says_how_many_are_left_and_whether_one_more_may(counter: Counter) -> None:
    template = await counter.template("a", quantity=5)
    await counter.template("code", by_code_only=True)
    await counter.template("later", claim_from=NOW + DAY)
    await counter.claim(template)
    (annas,) = await counter.coupons.claimable(user(), NOW)
    (eves,) = await counter.coupons.claimable(user("eve"), NOW)
    assert (annas.left, annas.claimed, annas.is_claimable) == (4, 1, False)
    assert (eves.left, eves.claimed, eves.is_claimable) == (4, 0, True)


async def test_a_coupon_becomes_the_offer_it_was_claimed_as(counter: Counter) -> None:
    coupon = await counter.coupon(priority=7, group="big", on_refund="keep")
    await counter.coupons.revise_template(coupon.template_id, 1, terms(label="other"), by=OPERATOR, now=NOW)
    (offer,) = await counter.coupons.offers_of(user(), [coupon.coupon_id, coupon.coupon_id], NOW)
    assert (offer.source, offer.rule_id, offer.rule_version) == (Source.COUPON, coupon.template_id, 1)
    assert (offer.coupon_id, offer.label, offer.priority, offer.group) == (coupon.coupon_id, "10 off 100", 7, "big")
    assert not offer.claws_back
    await counter.coupons.void(coupon.coupon_id, NOW)
    assert await counter.coupons.offers_for_receipt([coupon.coupon_id]) == (offer,)


async def offers_refused(counter: Counter, coupon_id: CouponId, name: str = "anna", **more: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        await counter.coupons.offers_of(user(name), [coupon_id], NOW, **more)
    return refusal.value


async def test_a_coupon_that_cannot_be_used_says_why(counter: Counter) -> None:
    coupon = await counter.coupon()
    missing = CouponId.derive(NOW, "missing")
    anothers, nobodys = await offers_refused(counter, coupon.coupon_id, "eve"), await offers_refused(counter, missing)
    assert {type(anothers), type(nobodys)} == {CouponNotFound}
    assert anothers.detail.replace(coupon.coupon_id, "") == nobodys.detail.replace(missing, "")

    await counter.hold(order(), coupon.coupon_id)
    locked = await offers_refused(counter, coupon.coupon_id)
    assert (type(locked), locked.fields["order_id"]) == (CouponLocked, order())
    assert await counter.coupons.offers_of(user(), [coupon.coupon_id], NOW, for_order=order())
    assert type(await offers_refused(counter, coupon.coupon_id, for_order=order("other"))) is CouponLocked

    await counter.redeem(order())
    assert type(await offers_refused(counter, coupon.coupon_id, for_order=order())) is CouponAlreadyUsed


async def test_only_a_coupon_in_hand_is_taken_back(counter: Counter) -> None:
    coupon = await counter.coupon()
    await counter.hold(order(), coupon.coupon_id)
    with pytest.raises(CouponLocked):
        await counter.coupons.void(coupon.coupon_id, NOW)
    await counter.give_back(order())
    voided = await counter.coupons.void(coupon.coupon_id, NOW)
    assert await counter.coupons.void(coupon.coupon_id, NOW + DAY) == voided
    assert type(await offers_refused(counter, coupon.coupon_id)) is CouponAlreadyUsed
    with pytest.raises(CouponNotFound):
        await counter.coupons.void(CouponId.derive(NOW, "missing"), NOW)
