"""What buyers and checkout get to know of the catalogue."""

import pytest

from models.products.errors import ProductUnknown
from models.products.types import ProductFilter, SkuDraft
from models.shared.ids import SkuId, SpuId
from tests.integration.products.catalogue import HOUR, NOW, YUAN, Catalogue, media_id, picture


async def test_a_sellable_sku_says_all_that_an_order_needs(catalogue: Catalogue) -> None:
    product = await catalogue.on_sale()
    image = await catalogue.media.keep(picture(), media_id("front"), NOW)
    await catalogue.edits.set_media(product.spu_id, product.version, [image.media_id], NOW)
    sku_id = product.skus[0].sku_id

    found = (await catalogue.products.sellable([sku_id], NOW))[sku_id]

    assert found.title == "Linen shirt 亚麻衬衫"
    assert found.options == "M"
    assert found.price == YUAN * 199
    assert found.is_published
    assert found.category_ids == (catalogue.clothes.category_id, catalogue.shirts.category_id)
    assert (found.merchant_id, found.brand_id) == (catalogue.merchant.merchant_id, catalogue.brand.brand_id)
    assert (found.weight_g, found.max_per_order, found.version) == (300, 999, product.version + 1)
    assert found.image_url == image.small_url


async def test_unknown_and_unpriced_skus_are_absent_and_unpublished_ones_are_marked(catalogue: Catalogue) -> None:
    unpriced = await catalogue.sku(await catalogue.product("a"), "a-1")
    hidden = (await catalogue.price(await catalogue.sku(await catalogue.product("b"), "b-1"), YUAN)).product
    asked = [unpriced.skus[0].sku_id, hidden.skus[0].sku_id, SkuId.derive(NOW, "nobody knows")]

    found = await catalogue.products.sellable(asked, NOW)

    assert {sku_id: sku.is_published for sku_id, sku in found.items()} == {hidden.skus[0].sku_id: False}


async def test_an_unlisted_sku_of_a_published_product_cannot_be_sold_and_is_not_shown(catalogue: Catalogue) -> None:
    product = await catalogue.on_sale()
    sku_id = product.skus[0].sku_id
    draft = SkuDraft(options={"Size": "M"}, weight_g=300, listed=False)
    await catalogue.edits.change_sku(sku_id, product.version, draft, NOW)

    assert not (await catalogue.products.sellable([sku_id], NOW))[sku_id].is_published
    assert (await catalogue.products.published(product.spu_id, NOW)).skus == ()
    assert await catalogue.products.browse(ProductFilter(), NOW, limit=10) == []


async def test_a_product_is_shown_from_the_scheduled_time_until_the_scheduled_end(catalogue: Catalogue) -> None:
    product = (await catalogue.price(await catalogue.sku(await catalogue.product(), "s"), YUAN)).product
    product = (await catalogue.edits.publish(product.spu_id, product.version, NOW, at=NOW + HOUR)).product
    product = (await catalogue.edits.unpublish(product.spu_id, product.version, NOW, at=NOW + 3 * HOUR)).product
    sku_id = product.skus[0].sku_id

    shown = []
    for hours in range(5):
        at = NOW + hours * HOUR
        sellable = (await catalogue.products.sellable([sku_id], at))[sku_id].is_published
        listed = len(await catalogue.products.browse(ProductFilter(), at, limit=10)) == 1
        assert sellable == listed
        shown.append(sellable)
    assert shown == [False, True, True, False, False]


async def test_an_unpublished_product_answers_like_one_that_never_existed(catalogue: Catalogue) -> None:
    product = await catalogue.product()
    with pytest.raises(ProductUnknown):
        await catalogue.products.published(product.spu_id, NOW)
    with pytest.raises(ProductUnknown):
        await catalogue.products.published(SpuId.derive(NOW, "no"), NOW)


async def test_a_list_of_products_is_narrowed_and_paged_without_gaps_or_doubles(catalogue: Catalogue) -> None:
    for number in range(7):
        await catalogue.on_sale(f"shirt{number}")
    narrowed = ProductFilter(
        category_id=catalogue.clothes.category_id,
        brand_id=catalogue.brand.brand_id,
        merchant_id=catalogue.merchant.merchant_id,
        text="LINEN",
    )
    pages, after = [], None
    while page := await catalogue.products.browse(narrowed, NOW, limit=3, after=after):
        pages.append([card.spu_id for card in page])
        after = page[-1].spu_id

    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({spu_id for page in pages for spu_id in page}) == 7
    assert await catalogue.products.browse(ProductFilter(text="100%_"), NOW, limit=3) == []


async def test_the_price_on_a_card_is_the_lowest_of_its_skus(catalogue: Catalogue) -> None:
    product = await catalogue.on_sale()
    product = await catalogue.sku(product, "shirt-l", Size="L")
    cheap = product.skus[1].sku_id if product.skus[0].price else product.skus[0].sku_id
    await catalogue.edits.set_price(cheap, product.version, YUAN * 99, decided_by="test", now=NOW)

    [card] = await catalogue.products.browse(ProductFilter(), NOW, limit=3)
    assert card.price_from == YUAN * 99
