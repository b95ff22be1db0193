"""What points take off an order, what is earned, and what goes back: examples, and laws that hold for every order."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.settings import Settings
from models.points.errors import PointsAboveShare
from models.points.rules import (
    due_back,
    earned_for,
    most_points,
    points_by_line,
    points_of,
    spend_on,
    worth,
)
from models.points.types import PointsTerms
from models.promotions.types import Source
from models.shared import Money
from models.shared.ids import SkuId
from models.shared.money import total
from models.shared.refusals import InvalidRequest

_NOW = datetime(2026, 11, 22, tzinfo=UTC)
TEA, CUP, POT = (SkuId.derive(_NOW, name) for name in ("tea", "cup", "pot"))
HALF = PointsTerms(worth_minor=1, most_percent=50)

terms = st.builds(
    PointsTerms,
    earn_per_hundred=st.integers(0, 10_000),
    worth_minor=st.integers(1, 300),
    most_percent=st.integers(0, 100),
)
amounts = st.integers(0, 10_000_000).map(lambda minor: Money(minor=minor))
goods = st.dictionaries(st.integers(0, 30).map(lambda n: SkuId.derive(_NOW, str(n))), amounts, min_size=1, max_size=10)


def cny(minor: int) -> Money:
    return Money(minor=minor)


def test_points_come_off_each_line_by_what_it_still_costs() -> None:
    off = spend_on(100, {TEA: cny(300), CUP: cny(100), POT: cny(0)}, HALF)
    assert {sku_id: cut.amount for sku_id, cut in off.items()} == {TEA: cny(75), CUP: cny(25)}
    assert {(cut.rule_id, cut.source, cut.on_shipping) for cut in off.values()} == {("points", Source.POINTS, False)}


def test_more_points_than_the_order_takes_are_refused_with_how_many_it_takes() -> None:
    with pytest.raises(PointsAboveShare) as refused:
        spend_on(201, {TEA: cny(300), CUP: cny(101)}, HALF)
    assert refused.value.fields == {"most": 200}


def test_an_empty_basket_takes_no_points_and_no_points_are_nothing() -> None:
    assert spend_on(0, {}, HALF) == {}
    with pytest.raises(PointsAboveShare):
        spend_on(1, {}, HALF)
    with pytest.raises(InvalidRequest):
        spend_on(-1, {TEA: cny(100)}, HALF)


def test_points_are_earned_on_whole_hundreds_at_the_rate_of_the_terms() -> None:
    assert [earned_for(cny(paid), PointsTerms()) for paid in (-5, 0, 99, 100, 12_345)] == [0, 0, 0, 1, 123]
    assert earned_for(cny(99), PointsTerms(earn_per_hundred=200)) == 198


def test_a_point_may_be_worth_more_than_a_cent() -> None:
    dear = PointsTerms(worth_minor=30, most_percent=50)
    assert most_points(cny(1_000), dear) == 16
    assert worth(16, dear, "CNY") == cny(480)


def test_units_that_come_back_bring_their_points_and_no_unit_comes_back_twice() -> None:
    assert [points_of(1, before=n, of=3, points=10) for n in range(3)] == [3, 3, 4]
    with pytest.raises(InvalidRequest):
        points_of(2, before=2, of=3, points=10)


def test_settings_and_terms_agree_on_what_points_are() -> None:
    assert PointsTerms(**Settings().points_terms) == PointsTerms()
    assert PointsTerms(**Settings(points_most_percent=30).points_terms).most_percent == 30


@given(goods, terms, st.data())
def test_what_points_take_off_sums_to_their_worth_and_never_exceeds_a_line(
    left: dict[SkuId, Money], terms: PointsTerms, data: st.DataObject
) -> None:
    most = most_points(total(list(left.values()), "CNY"), terms)
    points = data.draw(st.integers(0, most))
    off = spend_on(points, left, terms)
    assert total([cut.amount for cut in off.values()], "CNY") == worth(points, terms, "CNY")
    assert all(cny(0) < cut.amount <= left[sku_id] for sku_id, cut in off.items())
    with pytest.raises(PointsAboveShare):
        spend_on(most + 1, left, terms)


@given(amounts, terms)
def test_the_most_an_order_takes_is_within_its_share_and_one_more_is_not(left: Money, terms: PointsTerms) -> None:
    most = most_points(left, terms)
    assert worth(most, terms, "CNY").minor * 100 <= left.minor * terms.most_percent
    assert worth(most + 1, terms, "CNY").minor * 100 > left.minor * terms.most_percent


@given(goods, st.integers(0, 10_000_000))
def test_the_points_of_lines_sum_to_those_of_the_order(saved: dict[SkuId, Money], points: int) -> None:
    by_line = points_by_line(points, saved)
    assert sum(by_line.values()) == points
    assert min(by_line.values()) >= 0


@given(st.integers(0, 1_000_000), st.lists(st.integers(0, 50), min_size=1, max_size=8))
def test_the_points_of_all_returns_of_a_line_sum_to_those_of_the_line(points: int, returns: list[int]) -> None:
    of = sum(returns)
    back = [points_of(units, before=sum(returns[:n]), of=of, points=points) for n, units in enumerate(returns)]
    assert sum(back) == (points if of else 0)
    assert all(part >= 0 for part in back)
    assert all(abs(part - points * units / of) < 1 for part, units in zip(back, returns, strict=True) if of)


@given(amounts, terms, st.lists(st.integers(1, 100), min_size=1, max_size=8))
def test_what_refunds_take_back_grows_to_exactly_what_was_earned(
    paid: Money, terms: PointsTerms, weights: list[int]
) -> None:
    earned = earned_for(paid, terms)
    refunds = paid.split(weights)
    due = [due_back(earned, paid, total(refunds[:n], "CNY"), whole=False) for n in range(len(refunds) + 1)]
    assert due == sorted(due)
    assert due[-1] == earned
    assert all(0 <= so_far <= earned for so_far in due)
