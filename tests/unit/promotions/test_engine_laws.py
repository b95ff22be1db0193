"""What holds for every basket and every set of offers."""

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from models.promotions.offers import Offer
from models.promotions.rules import best_for_customer
from models.promotions.types import MissedReason, OfferInForce, OfferLine
from tests.lengths import examples
from tests.unit.promotions.offering import (
    SKUS,
    baskets,
    cny,
    free_shipping,
    line,
    offers_in_force,
    per_sku,
    percent,
    rule,
    save,
    saved,
)
from tests.unit.promotions.slow_choice import most_that_can_be_saved

# Many more were tried when the engine was written.
some = settings(max_examples=examples(80), deadline=None)

Lines = Sequence[OfferLine]
Offers = Sequence[OfferInForce]


@some
@given(baskets(), offers_in_force(), st.booleans())
def test_no_line_costs_less_than_nothing_and_no_share_is_negative(lines: Lines, offers: Offers, member: bool) -> None:
    found = best_for_customer(lines, offers, is_member=member)
    for one in lines:
        goods = [a.amount.minor for a in found.adjustments.get(one.sku_id, ()) if not a.on_shipping]
        shipping = [a.amount.minor for a in found.adjustments.get(one.sku_id, ()) if a.on_shipping]
        assert all(share > 0 for share in goods + shipping)
        assert sum(goods) <= one.unit_price.minor * one.quantity
        assert sum(shipping) <= (one.shipping.minor if one.shipping else 0)


@some
@given(baskets(), offers_in_force(), st.booleans())
def test_no_budget_is_exceeded(lines: Lines, offers: Offers, member: bool) -> None:
    left = {(o.rule_id, o.coupon_id): o.left for o in offers if o.left is not None}
    for applied in best_for_customer(lines, offers, is_member=member).applied:
        budget = left.get((applied.rule_id, applied.coupon_id))
        assert budget is None or applied.amount <= budget


@some
@given(baskets(), offers_in_force(), st.booleans())
def test_the_shares_of_an_offer_sum_to_its_amount(lines: Lines, offers: Offers, member: bool) -> None:
    found = best_for_customer(lines, offers, is_member=member)
    sums: dict[tuple[str, str | None], int] = defaultdict(int)
    for adjustments in found.adjustments.values():
        for one in adjustments:
            sums[one.rule_id, one.coupon_id] += one.amount.minor
    assert sums == {(a.rule_id, a.coupon_id): a.amount.minor for a in found.applied}


@some
@given(baskets(), offers_in_force(), st.booleans(), st.data())
def test_neither_the_order_of_lines_nor_that_of_offers_matters(
    lines: Lines, offers: Offers, member: bool, data: st.DataObject
) -> None:
    found = best_for_customer(lines, offers, is_member=member)
    other = best_for_customer(data.draw(st.permutations(lines)), data.draw(st.permutations(offers)), is_member=member)
    assert other == found


@some
@given(baskets(), offers_in_force(), st.booleans(), st.data())
def test_an_item_more_never_makes_the_others_dearer(
    lines: Lines, offers: Offers, member: bool, data: st.DataObject
) -> None:
    before = saved(best_for_customer(lines, offers, is_member=member))
    spare = sorted(set(SKUS) - {name for name in SKUS if any(line(name, 0).sku_id == one.sku_id for one in lines)})
    if spare and data.draw(st.booleans()):
        more = [*lines, line(data.draw(st.sampled_from(spare)), data.draw(st.integers(0, 100)), 1, 3)]
    else:
        grown = data.draw(st.sampled_from(range(len(lines))))
        more = [
            one.model_copy(update={"quantity": one.quantity + 1}) if at == grown else one
            for at, one in enumerate(lines)
        ]
    assert saved(best_for_customer(more, offers, is_member=member)) >= before


@some
@given(baskets(), offers_in_force(), st.booleans(), st.data())
def test_an_offer_more_never_makes_the_basket_dearer(
    lines: Lines, offers: Offers, member: bool, data: st.DataObject
) -> None:
    if not offers:
        return
    without = data.draw(st.sampled_from(range(len(offers))))
    fewer = [offer for at, offer in enumerate(offers) if at != without]
    with_it = saved(best_for_customer(lines, offers, is_member=member))
    assert with_it >= saved(best_for_customer(lines, fewer, is_member=member))


@some
@given(baskets(), offers_in_force(), st.booleans())
def test_of_an_exclusion_group_at_most_one_counts(lines: Lines, offers: Offers, member: bool) -> None:
    found = best_for_customer(lines, offers, is_member=member)
    groups = {(o.rule_id, o.coupon_id): o.group for o in offers}
    counting = [group for a in found.applied if (group := groups[a.rule_id, a.coupon_id]) is not None]
    assert len(counting) == len(set(counting))


@some
@given(baskets(), offers_in_force(), st.booleans())
def test_a_coupon_counts_or_is_told_why_not(lines: Lines, offers: Offers, member: bool) -> None:
    found = best_for_customer(lines, offers, is_member=member)
    counting = {a.coupon_id for a in found.applied}
    missed = {m.coupon_id: m for m in found.missed if m.coupon_id is not None}
    coupons = {offer.coupon_id for offer in offers if offer.coupon_id is not None}
    assert coupons - counting == set(missed)
    for one in found.missed:
        assert one.hint
        assert (one.short_by is not None or one.short_units is not None) == (one.reason is MissedReason.SHORT)
        assert one.short_by is None or one.short_by.minor > 0
        assert one.short_units is None or one.short_units > 0


@some
@given(
    baskets(most=4), st.sampled_from([save((90, 20)), save((40, 5), (120, 30)), percent((150, 10)), free_shipping(200)])
)
def test_what_a_hint_asks_for_is_just_enough(lines: Lines, offer: Offer) -> None:
    lines = [one.model_copy(update={"shipping": cny(5)}) for one in lines]
    alone = best_for_customer(lines, [rule("hinted", offer)], is_member=False)
    for short in (one.short_by.minor for one in alone.missed if one.short_by is not None):
        spare = next(name for name in SKUS if all(line(name, 0).sku_id != one.sku_id for one in lines))
        enough = best_for_customer([*lines, line(spare, short, 1, 0)], [rule("hinted", offer)], is_member=False)
        just_short = best_for_customer([*lines, line(spare, short - 1, 1, 0)], [rule("hinted", offer)], is_member=False)
        assert saved(enough) > saved(alone)
        assert enough.missed == () or enough.missed[0].short_by != cny(short)
        assert [one.short_by for one in just_short.missed] == [cny(1)]


@some
@given(baskets(most=4, largest=4), offers_in_force(most=5), st.booleans())
def test_nothing_saves_more_than_what_the_engine_chooses(lines: Lines, offers: Offers, member: bool) -> None:
    found = saved(best_for_customer(lines, offers, is_member=member))
    assert found == most_that_can_be_saved(lines, offers, is_member=member)


@some
@given(baskets(), offers_in_force(), st.booleans())
def test_the_same_question_has_the_same_answer(lines: Lines, offers: Offers, member: bool) -> None:
    first, second = (best_for_customer(lines, offers, is_member=member) for _ in range(2))
    assert per_sku(first) == per_sku(second)
    assert first == second
