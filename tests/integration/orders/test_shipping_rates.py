"""Rates are set, replaced, removed and found by merchant, SKU and country."""

from models.shared.ids import SkuId
from tests.integration.orders.shop import SHOP, TEA, Shop, named
from tests.unit.orders.baskets import OTHER_SHOP, rate


async def test_a_rate_replaces_the_one_for_the_same_goods_and_area(shop: Shop) -> None:
    for fee in (500, 700):
        await shop.parcels.put_rate(rate(fee))
    await shop.parcels.put_rate(rate(900, sku_id=TEA.sku_id))
    assert await shop.parcels.rates_of(SHOP) == [rate(700), rate(900, sku_id=TEA.sku_id)]


async def test_only_rates_that_could_apply_are_found(shop: Shop) -> None:
    fitting = [rate(1), rate(2, prefix="999"), rate(3, sku_id=TEA.sku_id)]
    others = [rate(4, country="DE"), rate(5, merchant=OTHER_SHOP), rate(6, sku_id=named(SkuId, "other"))]
    for one in (*fitting, *others):
        await shop.parcels.put_rate(one)
    found = await shop.parcels.rates_for({SHOP}, {TEA.sku_id}, "CN")
    assert sorted(found, key=lambda r: r.base.minor) == fitting


async def test_a_removed_rate_is_gone_and_removing_it_again_does_no_harm(shop: Shop) -> None:
    await shop.parcels.put_rate(rate(1))
    await shop.parcels.put_rate(rate(2, sku_id=TEA.sku_id))
    for _ in range(2):
        await shop.parcels.remove_rate(SHOP, None, "CN", "")
    assert await shop.parcels.rates_of(SHOP) == [rate(2, sku_id=TEA.sku_id)]
