"""The search index follows an edit whatever dies around it."""

from datetime import UTC, datetime

from activities.following import Following
from hanse.database import Database
from models.search.messages import Scope
from models.shared import Money
from models.shared.ids import SkuId, SpuId
from search.configured import open_engine
from search.engine import SearchEngine
from search.query import SearchQuery
from stores.products import CatalogueStore, ListingStore
from tests.e2e.calls import eventually, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.running import RunningShop


async def costs(engine: SearchEngine, good: Good, price: int) -> bool:
    """Whether a buyer who looks for the good finds it at this price."""
    hits = (await engine.search(SearchQuery(text=good.code, correct=False))).hits
    return [hit.price_from.minor for hit in hits if hit.spu_id == good.spu_id] == [price]


async def test_an_edit_is_found_although_worker_and_api_die_around_it(shop: RunningShop, shelves: Shelves) -> None:
    good = await shelves.good(5, price=1_990)
    path = f"/v1/catalogue/products/{good.spu_id}"
    async with open_engine(shop.settings) as engine:
        await eventually("the good is found", lambda: costs(engine, good, 1_990))

        before = {name: shop.restarts(name) for name in ("worker", "api")}
        version = (await shop.operator.read(path))["version"]
        shop.kill("worker")
        answer = await shop.operator.send(
            "PUT",
            f"/v1/catalogue/skus/{good.sku_id}/price",
            {"price": {"minor": 1_490}},
            headers={"if-match": f'"{version}"'},
        )
        said(answer, 200)
        shop.kill("api")
        for name, restarts in before.items():
            await shop.is_back(name, restarts)
        await eventually("the new price is found", lambda: costs(engine, good, 1_490))


async def test_an_edit_whose_process_died_before_it_could_say_so_is_found(shop: RunningShop, shelves: Shelves) -> None:
    good = await shelves.good(5, price=1_990)
    database = await Database(shop.settings.dsn("products"), max_size=1).open()
    async with open_engine(shop.settings) as engine:
        await eventually("the good is found", lambda: costs(engine, good, 1_990))
        version = (await shop.operator.read(f"/v1/catalogue/products/{good.spu_id}"))["version"]
        following = Following(await shop.temporal(), ListingStore(database))
        await following.announce(Scope(products=(SpuId(good.spu_id),)), "an edit whose process dies")
        await CatalogueStore(database).set_price(
            SkuId(good.sku_id), version, Money(minor=990), decided_by="test", now=datetime.now(UTC)
        )
        await eventually("the new price is found", lambda: costs(engine, good, 990))
    await database.close()
