"""Buyers find their own orders, operators any."""

from datetime import timedelta

import pytest

from models.orders.types import Order, OrderFilter, OrderSearch, OrderStatus
from models.shared.refusals import NotFound
from tests.integration.orders.shop import BUYER, LATER, NOW, OTHER_BUYER, SHOP, Shop, opening, to
from tests.unit.orders.baskets import OTHER_SHOP

ALL = OrderFilter()


async def three_orders(shop: Shop) -> list[Order]:
    """Two of one buyer, one of another, newest first."""
    return [
        await shop.orders.open_once(opening(str(hour), user_id=user_id, at=NOW + timedelta(hours=hour)))
        for hour, user_id in ((3, BUYER), (2, OTHER_BUYER), (1, BUYER))
    ]


async def test_buyers_see_their_own_orders_page_by_page_newest_first(shop: Shop) -> None:
    newest, _, oldest = await three_orders(shop)
    assert await shop.orders.orders_of(BUYER, ALL, limit=1) == [newest]
    assert await shop.orders.orders_of(BUYER, ALL, limit=9, after=newest.order_id) == [oldest]
    assert await shop.orders.orders_of(BUYER, OrderFilter(status=OrderStatus.PAID), limit=9) == []


async def test_another_buyers_order_is_not_found(shop: Shop) -> None:
    _, foreign, _ = await three_orders(shop)
    with pytest.raises(NotFound):
        await shop.orders.order_of(foreign.order_id, BUYER)
    assert await shop.orders.order_of(foreign.order_id, OTHER_BUYER) == foreign


async def test_a_hidden_order_leaves_the_list_and_comes_back(shop: Shop) -> None:
    newest, _, oldest = await three_orders(shop)
    for _ in range(2):
        hidden = await shop.orders.hide(newest.order_id, hidden=True, actor="buyer", now=LATER)
    assert await shop.orders.orders_of(BUYER, ALL, limit=9) == [oldest]
    assert await shop.orders.orders_of(BUYER, OrderFilter(hidden=True), limit=9) == [hidden]
    shown = await shop.orders.hide(newest.order_id, hidden=False, actor="buyer", now=LATER)
    assert await shop.orders.orders_of(BUYER, ALL, limit=9) == [shown, oldest]


async def test_operators_search_by_anything_an_order_is_known_by(shop: Shop) -> None:
    newest, foreign, oldest = await three_orders(shop)
    paid = await shop.orders.advance(to(oldest.order_id, OrderStatus.PAID, at=NOW + timedelta(hours=4)))
    searches: list[tuple[OrderSearch, list[Order]]] = [
        (OrderSearch(), [newest, foreign, paid]),
        (OrderSearch(order_id=foreign.order_id), [foreign]),
        (OrderSearch(user_id=OTHER_BUYER), [foreign]),
        (OrderSearch(status=OrderStatus.PAID), [paid]),
        (OrderSearch(merchant_id=SHOP), [newest, foreign, paid]),
        (OrderSearch(merchant_id=OTHER_SHOP), []),
        (OrderSearch(placed_from=foreign.placed_at, placed_until=newest.placed_at), [foreign]),
        (OrderSearch(text="GREEN te", user_id=BUYER), [newest, paid]),
        (OrderSearch(text="%"), []),
        (OrderSearch(text="'; DROP TABLE orders; --"), []),
    ]
    for wanted, found in searches:
        assert await shop.orders.search(wanted, limit=9) == found, wanted
    assert await shop.orders.search(OrderSearch(), limit=1, after=newest.order_id) == [foreign]
