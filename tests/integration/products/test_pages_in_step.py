"""Pages of products that a process holds: brought in step with stock and with what other processes change, many by one statement."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis

from api.showcase.pages import ProductPages
from hanse.caching import Breaker, ReadThrough
from hanse.database import Database
from models.inventory.ahead import Sellable
from models.inventory.types import WarehouseDetails
from models.shared.ids import SkuId, SpuId, WarehouseId
from stores.inventory import InventoryStore
from stores.products import CatalogueCopies
from tests.conftest import OpenDatabase
from tests.integration.products.catalogue import NOW, YUAN, Catalogue, open_catalogue


class WatchedInventory(InventoryStore):
    """An inventory that counts how often it is asked what can be sold, and answers when it is let."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.asked = 0
        self.began, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()

    async def sellable(self, sku_ids: Collection[SkuId], now: datetime) -> dict[SkuId, Sellable]:
        self.asked += 1
        self.began.set()
        await self.may_answer.wait()
        return await super().sellable(sku_ids, now)


@dataclass
class Processes:
    """One that shows pages, and the copies of another that edits."""

    catalogue: Catalogue
    inventory: WatchedInventory
    pages: ProductPages
    elsewhere: CatalogueCopies


@pytest.fixture
async def two(database: OpenDatabase, redis_url: str, tmp_path: Path) -> AsyncIterator[Processes]:
    catalogue = await open_catalogue(await database("products"), tmp_path)
    inventory = WatchedInventory(await database("inventory"))
    async with Redis.from_url(redis_url) as one, Redis.from_url(redis_url) as other:
        await one.flushdb()
        here, elsewhere = ReadThrough(one, Breaker(patience=10)), ReadThrough(other, Breaker(patience=10))
        pages = ProductPages(catalogue.products, inventory, here, lambda: NOW)
        yield Processes(catalogue, inventory, pages, CatalogueCopies(elsewhere))


async def test_a_held_page_shows_new_stock_and_stays_the_same_while_nothing_changes(two: Processes) -> None:
    shirt = await two.catalogue.on_sale()
    before, again = await two.pages.page(shirt.spu_id), await two.pages.page(shirt.spu_id)
    details = WarehouseDetails(code="sh-1", name="Shanghai", merchant_id=shirt.merchant_id, city="Shanghai")
    warehouse = await two.inventory.add_warehouse(WarehouseId.derive(NOW, "sh-1"), details, NOW)
    sku_id = shirt.skus[0].sku_id
    await two.inventory.receive(warehouse.warehouse_id, sku_id, 7, key="k", actor="test", now=NOW)
    after = await two.pages.page(shirt.spu_id)
    assert before is again
    assert before is not None
    assert after is not None
    assert (b'"available":7,"in_stock":true' in before.body, b'"available":7,"in_stock":true' in after.body) == (
        False,
        True,
    )
    assert after.etag != before.etag


async def test_what_another_process_changed_is_shown_though_the_copy_would_still_hold(two: Processes) -> None:
    shirt = await two.catalogue.on_sale()
    before = await two.pages.page(shirt.spu_id)
    await two.catalogue.price(shirt, YUAN * 179)
    unheard = await two.pages.page(shirt.spu_id)
    assert await two.elsewhere.forget_products([shirt.spu_id])
    after = await two.pages.page(shirt.spu_id)
    assert before is unheard, "nobody told this process yet"
    assert after is not None
    assert b'"minor":17900' in after.body


async def test_after_an_import_elsewhere_everything_is_read_anew(two: Processes) -> None:
    shirt = await two.catalogue.on_sale()
    await two.pages.page(shirt.spu_id)
    await two.catalogue.price(shirt, YUAN * 179)
    await two.elsewhere.forget_everything()
    after = await two.pages.page(shirt.spu_id)
    assert after is not None
    assert b'"minor":17900' in after.body


async def test_a_crowd_is_served_by_few_statements_and_a_made_up_product_is_nobodys(two: Processes) -> None:
    shirt, unknown = await two.catalogue.on_sale(), SpuId.derive(NOW, "nothing")
    asked = [shirt.spu_id, unknown] * 200
    pages = await asyncio.gather(*map(two.pages.page, asked))
    assert {None if page is None else page.spu_id for page in pages} == {shirt.spu_id, None}
    assert two.inventory.asked <= 2


async def test_what_was_begun_before_a_change_made_here_is_not_held_after_it(two: Processes) -> None:
    shirt = await two.catalogue.on_sale()
    two.inventory.may_answer.clear()
    slow = asyncio.create_task(two.pages.page(shirt.spu_id))
    await two.inventory.began.wait()
    two.pages.forget()
    two.inventory.may_answer.set()
    await slow
    assert two.pages.held(shirt.spu_id) is None
