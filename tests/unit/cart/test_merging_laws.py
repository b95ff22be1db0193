"""What holds for every merge of a visitor's cart into an account's."""

import random

from hypothesis import given
from hypothesis import strategies as st

from models.cart.merging import merge
from models.cart.rules import MAX_LINES
from models.cart.types import Cap, Cart, CartLine, MergeOutcome
from models.shared.ids import SkuId
from tests.unit.cart.carts import cart, line, quantities
from tests.unit.orders.baskets import named

_NAMES = [str(n) for n in range(12)]
_line = st.builds(
    line,
    st.sampled_from(_NAMES),
    st.integers(1, 40),
    minutes=st.integers(0, 9),
    price=st.integers(0, 3000),
    selected=st.booleans(),
)
_lines = st.lists(_line, max_size=10, unique_by=lambda one: one.sku_id).map(tuple)
_carts = st.builds(lambda lines, saved: cart(*lines, saved=saved), _lines, _lines)
_caps = st.dictionaries(
    st.sampled_from([named(SkuId, name) for name in _NAMES]),
    st.builds(Cap, limit=st.integers(1, 30), available=st.integers(0, 50)),
)


def _shuffled(lines: tuple[CartLine, ...], seed: int) -> tuple[CartLine, ...]:
    return tuple(random.Random(seed).sample(lines, len(lines)))


@given(_carts, _carts, _caps)
def test_no_line_that_was_merged_exceeds_its_cap(account: Cart, visitor: Cart, caps: dict[SkuId, Cap]) -> None:
    merged, _ = merge(account, visitor, caps)
    brought, now = quantities(visitor.lines), quantities(merged.lines)
    for sku_id in brought.keys() & now.keys():
        assert now[sku_id] <= min(caps[sku_id].limit, caps[sku_id].available)


@given(_carts, _carts, _caps)
def test_no_unit_is_lost_but_by_a_cap(account: Cart, visitor: Cart, caps: dict[SkuId, Cap]) -> None:
    merged, report = merge(account, visitor, caps)
    cut = {one.sku_id for one in report if one.outcome in (MergeOutcome.LIMITED, MergeOutcome.SHORT)}
    for sku_id in {*quantities(account.lines), *quantities(account.saved), *quantities(visitor.lines)} - cut:
        before = [quantities(side).get(sku_id, 0) for one in (account, visitor) for side in (one.lines, one.saved)]
        after = [quantities(side).get(sku_id, 0) for side in (merged.lines, merged.saved)]
        assert sum(after) == sum(before)


@given(_carts, _carts, _caps, st.integers())
def test_the_order_of_lines_changes_nothing(account: Cart, visitor: Cart, caps: dict[SkuId, Cap], seed: int) -> None:
    shuffled = Cart(lines=_shuffled(visitor.lines, seed), saved=_shuffled(visitor.saved, seed))
    other_account = Cart(lines=_shuffled(account.lines, seed), saved=_shuffled(account.saved, seed))
    assert merge(account, visitor, caps) == merge(other_account, shuffled, caps)


@given(_carts, _carts, _caps)
def test_merging_what_is_empty_afterwards_changes_nothing(account: Cart, visitor: Cart, caps: dict[SkuId, Cap]) -> None:
    merged, _ = merge(account, visitor, caps)
    assert merge(merged, Cart(), caps) == (merged, ())


@given(_carts, _carts, _carts, _caps)
def test_which_device_comes_first_changes_no_quantity(
    account: Cart, phone: Cart, laptop: Cart, caps: dict[SkuId, Cap]
) -> None:
    one, _ = merge(merge(account, phone, caps)[0], laptop, caps)
    other, _ = merge(merge(account, laptop, caps)[0], phone, caps)
    assert quantities(one.lines) == quantities(other.lines)
    assert quantities(one.saved) == quantities(other.saved)


@given(_carts, _carts, _caps)
def test_every_line_that_was_brought_is_reported_as_it_went(
    account: Cart, visitor: Cart, caps: dict[SkuId, Cap]
) -> None:
    merged, report = merge(account, visitor, caps)
    assert len(report) == len(visitor.lines) + len(visitor.saved)
    for one, brought in zip(report, [*visitor.lines, *visitor.saved], strict=True):
        assert (one.sku_id, one.brought) == (brought.sku_id, brought.quantity)
    last = {(one.sku_id, one.place): one.now for one in report}
    for (sku_id, place), units in last.items():
        assert quantities(merged.lines if place == "cart" else merged.saved)[sku_id] == units


@given(_carts, _carts, _caps)
def test_lines_that_the_visitor_does_not_name_stay_as_they_are(
    account: Cart, visitor: Cart, caps: dict[SkuId, Cap]
) -> None:
    merged, _ = merge(account, visitor, caps)
    named_by_visitor = quantities(visitor.lines)
    assert [one for one in account.lines if one.sku_id not in named_by_visitor] == [
        one for one in merged.lines if one.sku_id not in named_by_visitor
    ]


def test_what_finds_no_room_is_saved_for_later_and_then_left_out() -> None:
    everything = {named(SkuId, name): Cap(limit=99, available=99) for name in ("new", "newer")}
    full = tuple(line(f"own {n}") for n in range(MAX_LINES))
    brought = cart(line("new", 2), line("newer", 3, minutes=1))
    merged, report = merge(cart(*full, saved=full[1:]), brought, everything)
    assert [one.outcome for one in report] == [MergeOutcome.CART_FULL, MergeOutcome.LEFT_OUT]
    assert (len(merged.lines), len(merged.saved)) == (MAX_LINES, MAX_LINES)
    assert quantities(merged.saved)[named(SkuId, "new")] == 2


def test_each_reason_for_a_cut_is_told_apart() -> None:
    caps = {
        named(SkuId, "limited"): Cap(limit=3, available=9),
        named(SkuId, "short"): Cap(limit=9, available=3),
        named(SkuId, "sold out"): Cap(limit=9, available=0),
        named(SkuId, "whole"): Cap(limit=9, available=9),
    }
    names = ("limited", "short", "sold out", "unpublished", "whole")
    own = cart(*(line(name, 2) for name in names))
    merged, report = merge(own, cart(*(line(name, 2, minutes=at) for at, name in enumerate(names))), caps)
    told = [(one.outcome, one.place, one.had, one.brought, one.now) for one in report]
    assert told == [
        ("limited", "cart", 2, 2, 3),
        ("short", "cart", 2, 2, 3),
        ("sold_out", "saved", 2, 2, 4),
        ("not_for_sale", "saved", 2, 2, 4),
        ("whole", "cart", 2, 2, 4),
    ]
    assert len(merged.lines) == 3
