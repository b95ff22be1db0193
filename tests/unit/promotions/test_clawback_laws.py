"""What holds of everything that is taken back when a part of an order is returned."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from models.promotions.clawback import clawback, earned_by
from models.promotions.rules import best_for_customer
from models.promotions.types import Breakdown, OfferInForce, OfferLine
from models.shared import Money
from tests.lengths import examples
from tests.unit.promotions.offering import baskets, cny, cut, line, offers_in_force, rule, save, saved, timed

Lines = Sequence[OfferLine]
Offers = Sequence[OfferInForce]
some = settings(max_examples=examples(80), deadline=None)


def those_that_counted(offers: Offers, breakdown: Breakdown, keeping: Sequence[bool]) -> list[OfferInForce]:
    """As an order stores them; some are kept on refunds. A rule stands once, though it may be in two hands."""
    counted = {(one.rule_id, one.coupon_id) for one in breakdown.applied}
    return [
        offer.model_copy(update={"claws_back": claws})
        for offer, claws in zip(offers, keeping, strict=True)
        if (offer.rule_id, offer.coupon_id) in counted
    ]


def recorded_on(lines: Lines, kept: Lines, breakdown: Breakdown) -> dict[str, Money]:
    """The shares of the units that are kept."""
    quantities = {one.sku_id: one.quantity for one in lines}
    sums: dict[str, int] = defaultdict(int)
    for one in kept:
        for share in breakdown.adjustments.get(one.sku_id, ()):
            sums[share.rule_id] += share.amount.minor * one.quantity // quantities[one.sku_id]
    return {rule_id: cny(minor) for rule_id, minor in sums.items()}


@st.composite
def orders(draw: st.DrawFn) -> tuple[Lines, Lines, Mapping[str, Money], Offers]:
    """What was bought, what is kept, what was taken off the kept units, and the offers that counted."""
    lines, offers = draw(baskets()), draw(offers_in_force())
    found = best_for_customer(lines, offers, is_member=True)
    keeping = draw(st.lists(st.booleans(), min_size=len(offers), max_size=len(offers)))
    kept = [
        one.model_copy(update={"quantity": units}) for one in lines if (units := draw(st.integers(0, one.quantity))) > 0
    ]
    return lines, kept, recorded_on(lines, kept, found), those_that_counted(offers, found, keeping)


@some
@given(orders())
def test_nothing_negative_and_never_more_than_was_taken_off(
    order: tuple[Lines, Lines, Mapping[str, Money], Offers],
) -> None:
    _, kept, recorded, offers = order
    for rule_id, taken in clawback(kept, recorded, offers).items():
        assert 0 < taken.minor <= recorded[rule_id].minor


@some
@given(orders())
def test_offers_that_buyers_keep_give_nothing_back(order: tuple[Lines, Lines, Mapping[str, Money], Offers]) -> None:
    _, kept, recorded, offers = order
    keepers = {offer.rule_id for offer in offers if not offer.claws_back}
    assert keepers.isdisjoint(clawback(kept, recorded, offers))


@some
@given(orders())
def test_the_kept_units_never_cost_more_than_bought_alone(
    order: tuple[Lines, Lines, Mapping[str, Money], Offers],
) -> None:
    _, kept, recorded, offers = order
    taken = sum(one.minor for one in clawback(kept, recorded, offers).values())
    earned = sum(one.minor for one in earned_by(kept, offers).values())
    assert taken <= max(0, sum(one.minor for one in recorded.values()) - earned)


@some
@given(baskets(), offers_in_force(), st.data())
def test_nothing_is_taken_back_when_everything_is_kept(lines: Lines, offers: Offers, data: st.DataObject) -> None:
    found = best_for_customer(lines, offers, is_member=True)
    keeping = data.draw(st.lists(st.booleans(), min_size=len(offers), max_size=len(offers)))
    counted = those_that_counted(offers, found, keeping)
    assert clawback(lines, recorded_on(lines, lines, found), counted) == {}


def test_a_price_whose_budget_was_short_is_not_held_against_the_buyer() -> None:
    """It took 0.01 beside 0.96 then; with a full budget it would be a price of its own, and save 0.95 alone."""
    lines = [line("a", 100)]
    price, ladder = rule("price", timed(a=5), left=1), rule("save", save((26, 32), repeats=True))
    found = best_for_customer(lines, [price, ladder], is_member=False)
    assert saved(found) == 97
    assert clawback(lines, {one.rule_id: one.amount for one in found.applied}, [price, ladder]) == {}


def test_budgets_and_limits_were_decided_when_it_was_bought() -> None:
    spent = rule("save", save((100, 30)), left=0, is_exhausted=True)
    assert earned_by([line("a", 100)], [spent]) == {spent.rule_id: cny(30)}


def test_what_another_offer_earns_now_counts_for_the_buyer() -> None:
    """a and b reached the threshold at their ordinary prices; a alone has its direct cut instead."""
    ladder, direct = rule("save", save((200, 60))), rule("cut", cut(10))
    found = best_for_customer([line("a", 104), line("b", 104)], [ladder, direct], is_member=False)
    assert [one.rule_id for one in found.applied] == [ladder.rule_id]
    assert clawback([line("a", 104)], {ladder.rule_id: cny(30)}, [ladder, direct]) == {ladder.rule_id: cny(20)}


def test_when_nothing_is_kept_nothing_is_taken_back() -> None:
    assert clawback([], {}, [rule("save", save((200, 60)))]) == {}
