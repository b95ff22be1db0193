"""Index and listeners follow the catalogue and its stock, on real servers."""

from datetime import UTC, datetime, timedelta

from models.inventory.types import Destination, SkuQuantity
from models.products.events import PriceChanged
from models.search.messages import IndexProducts, Scope, catalog_sync_id
from models.shared.ids import OrderId, SkuId
from tests.integration.products.catalogue import NOW, YUAN
from tests.integration.search.in_step import InStep, eventually


async def test_a_product_is_found_as_it_is_now_and_told_as_it_changed(in_step: InStep) -> None:
    catalogue = in_step.catalogue
    shirt = await catalogue.on_sale()
    await in_step.follow(shirt)
    assert await in_step.found("linen") == ["Linen shirt 亚麻衬衫 199 sold out"]

    dearer = (await catalogue.price(shirt, YUAN * 249, now=datetime.now(UTC))).product
    renamed = await catalogue.edits.change_product(
        shirt.spu_id, dearer.version, catalogue.draft(title="Flax shirt"), NOW
    )
    await in_step.follow(shirt)
    assert await in_step.found() == ["Flax shirt 249 sold out"]

    await catalogue.edits.unpublish(shirt.spu_id, renamed.product.version, datetime.now(UTC))
    await in_step.follow(shirt)
    assert await in_step.found() == []
    assert in_step.listener.told_of(shirt.spu_id) == [
        *("product_changed", "price_changed", "product_published"),
        *("product_changed", "price_changed"),
        *("product_changed", "product_unpublished"),
    ]


async def test_an_older_reading_never_overwrites_a_newer_one(in_step: InStep) -> None:
    shirt = await in_step.catalogue.on_sale()
    old = await in_step.reader.read([shirt.spu_id])
    await in_step.catalogue.price(shirt, YUAN * 99, now=datetime.now(UTC))
    await in_step.activities._write([shirt.spu_id])
    await in_step.engine.put(old.documents)
    await in_step.engine.patch_offers(old.patches)
    assert await in_step.found() == ["Linen shirt 亚麻衬衫 99 sold out"]
    again = await in_step.store.tell(old.products, old.revision, old.available, NOW)
    newer = await in_step.reader.read([shirt.spu_id])
    told = await in_step.store.tell(newer.products, newer.revision, newer.available, NOW)
    late = await in_step.store.tell(old.products, old.revision, old.available, NOW)
    assert told.batch == again.batch == late.batch, "what was decided is told until Kafka is known to have it"


async def test_what_was_being_told_when_a_process_died_is_told_first_and_under_the_same_ids(in_step: InStep) -> None:
    shirt = await in_step.catalogue.on_sale()
    reading = await in_step.reader.read([shirt.spu_id])
    died = await in_step.store.tell(reading.products, reading.revision, reading.available, NOW)
    await in_step.catalogue.price(shirt, YUAN * 99, now=datetime.now(UTC))
    await in_step.follow(shirt)
    heard = [event.event_id for event in in_step.listener.heard]
    assert heard[: len(died.batch.events)] == [event.event_id for event in died.batch.events]
    prices = [event.price.minor for event in in_step.listener.heard if isinstance(event, PriceChanged)]
    assert prices == [19900, 9900]


async def test_a_price_and_an_end_that_are_to_come_are_followed_when_they_come(in_step: InStep) -> None:
    shirt = await in_step.catalogue.on_sale()
    soon = datetime.now(UTC) + timedelta(seconds=1)
    later = datetime.now(UTC) + timedelta(days=3)
    cheaper = (await in_step.catalogue.price(shirt, YUAN * 99, at=soon, now=datetime.now(UTC))).product
    await in_step.catalogue.edits.unpublish(shirt.spu_id, cheaper.version, datetime.now(UTC), later)
    await in_step.follow(shirt)
    assert await in_step.found() == ["Linen shirt 亚麻衬衫 99 sold out"]
    woken = f"{catalog_sync_id(Scope(products=(shirt.spu_id,)))}/{later:%Y%m%dT%H%M%S.%f}"
    found = await in_step.client.get_workflow_handle(woken).describe()
    start = found.raw_description.workflow_execution_info.execution_time.ToDatetime(UTC)
    assert abs((start - later).total_seconds()) < 5
    await in_step.client.get_workflow_handle(woken).terminate()


async def test_stock_that_sells_out_and_comes_back_is_shown(in_step: InStep) -> None:
    shirt = await in_step.catalogue.on_sale()
    sku_id = shirt.skus[0].sku_id
    change = await in_step.inventory.receive(await in_step.warehouse(), sku_id, 3, key="first", actor="test", now=NOW)
    assert change.turned
    await in_step.follow(shirt)
    assert await in_step.found() == ["Linen shirt 亚麻衬衫 199"]

    async def reserve(name: str, units: int) -> tuple[SkuId, ...]:
        held = await in_step.inventory.reserve_all_or_nothing(
            OrderId.derive(NOW, name), [SkuQuantity(sku_id=sku_id, quantity=units)], Destination(), NOW, None
        )
        await in_step.following.stock_turned(held.turned)
        return held.turned

    assert await reserve("one", 1) == (), "an order that crosses nothing has nobody told"
    assert await reserve("two", 2) == (sku_id,)
    await in_step.shows("Linen shirt 亚麻衬衫 199 sold out")
    await eventually(lambda: _told(in_step, shirt.spu_id), ["sku_availability_changed"])
    released = await in_step.inventory.release(OrderId.derive(NOW, "two"), NOW)
    await in_step.following.stock_turned(released.turned)
    await in_step.shows("Linen shirt 亚麻衬衫 199")
    await eventually(lambda: _told(in_step, shirt.spu_id), ["sku_availability_changed"] * 2)


async def _told(in_step: InStep, spu_id: str) -> list[str]:
    every = in_step.listener.told_of(spu_id)
    return every[every.index("product_published") + 1 :]


async def test_a_new_name_reaches_every_product_below(in_step: InStep) -> None:
    catalogue = in_step.catalogue
    for name in ("one", "two"):
        await catalogue.on_sale(name)
    everything = Scope(merchant_id=catalogue.merchant.merchant_id)
    await in_step.following.follow_and_wait(everything)
    assert len(await in_step.found("clothes")) == 2
    clothes = catalogue.clothes
    await catalogue.taxonomy.change_category(
        clothes.category_id, 1, name="Garments", position=0, attributes=clothes.attributes
    )
    await in_step.following.follow_and_wait(Scope(category_id=clothes.category_id))
    assert (len(await in_step.found("garments")), await in_step.found("clothes")) == (2, [])


async def test_kafka_being_away_keeps_nothing_from_being_found(in_step: InStep) -> None:
    in_step.listener.away = True
    shirt = await in_step.catalogue.on_sale()
    await in_step.following.follow(Scope(products=(shirt.spu_id,)))
    await in_step.shows("Linen shirt 亚麻衬衫 199 sold out")
    in_step.listener.away = False
    await eventually(lambda: _heard(in_step), True)


async def _heard(in_step: InStep) -> bool:
    return bool(in_step.listener.heard)


async def test_reading_follows_a_scope_page_by_page(in_step: InStep) -> None:
    for name in ("one", "two", "three"):
        await in_step.catalogue.on_sale(name)
    pages = [page async for page in in_step.reader.pages(Scope(touched_since=NOW), size=2)]
    assert [len(page) for page in pages] == [2, 1]
    assert IndexProducts(scope=Scope(touched_since=NOW)).scope.words == f"every product of touched since {NOW}"
