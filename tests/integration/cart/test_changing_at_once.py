"""Many devices change one cart at the same time, and no change is lost."""

import asyncio
from datetime import timedelta
from functools import partial
from itertools import cycle

import pytest

from models.cart import rules
from models.cart.types import Cart, CartLine
from models.orders.errors import QuantityAboveLimit
from models.shared.ids import CartId
from models.shared.refusals import NotFound
from stores.cart.copies import Copies
from tests.integration.cart.shop import POT, TEA, Carts, adding, units
from tests.unit.orders.baskets import NOW, sku

LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize("kind", ["account", "visitor"])
async def test_what_many_connections_add_at_once_is_all_there(carts: Carts, kind: str) -> None:
    owner = await carts.account() if kind == "account" else await carts.visitor()
    before = units(await carts.store.cart(owner, NOW))
    stores = cycle([carts.store, *carts.others])
    await asyncio.gather(*(next(stores).change(owner, adding(TEA if n % 2 else POT), NOW) for n in range(80)))
    for store in (carts.store, *carts.others):
        cart = await store.cart(owner, NOW)
        assert (units(cart) - before, units(cart, "tea pot")) == (40, 40)


@pytest.mark.parametrize("kind", ["account", "visitor"])
async def test_limits_hold_however_many_ask_at_once(carts: Carts, kind: str) -> None:
    rare = sku("rare", limit=5)
    owner = await carts.account() if kind == "account" else await carts.visitor()
    stores = cycle([carts.store, *carts.others])
    answers = await asyncio.gather(
        *(next(stores).change(owner, adding(rare), NOW) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(answer, QuantityAboveLimit) for answer in answers) == 15
    assert units(await carts.store.cart(owner, NOW), "rare") == 5


@pytest.mark.parametrize("kind", ["account", "visitor"])
async def test_a_cart_is_read_as_it_was_written(carts: Carts, kind: str) -> None:
    owner = await carts.account() if kind == "account" else await carts.visitor()
    for change in (
        adding(POT, 3),
        adding(TEA, 2),
        partial(rules.save_for_later, sku_id=POT.sku_id),
        partial(rules.select, sku_id=TEA.sku_id, selected=False),
        partial(rules.add, sku=sku("cup", 250, currency="BRL"), quantity=9, now=LATER),
    ):
        written = await carts.store.change(owner, change, LATER)
        assert await carts.others[0].cart(owner, LATER) == written
    await carts.redis.delete(f"cart:account:{owner}")
    assert await carts.others[0].cart(owner, LATER) == written
    assert [line.quantity for line in written.saved] == [3]
    assert written.version == (5 if kind == "account" else 6)


async def test_a_refused_or_empty_change_writes_nothing(carts: Carts) -> None:
    owner = await carts.account()
    before = await carts.store.change(owner, adding(), NOW)
    with pytest.raises(NotFound):
        await carts.store.change(owner, partial(rules.save_for_later, sku_id=POT.sku_id), LATER)
    await carts.store.change(owner, partial(rules.remove, sku_id=POT.sku_id), LATER)
    assert await carts.store.cart(owner, NOW) == before
    async with carts.db.reader() as connection:
        assert await connection.fetchval("SELECT updated_at FROM carts WHERE user_id = $1", owner) == NOW


async def test_an_unknown_cart_is_not_found_by_reading_or_changing(carts: Carts) -> None:
    nobodys = CartId.derive(NOW, "nobody")
    with pytest.raises(NotFound):
        await carts.store.cart(nobodys, NOW)
    with pytest.raises(NotFound):
        await carts.store.change(nobodys, adding(), NOW)


async def test_a_visitors_cart_lives_thirty_days_from_its_last_change(carts: Carts) -> None:
    cart_id = await carts.visitor()
    await carts.redis.pexpire(f"cart:visitor:{cart_id}", 1000)
    await carts.store.change(cart_id, adding(), NOW)
    left = timedelta(milliseconds=await carts.redis.pttl(f"cart:visitor:{cart_id}"))
    assert rules.VISITOR_CART_LIFETIME - timedelta(minutes=1) < left <= rules.VISITOR_CART_LIFETIME


async def test_a_slow_reader_does_not_put_an_older_cart_back(carts: Carts) -> None:
    owner, copies = await carts.account(), Copies(carts.redis)
    line = CartLine(sku_id=TEA.sku_id, quantity=1, added_price=TEA.price, added_at=NOW)
    old, new = Cart(version=1), Cart(lines=(line,), version=2)
    await copies.announce(owner, 2, NOW)
    await copies.keep(owner, old, NOW)
    assert await copies.get(owner, NOW) is None, "version 2 is being written; PostgreSQL knows"
    await copies.keep(owner, new, NOW)
    await copies.keep(owner, old, NOW)
    await copies.announce(owner, 2, NOW)
    assert await copies.get(owner, NOW) == new


async def test_most_reads_do_not_ask_postgresql(carts: Carts) -> None:
    owner = await carts.account()
    written = await carts.store.change(owner, adding(), NOW)
    async with carts.db.transaction() as tx:
        await tx.execute("LOCK TABLE cart_lines, carts IN ACCESS EXCLUSIVE MODE")
        assert await asyncio.wait_for(carts.others[0].cart(owner, NOW), 2) == written
