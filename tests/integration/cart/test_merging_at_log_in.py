"""A visitor's cart goes into an account: once, whole, whoever asks how often and whatever happens meanwhile."""

import asyncio
from itertools import cycle

import pytest
from redis import Redis as SyncRedis

from models.cart.errors import CartMerged
from models.cart.types import Cart
from models.shared.ids import CartId
from models.shared.refusals import NotFound
from tests.integration.cart.shop import POT, TEA, Carts, adding, plenty, units
from tests.unit.orders.baskets import NOW


async def test_the_units_are_summed_and_the_visitors_cart_is_empty_afterwards(carts: Carts) -> None:
    owner, visitor = await carts.account(), await carts.visitor(quantity=3)
    await carts.store.change(owner, adding(TEA, 2), NOW)
    report = await carts.store.merge(owner, visitor, plenty, NOW)
    assert [(line.had, line.brought, line.now) for line in report.lines] == [(2, 3, 5)]
    assert units(await carts.store.cart(owner, NOW)) == 5
    assert (await carts.store.cart(visitor, NOW)).lines == ()
    with pytest.raises(CartMerged):
        await carts.store.change(visitor, adding(), NOW)


async def test_merging_again_changes_nothing_even_many_times_at_once(carts: Carts) -> None:
    owner, visitor = await carts.account(), await carts.visitor(quantity=3)
    stores = cycle([carts.store, *carts.others])
    reports = await asyncio.gather(*(next(stores).merge(owner, visitor, plenty, NOW) for _ in range(20)))
    assert all(report == reports[0] for report in reports)
    before = await carts.store.cart(owner, NOW)
    assert units(before) == 3
    assert await carts.store.merge(owner, visitor, plenty, NOW) == reports[0]
    assert await carts.store.cart(owner, NOW) == before


async def test_devices_that_merge_at_once_lose_nothing(carts: Carts) -> None:
    owner = await carts.account()
    devices = [await carts.visitor(of=what, quantity=2) for what in [TEA, POT] * 6]
    stores = cycle([carts.store, *carts.others])
    await asyncio.gather(
        *(next(stores).merge(owner, device, plenty, NOW) for device in devices),
        *(next(stores).change(owner, adding(), NOW) for _ in range(12)),
    )
    cart = await carts.store.cart(owner, NOW)
    assert (units(cart), units(cart, "tea pot")) == (12 + 12, 12)


async def test_a_visitors_cart_goes_into_one_account_only(carts: Carts) -> None:
    rivals = [await carts.account() for _ in range(5)]
    visitor = await carts.visitor()
    answers = await asyncio.gather(
        *(carts.store.merge(rival, visitor, plenty, NOW) for rival in rivals), return_exceptions=True
    )
    assert sum(isinstance(answer, NotFound) for answer in answers) == 4
    assert sum([units(await carts.store.cart(rival, NOW)) for rival in rivals]) == 1
    for rival, answer in zip(rivals, answers, strict=True):
        if isinstance(answer, NotFound):
            with pytest.raises(NotFound):
                await carts.store.merge(rival, visitor, plenty, NOW)


async def test_what_is_added_while_merging_is_merged_or_refused(carts: Carts) -> None:
    owner, visitor = await carts.account(), await carts.visitor()
    stores = cycle(carts.others)
    answers = await asyncio.gather(
        *(next(stores).change(visitor, adding(), NOW) for _ in range(30)),
        carts.store.merge(owner, visitor, plenty, NOW),
        *(next(stores).change(visitor, adding(), NOW) for _ in range(30)),
        return_exceptions=True,
    )
    refused = sum(isinstance(answer, CartMerged) for answer in answers)
    assert units(await carts.store.cart(owner, NOW)) == 1 + 60 - refused


async def test_a_change_that_began_before_the_merge_and_ends_after_it_is_refused(carts: Carts, redis_url: str) -> None:
    owner, visitor = await carts.account(), await carts.visitor()
    with SyncRedis.from_url(redis_url) as at_once:

        def add_while_it_is_sealed(before: Cart) -> Cart:
            at_once.hset(f"cart:visitor:{visitor}", "account", owner)
            return adding()(before)

        with pytest.raises(CartMerged):
            await carts.store.change(visitor, add_while_it_is_sealed, NOW)
    await carts.store.merge(owner, visitor, plenty, NOW)
    assert units(await carts.store.cart(owner, NOW)) == 1


@pytest.mark.parametrize("stopped_after", ["sealing", "taking in"])
async def test_a_merge_that_was_stopped_halfway_goes_on_when_asked_again(carts: Carts, stopped_after: str) -> None:
    owner, visitor = await carts.account(), await carts.visitor(quantity=3)
    sealed = await carts.store.visitors.seal(visitor, owner)
    if stopped_after == "taking in":
        caps = await plenty([TEA.sku_id])
        await carts.store.accounts.merge_once(owner, visitor, sealed, caps, NOW)
    with pytest.raises(NotFound):
        await carts.store.merge(await carts.account(), visitor, plenty, NOW)
    await carts.store.merge(owner, visitor, plenty, NOW)
    assert units(await carts.store.cart(owner, NOW)) == 3
    assert (await carts.store.cart(visitor, NOW)).lines == ()


async def test_a_cart_that_is_not_there_cannot_be_merged(carts: Carts) -> None:
    with pytest.raises(NotFound):
        await carts.store.merge(await carts.account(), CartId.derive(NOW, "nobody"), plenty, NOW)
