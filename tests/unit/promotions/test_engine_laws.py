"""What holds for every basket and every set of offers."""

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from models.promotions.rules import best_for_customer
from models.promotions.types import MissedReason, OfferInForce, OfferLine
from tests.unit.promotions.offering import (
    SKUS,
    baskets,
    line,
    offers_in_force,
    per_sku,
    saved,
)
from tests.unit.promotions.slow_choice import most_that_can_be_saved

Lines = Sequence[OfferLine]
Offers = Sequence[OfferInForce]


@given(baskets(), offers_in_force(), st.booleans())
def test_no_line_costs_less_than_nothing_and_no_share_is_negative(lines: Lines, offers: Offers, member: bool) -> None:
    found = best_for_customer(lines, offers, is_member=member)
    for one in lines:
        goods = [a.amount.minor for a in found.adjustments.get(one.sku_id, ()) if not a.on_shipping]
        shipping = [a.amount.minor for a in found.adjustments.get(one.sku_id, ()) if a.on_shipping]
        assert all(share > 0 for share in goods + shipping)
        assert sum(goods) <= one.unit_price.minor * one.quantity
        assert sum(shipping) <= (one.shipping.minor if one.shipping else 0)


@given(baskets(), offers_in_force(), st.booleans())
def test_no_budget_is_exceeded(lines: Lines, offers: Offers, member: bool) -> None:
    left = {(o.rule_id, o.coupon_id): o.left for o in offers if o.left is not None}
    for applied in best_for_customer(lines, offers, is_member=member).applied:
        budget = left.get((applied.rule_id, applied.coupon_id))
        assert budget is None or applied.amount <= budget


@given(baskets(), offers_in_force(), st.booleans())
def test_the_shares_of_an_offer_sum_to_its_amount(lines: Lines, offers: Offers, member: bool) -> None:
    found = best_for_customer(lines, offers, is_member=member)
    sums: dict[tuple[str, str | None], int] = defaultdict(int)
    for adjustments in found.adjustments.values():
        for one in adjustments:
            sums[one.rule_id, one.coupon_id] += one.amount.minor
    assert sums == {(a.rule_id, a.coupon_id): a.amount.minor for a in found.applied}


@given(baskets(), offers_in_force(), st.booleans(), st.data())
def test_neither_the_order_of_lines_nor_that_of_offers_matters(
    lines: Lines, offers: Offers, member: bool, data: st.DataObject
) -> None:
    found = best_for_customer(lines, offers, is_member=member)
    other = best_for_customer(data.draw(st.permutations(lines)), data.draw(st.permutations(offers)), is_member=member)
    assert other == found


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


@given(baskets(), offers_in_force(), st.booleans())
def test_of_an_exclusion_group_at_most_one_counts(lines: Lines, offers: Offers, member: bool) -> None:
    found = best_for_customer(lines, offers, is_member=member)
    groups = {(o.rule_id, o.coupon_id): o.group for o in offers}
    counting = [group for a in found.applied if (group := groups[a.rule_id, a.coupon_id]) is not None]
    assert len(counting) == len(set(counting))


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


@given(baskets(), offers_in_force(groups=False), st.booleans())
def test_what_is_short_counts_or_is_less_short_when_it_is_spent(lines: Lines, offers: Offers, member: bool) -> None:
    """The figures of a hint are those that the engine itself looks at: with that much more of the same, the tier is reached."""
    for offer in offers:
        alone = best_for_customer(lines, [offer], is_member=member)
        short = next((m for m in alone.missed if m.short_by is not None), None)
        if short is None or short.short_by is None:
            continue
        inside = next(one for one in lines if _is_in_scope(one, offer))
        price = inside.unit_price.minor * inside.quantity + short.short_by.minor
        dearer = [
            one.model_copy(update={"quantity": 1, "unit_price": one.unit_price.model_copy(update={"minor": price})})
            if one is inside
            else one
            for one in lines
        ]
        then = best_for_customer(dearer, [offer], is_member=member)
        assert all(m.short_by != short.short_by or m.hint != short.hint for m in then.missed if alone.applied == ())
        just_short = [
            one.model_copy(update={"unit_price": one.unit_price.model_copy(update={"minor": price - 1})})
            if one.sku_id == inside.sku_id
            else one
            for one in dearer
        ]
        assert any(m.short_by is not None and m.short_by.minor == 1 for m in _missed(just_short, offer, member))


def _missed(lines: Lines, offer: OfferInForce, member: bool) -> Sequence[object]:
    return best_for_customer(lines, [offer], is_member=member).missed


def _is_in_scope(one: OfferLine, offer: OfferInForce) -> bool:
    told = best_for_customer([one], [offer.model_copy(update={"coupon_id": None})], is_member=True)
    return bool(told.applied or told.missed)


@given(baskets(most=4, largest=4), offers_in_force(most=5), st.booleans())
def test_nothing_saves_more_than_what_the_engine_chooses(lines: Lines, offers: Offers, member: bool) -> None:
    found = saved(best_for_customer(lines, offers, is_member=member))
    assert found == most_that_can_be_saved(lines, offers, is_member=member)


@given(baskets(), offers_in_force(), st.booleans())
def test_the_same_question_has_the_same_answer(lines: Lines, offers: Offers, member: bool) -> None:
    first, second = (best_for_customer(lines, offers, is_member=member) for _ in range(2))
    assert per_sku(first) == per_sku(second)
    assert first == second
