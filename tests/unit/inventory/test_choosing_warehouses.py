"""From which warehouses an order is served."""

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.inventory.allocation import MAX_COMBINATIONS
from models.inventory.errors import SoldOut
from models.inventory.rules import Shelf, allocate, crosses_low, nearness, total_by_sku
from models.inventory.types import Allocation, Destination, Place, SkuQuantity
from models.shared.ids import MerchantId, SkuId, WarehouseId

SHANGHAI = Place(country="CN", region="Shanghai", city="Shanghai")
SUZHOU = Place(country="CN", region="Jiangsu", city="Suzhou")
NANJING = Place(country="CN", region="Jiangsu", city="Nanjing")
LISBON = Place(country="PT", region="Lisboa", city="Lisboa")
TO_SUZHOU = Destination(country="CN", region="Jiangsu", city="Suzhou")


def wh(n: int) -> WarehouseId:
    return WarehouseId(f"wh_{n:026d}")


def sku(n: int) -> SkuId:
    return SkuId(f"sku_{n:026d}")


def mer(n: int) -> MerchantId:
    return MerchantId(f"mer_{n:026d}")


def shelf(warehouse: int, what: int, available: int, place: Place = SHANGHAI, merchant: int = 0) -> Shelf:
    return Shelf(
        warehouse_id=wh(warehouse), merchant_id=mer(merchant), sku_id=sku(what), available=available, place=place
    )


def ask(**quantities: int) -> list[SkuQuantity]:
    return [SkuQuantity(sku_id=sku(int(name[1:])), quantity=n) for name, n in quantities.items()]


def served(allocations: tuple[Allocation, ...]) -> list[tuple[int, int, int]]:
    return [(int(a.warehouse_id[3:]), int(a.sku_id[4:]), a.quantity) for a in allocations]


def test_the_nearest_warehouse_that_has_everything_serves_alone() -> None:
    shelves = [
        shelf(1, 1, 9, SHANGHAI),
        shelf(1, 2, 9, SHANGHAI),
        shelf(2, 1, 9, NANJING),
        shelf(2, 2, 9, NANJING),
        shelf(3, 1, 9, SUZHOU),
        shelf(3, 2, 0, SUZHOU),
    ]
    assert served(allocate(ask(s1=2, s2=3), shelves, TO_SUZHOU)) == [(2, 1, 2), (2, 2, 3)]


def test_without_one_that_has_everything_the_fewest_parcels_win_over_nearness() -> None:
    shelves = [
        shelf(1, 1, 9, SUZHOU),
        shelf(2, 2, 9, SUZHOU),
        shelf(3, 3, 9, SUZHOU),
        shelf(4, 2, 9, LISBON),
        shelf(4, 3, 9, LISBON),
    ]
    assert {w for w, _, _ in served(allocate(ask(s1=1, s2=1, s3=1), shelves, TO_SUZHOU))} == {1, 4}


def test_of_equally_few_parcels_the_nearer_are_taken() -> None:
    shelves = [shelf(1, 1, 9, LISBON), shelf(2, 2, 9, SHANGHAI), shelf(3, 2, 9, SUZHOU), shelf(4, 1, 9, NANJING)]
    assert {w for w, _, _ in served(allocate(ask(s1=1, s2=1), shelves, TO_SUZHOU))} == {3, 4}


def test_a_line_is_spread_only_when_no_warehouse_of_the_parcels_has_it_whole() -> None:
    shelves = [shelf(1, 1, 3, SUZHOU), shelf(1, 2, 5, SUZHOU), shelf(2, 1, 8, NANJING)]
    assert served(allocate(ask(s1=5, s2=5), shelves, TO_SUZHOU)) == [(1, 2, 5), (2, 1, 5)]
    assert served(allocate(ask(s1=10), shelves, TO_SUZHOU)) == [(1, 1, 3), (2, 1, 7)]


def test_each_merchants_lines_come_from_its_own_warehouses() -> None:
    shelves = [shelf(1, 1, 9, SUZHOU, merchant=1), shelf(2, 2, 9, LISBON, merchant=2)]
    assert served(allocate(ask(s1=1, s2=1), shelves, TO_SUZHOU)) == [(1, 1, 1), (2, 2, 1)]


def test_every_short_line_is_named_with_what_is_left() -> None:
    with pytest.raises(SoldOut) as refused:
        allocate(ask(s1=5, s2=5, s3=1), [shelf(1, 1, 2), shelf(2, 1, 2), shelf(1, 3, 1)], TO_SUZHOU)
    assert refused.value.fields["lines"] == [
        {"sku_id": sku(1), "asked": 5, "left": 4},
        {"sku_id": sku(2), "asked": 5, "left": 0},
    ]


