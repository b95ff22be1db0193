"""Prices now, later, and as they were."""

import asyncio

import asyncpg
import pytest

from models.shared.refusals import StaleVersion
from tests.integration.products.catalogue import HOUR, NOW, YUAN, Catalogue


async def test_a_scheduled_price_holds_from_its_time_on(catalogue: Catalogue) -> None:
    product = await catalogue.on_sale()
    edited = await catalogue.price(product, YUAN * 149, at=NOW + HOUR)
    sku_id = product.skus[0].sku_id

    prices = [
        (await catalogue.products.sellable([sku_id], at))[sku_id].price
        for at in (NOW, NOW + HOUR - HOUR / 3600, NOW + HOUR, NOW + 2 * HOUR)
    ]

    assert prices == [YUAN * 199, YUAN * 199, YUAN * 149, YUAN * 149]
    assert [change.effective_at for change in edited.changes] == [NOW + HOUR]


async def test_a_scheduled_price_is_called_off_by_deciding_the_old_price_for_the_same_time(
    catalogue: Catalogue,
) -> None:
    product = await catalogue.on_sale()
    product = (await catalogue.price(product, YUAN * 149, at=NOW + HOUR)).product
    await catalogue.price(product, YUAN * 199, at=NOW + HOUR)
    sku_id = product.skus[0].sku_id
    assert (await catalogue.products.sellable([sku_id], NOW + 2 * HOUR))[sku_id].price == YUAN * 199
    assert len(await catalogue.products.price_history(sku_id)) == 3


async def test_the_price_in_force_again_changes_nothing(catalogue: Catalogue) -> None:
    product = await catalogue.on_sale()
    edited = await catalogue.price(product, YUAN * 199, now=NOW + HOUR)
    assert edited.changes == ()
    assert edited.product.version == product.version


async def test_of_many_price_changes_from_one_version_one_wins_and_the_others_are_stale(catalogue: Catalogue) -> None:
    product = await catalogue.on_sale()
    tries = [catalogue.price(product, YUAN * amount, now=NOW + HOUR) for amount in range(1, 21)]
    done = await asyncio.gather(*tries, return_exceptions=True)

    assert sum(isinstance(one, StaleVersion) for one in done) == 19
    [won] = [one for one in done if not isinstance(one, BaseException)]
    history = await catalogue.products.price_history(product.skus[0].sku_id)
    assert [point.price for point in history] == [won.product.skus[0].price, YUAN * 199]


async def test_concurrent_price_changes_that_retry_leave_one_line_each_in_order(catalogue: Catalogue) -> None:
    product = await catalogue.on_sale()

    async def insist(amount: int) -> None:
        while True:
            current = await catalogue.products.product(product.spu_id, NOW + HOUR)
            try:
                await catalogue.price(current, YUAN * amount, now=NOW + HOUR)
            except StaleVersion:
                continue
            return

    await asyncio.gather(*(insist(amount) for amount in range(1, 9)))
    history = await catalogue.products.price_history(product.skus[0].sku_id)
    assert sorted(point.price.minor for point in history) == [*range(100, 900, 100), 19900]
    shown = await catalogue.products.product(product.spu_id, NOW + HOUR)
    assert shown.skus[0].price == history[0].price
    assert shown.version == product.version + 8


async def test_a_decision_by_a_process_whose_clock_lags_still_comes_into_force(catalogue: Catalogue) -> None:
    product = (await catalogue.price(await catalogue.on_sale(), YUAN * 180, now=NOW + HOUR)).product
    await catalogue.price(product, YUAN * 170, now=NOW + HOUR / 2)
    sku_id = product.skus[0].sku_id
    assert (await catalogue.products.sellable([sku_id], NOW + HOUR))[sku_id].price == YUAN * 170


@pytest.mark.parametrize("statement", ["UPDATE prices SET minor = 1", "DELETE FROM prices", "TRUNCATE prices"])
async def test_the_price_history_cannot_be_rewritten(catalogue: Catalogue, statement: str) -> None:
    await catalogue.on_sale()
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await catalogue.db.pool.execute(statement)
