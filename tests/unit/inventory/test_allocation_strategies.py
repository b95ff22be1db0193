"""Each strategy serves all that is wanted, never more than there is, and keeps the promise in its name."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.inventory.allocation import AllocationStrategy, Part, Stock, Wanted, spread
from models.shared.ids import SkuId, WarehouseId

WAREHOUSES = [WarehouseId(f"wh_{n:026d}") for n in range(5)]
SKUS = [SkuId(f"sku_{n:026d}") for n in range(4)]
A = AllocationStrategy


@st.composite
def questions(draw: st.DrawFn) -> tuple[Wanted, Stock]:
    """What is wanted and a stock that has all of it; warehouses stand nearest first."""
    units = st.integers(0, 4)
    stock = {w: {sku: n for sku in SKUS if (n := draw(units))} for w in WAREHOUSES[: draw(st.integers(1, 5))]}
    there = {sku: sum(has.get(sku, 0) for has in stock.values()) for sku in SKUS}
    wanted = {sku: draw(st.integers(1, n)) for sku, n in there.items() if n and draw(st.booleans())}
    return wanted, stock


def parcels(parts: list[Part]) -> set[WarehouseId]:
    return {warehouse for _, warehouse, _ in parts}


def covers(chosen: tuple[WarehouseId, ...], wanted: Wanted, stock: Stock) -> bool:
    return all(sum(stock[w].get(sku, 0) for w in chosen) >= n for sku, n in wanted.items())


def fewest(wanted: Wanted, stock: Stock) -> int:
    """By trying every set of warehouses."""
    return next(n for n in range(len(stock) + 1) for chosen in combinations(stock, n) if covers(chosen, wanted, stock))


@pytest.mark.parametrize("strategy", A)
@given(question=questions())
def test_everything_is_served_and_nothing_that_is_not_there(
    strategy: AllocationStrategy, question: tuple[Wanted, Stock]
) -> None:
    wanted, stock = question
    parts = spread(strategy, wanted, stock, list(stock))
    assert {sku: sum(n for s, _, n in parts if s == sku) for sku in wanted} == dict(wanted)
    assert all(0 < n <= stock[w].get(sku, 0) for sku, w, n in parts)
    assert len({(sku, w) for sku, w, _ in parts}) == len(parts)


@pytest.mark.parametrize("strategy", A)
@given(question=questions())
def test_the_order_in_which_stock_and_lines_are_written_does_not_matter(
    strategy: AllocationStrategy, question: tuple[Wanted, Stock]
) -> None:
    wanted, stock = question
    near = list(stock)
    turned = dict(reversed(list(wanted.items()))), dict(reversed(list(stock.items())))
    assert sorted(spread(strategy, wanted, stock, near)) == sorted(spread(strategy, *turned, near))


@given(questions())
def test_fewest_parcels_is_as_few_as_any_set_of_warehouses_can_be(question: tuple[Wanted, Stock]) -> None:
    wanted, stock = question
    for strategy in (A.FEWEST_PARCELS, A.NEAREST):
        assert len(parcels(spread(strategy, wanted, stock, list(stock)))) <= fewest(wanted, stock)


@given(questions())
def test_of_as_few_parcels_no_set_of_warehouses_splits_lines_into_fewer_parts(question: tuple[Wanted, Stock]) -> None:
    wanted, stock = question
    parts = spread(A.FEWEST_PARCELS, wanted, stock, list(stock))
    sets = [chosen for chosen in combinations(stock, fewest(wanted, stock)) if covers(chosen, wanted, stock)]

    def parts_needed(sku: SkuId, chosen: tuple[WarehouseId, ...]) -> int:
        """How many warehouses of the set a line needs when each gives what it has, nearest first."""
        has = [n for w in chosen if (n := stock[w].get(sku, 0))]
        if any(n >= wanted[sku] for n in has):
            return 1
        return next(k for k in range(1, len(has) + 1) if sum(has[:k]) >= wanted[sku])

    assert len(parts) == min(sum(parts_needed(sku, chosen) for sku in wanted) for chosen in sets)


@given(questions())
def test_nearest_is_served_by_the_nearest_warehouse_that_has_all(question: tuple[Wanted, Stock]) -> None:
    wanted, stock = question
    whole = [w for w in stock if covers((w,), wanted, stock)]
    if wanted and whole:
        assert parcels(spread(A.NEAREST, wanted, stock, list(stock))) == {whole[0]}


@given(questions())
def test_split_by_nearest_leaves_nothing_of_a_line_nearer_than_where_it_is_taken(
    question: tuple[Wanted, Stock],
) -> None:
    wanted, stock = question
    near = list(stock)
    parts = spread(A.SPLIT_BY_NEAREST, wanted, stock, near)
    for sku in wanted:
        taken = {w: n for s, w, n in parts if s == sku}
        farthest = max(near.index(w) for w in taken)
        assert all(taken.get(w, 0) == stock[w].get(sku, 0) for w in near[:farthest])


def test_the_strategies_differ_where_their_names_say_so() -> None:
    near, mid, far, farther = WAREHOUSES[:4]
    tea, cup = SKUS[:2]
    stock = {near: {tea: 2}, mid: {tea: 3, cup: 1}, far: {cup: 2}, farther: {tea: 5}}
    order = list(stock)
    wanted = {tea: 5, cup: 2}
    assert spread(A.SPLIT_BY_NEAREST, wanted, stock, order) == [
        (tea, near, 2),
        (tea, mid, 3),
        (cup, mid, 1),
        (cup, far, 1),
    ]
    assert (
        spread(A.NEAREST, wanted, stock, order)
        == spread(A.FEWEST_PARCELS, wanted, stock, order)
        == [
            (tea, farther, 5),
            (cup, far, 2),
        ]
    )
    split = {near: {tea: 2}, mid: {tea: 3}, far: {tea: 4}, farther: {tea: 1, cup: 1}}
    assert parcels(spread(A.NEAREST, {tea: 5, cup: 1}, split, order)) == {far, farther}
    one = {near: {tea: 3, cup: 1}, mid: {tea: 2}, far: {tea: 5}}
    assert spread(A.NEAREST, {tea: 5, cup: 1}, one, order[:3]) == [(tea, near, 3), (tea, mid, 2), (cup, near, 1)]
    assert spread(A.FEWEST_PARCELS, {tea: 5, cup: 1}, one, order[:3]) == [(tea, far, 5), (cup, near, 1)]