def test_a_city_is_the_same_only_in_the_same_region_and_country() -> None:
    here = Destination(country="US", region="Illinois", city="Springfield")
    same = Place(country="US", region="illinois", city=" springfield ")
    namesake = Place(country="US", region="Oregon", city="Springfield")
    region = Place(country="US", region="Illinois", city="Chicago")
    ranked = sorted([LISBON, namesake, region, same], key=lambda place: nearness(place, here))
    assert ranked == [same, region, namesake, LISBON]


def test_an_unknown_city_is_no_city_in_common() -> None:
    here = Destination(country="CN", region="Jiangsu")
    assert nearness(Place(country="CN", region="Jiangsu"), here)[0] == nearness(SUZHOU, here)[0]


def test_between_equals_kilometres_decide_and_a_missing_coordinate_is_far() -> None:
    at = {"country": "CN", "region": "Jiangsu"}
    here = Destination(**at, latitude=Decimal("31.30"), longitude=Decimal("120.62"))
    wuxi = Place(**at, latitude=Decimal("31.57"), longitude=Decimal("120.30"))
    xuzhou = Place(**at, latitude=Decimal("34.26"), longitude=Decimal("117.20"))
    unknown = Place(**at)
    assert sorted([unknown, xuzhou, wuxi], key=lambda place: nearness(place, here)) == [wuxi, xuzhou, unknown]
    assert 40 < nearness(wuxi, here)[1] < 46


def test_very_many_half_empty_warehouses_are_still_answered_quickly() -> None:
    shelves = [shelf(n, what, 1) for n in range(300) for what in (n % 7, (n + 3) % 7)]
    assert MAX_COMBINATIONS < 300 * 299 // 2
    served_units = served(allocate(ask(**{f"s{n}": 20 for n in range(7)}), shelves, TO_SUZHOU))
    assert sum(units for _, _, units in served_units) == 140


def test_a_threshold_is_crossed_once_on_the_way_down() -> None:
    assert [crosses_low(before, after, 3) for before, after in ((5, 4), (4, 3), (4, 0), (3, 2), (2, 5))] == [
        False,
        True,
        True,
        False,
        False,
    ]


PLACES = st.sampled_from([SHANGHAI, SUZHOU, NANJING, LISBON])


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[SkuQuantity], list[Shelf]]:
    places = draw(st.lists(PLACES, min_size=1, max_size=6))
    shelves = [
        shelf(n, what, draw(st.integers(0, 5)), place, merchant=what % 2)
        for n, place in enumerate(places)
        for what in range(4)
        if what % 2 == n % 2
    ]
    lines = draw(
        st.lists(st.builds(SkuQuantity, sku_id=st.integers(0, 3).map(sku), quantity=st.integers(1, 6)), min_size=1)
    )
    return lines, shelves


@given(questions())
def test_what_is_served_is_what_was_asked_and_what_is_there(question: tuple[list[SkuQuantity], list[Shelf]]) -> None:
    lines, shelves = question
    there = {(s.warehouse_id, s.sku_id): s.available for s in shelves}
    left = {what: sum(n for (_, s), n in there.items() if s == what) for what in total_by_sku(lines)}
    try:
        parts = allocate(lines, shelves, TO_SUZHOU)
    except SoldOut:
        assert any(n > left[what] for what, n in total_by_sku(lines).items())
        return
    assert total_by_sku([SkuQuantity(sku_id=a.sku_id, quantity=a.quantity) for a in parts]) == total_by_sku(lines)
    keys = [(a.warehouse_id, a.sku_id) for a in parts]
    assert keys == sorted(set(keys))
    assert all(a.quantity <= there[a.warehouse_id, a.sku_id] for a in parts)


@given(questions(), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_shelves_does_not_matter(
    question: tuple[list[SkuQuantity], list[Shelf]], chance: random.Random
) -> None:
    lines, shelves = question

    def answer() -> object:
        try:
            return allocate(lines, shelves, TO_SUZHOU)
        except SoldOut as refused:
            return refused.fields

    first = answer()
    chance.shuffle(lines)
    chance.shuffle(shelves)
    assert answer() == first


@given(questions())
def test_one_warehouse_is_enough_whenever_one_has_everything(question: tuple[list[SkuQuantity], list[Shelf]]) -> None:
    lines = [line for line in question[0] if int(line.sku_id[4:]) % 2 == 0]
    shelves = question[1]
    enough = {
        s.warehouse_id
        for s in shelves
        if all(
            any(o.warehouse_id == s.warehouse_id and o.sku_id == what and o.available >= n for o in shelves)
            for what, n in total_by_sku(lines).items()
        )
    }
    if lines and enough:
        assert len({a.warehouse_id for a in allocate(lines, shelves, TO_SUZHOU)}) == 1
