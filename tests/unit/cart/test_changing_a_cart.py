"""What buyers do to a cart, and what is refused."""

from datetime import timedelta

import pytest

from models.cart import rules
from models.cart.errors import CartFull
from models.cart.types import Cart
from models.orders.errors import QuantityAboveLimit, SkuUnpublished, UnknownSku
from models.shared.ids import SkuId
from models.shared.refusals import NotFound
from tests.unit.cart.carts import cart, line, quantities
from tests.unit.orders.baskets import NOW, named, sku

LATER = NOW + timedelta(hours=1)
TEA = sku("tea", 1200, limit=10)


def test_adding_twice_sums_the_units_at_the_newer_price_and_keeps_the_place() -> None:
    before = cart(line("tea", 2, price=1000, selected=False), line("pot", 1, minutes=1))
    (tea, pot) = rules.add(before, TEA, 3, LATER).lines
    assert (tea.quantity, tea.added_price, tea.added_at, tea.selected) == (5, TEA.price, NOW, True)
    assert pot == before.lines[1]


def test_no_more_than_one_order_may_take_goes_into_a_cart() -> None:
    full = rules.add(Cart(), TEA, 10, NOW)
    with pytest.raises(QuantityAboveLimit) as refused:
        rules.add(full, TEA, 1, LATER)
    assert refused.value.fields["limits"] == {TEA.sku_id: 10}
    with pytest.raises(QuantityAboveLimit):
        rules.set_quantity(full, TEA, 11)
    assert rules.set_quantity(full, TEA, 1).lines[0].quantity == 1


def test_the_hundred_and_first_article_finds_no_room_but_more_of_an_old_one_does() -> None:
    full = cart(*(line(str(n)) for n in range(rules.MAX_LINES)))
    with pytest.raises(CartFull):
        rules.add(full, TEA, 1, NOW)
    assert len(rules.add(full, sku("7"), 1, NOW).lines) == rules.MAX_LINES


def test_what_is_unknown_or_unpublished_is_not_for_sale() -> None:
    gone = sku("gone", published=False)
    with pytest.raises(UnknownSku):
        rules.for_sale(TEA.sku_id, {})
    with pytest.raises(SkuUnpublished):
        rules.for_sale(gone.sku_id, {gone.sku_id: gone})
    assert rules.for_sale(TEA.sku_id, {TEA.sku_id: TEA}) is TEA


def test_a_line_goes_aside_and_comes_back_with_all_its_units() -> None:
    aside = rules.save_for_later(cart(line("tea", 4), saved=(line("tea", 2, minutes=5),)), TEA.sku_id)
    assert (aside.lines, quantities(aside.saved)) == ((), {TEA.sku_id: 6})
    assert rules.save_for_later(aside, TEA.sku_id) == aside
    back = rules.move_to_cart(rules.add(aside, TEA, 1, LATER), TEA)
    assert (quantities(back.lines), back.saved) == ({TEA.sku_id: 7}, ())
    assert back.lines[0].selected
    assert rules.move_to_cart(back, TEA) == back


def test_coming_back_respects_what_one_order_may_take() -> None:
    with pytest.raises(QuantityAboveLimit):
        rules.move_to_cart(cart(line("tea", 6), saved=(line("tea", 5),)), TEA)


def test_the_list_of_what_is_saved_has_an_end() -> None:
    full = cart(line("tea"), saved=tuple(line(str(n)) for n in range(rules.MAX_LINES)))
    with pytest.raises(CartFull):
        rules.save_for_later(full, TEA.sku_id)


def test_exactly_the_named_lines_are_selected() -> None:
    chosen = rules.select_only(cart(line("tea"), line("pot")), {TEA.sku_id})
    assert {one.sku_id for one in chosen.lines if one.selected} == {TEA.sku_id}
    assert not any(one.selected for one in rules.select(chosen, TEA.sku_id, False).lines)
    with pytest.raises(NotFound):
        rules.select_only(chosen, {named(SkuId, "nothing")})


def test_removing_twice_is_removing_once_and_clearing_keeps_what_is_saved() -> None:
    before = cart(line("tea"), line("pot"), saved=(line("cup"),))
    once = rules.remove(before, TEA.sku_id)
    assert rules.remove(once, TEA.sku_id) == once
    assert rules.clear(before) == cart(saved=(line("cup"),))
    assert rules.remove_saved(before, named(SkuId, "cup")).saved == ()


def test_a_line_that_is_not_there_cannot_be_changed() -> None:
    with pytest.raises(NotFound):
        rules.set_quantity(Cart(), TEA, 1)
    with pytest.raises(NotFound):
        rules.select(Cart(), TEA.sku_id, True)
    with pytest.raises(NotFound):
        rules.save_for_later(Cart(), TEA.sku_id)
    with pytest.raises(NotFound):
        rules.move_to_cart(Cart(), TEA)
