"""Edits of products by operators."""

import pytest

from models.products.errors import (
    AttributesInvalid,
    BarcodeInvalid,
    BrandUnknown,
    CategoryUnknown,
    CodeTaken,
    MediaUnknown,
    MerchantUnknown,
    OptionsTaken,
    ProductUnknown,
    PublicationGap,
    SkuUnknown,
)
from models.products.types import SkuDraft
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId
from models.shared.refusals import StaleVersion
from tests.integration.products.catalogue import HOUR, NOW, YUAN, Catalogue, media_id, picture


async def test_an_edit_with_a_stale_version_changes_nothing(catalogue: Catalogue) -> None:
    product = await catalogue.product()
    first = await catalogue.edits.change_product(product.spu_id, product.version, catalogue.draft(title="First"), NOW)
    with pytest.raises(StaleVersion):
        await catalogue.edits.change_product(product.spu_id, product.version, catalogue.draft(title="Second"), NOW)
    assert await catalogue.products.product(product.spu_id, NOW) == first.product


async def test_an_edit_says_what_changed_and_the_same_edit_again_changes_nothing(catalogue: Catalogue) -> None:
    product = await catalogue.product()
    draft = catalogue.draft(title="New title")
    first = await catalogue.edits.change_product(product.spu_id, product.version, draft, NOW)
    again = await catalogue.edits.change_product(product.spu_id, first.product.version, draft, NOW)
    assert [change.kind for change in first.changes] == ["product_changed"]
    assert again.changes == ()
    assert again.product == first.product


async def test_every_edit_of_a_sku_raises_the_version_of_its_product(catalogue: Catalogue) -> None:
    product = await catalogue.product()
    with_sku = await catalogue.sku(product, "s")
    changed = await catalogue.edits.change_sku(
        with_sku.skus[0].sku_id, with_sku.version, SkuDraft(weight_g=10, barcode="4006381333931"), NOW
    )
    assert [product.version, with_sku.version, changed.product.version] == [1, 2, 3]
    assert changed.product.skus[0].barcode == "4006381333931"
    assert [change.kind for change in changed.changes] == ["sku_changed"]


async def test_two_skus_of_a_product_may_not_have_the_same_options(catalogue: Catalogue) -> None:
    product = await catalogue.sku(await catalogue.product(), "a", Size="M", Colour="Red")
    with pytest.raises(OptionsTaken):
        await catalogue.sku(product, "b", Colour="red", Size="m")
    other = await catalogue.sku(await catalogue.product("other"), "b", Size="M", Colour="Red")
    assert list(other.skus[0].options.items()) == [("Size", "M"), ("Colour", "Red")]


async def test_codes_are_unique_within_a_merchant(catalogue: Catalogue) -> None:
    product = await catalogue.sku(await catalogue.product(), "a", Size="M")
    with pytest.raises(CodeTaken):
        await catalogue.edits.create_product(
            SpuId.derive(NOW, "x"), catalogue.merchant.merchant_id, "shirt", catalogue.draft(), NOW
        )
    draft = SkuDraft(options={"Size": "L"}, weight_g=1)
    with pytest.raises(CodeTaken):
        await catalogue.edits.create_sku(product.spu_id, product.version, SkuId.derive(NOW, "x"), "a", draft, NOW)


async def test_attributes_must_fit_the_category_and_its_ancestors(catalogue: Catalogue) -> None:
    await catalogue.product(attributes={"fabric": "cotton", "length": 72.5})
    with pytest.raises(AttributesInvalid) as refused:
        await catalogue.product("other", attributes={"length": "long", "colour": "red"})
    assert len(refused.value.fields["faults"]) == 3


async def test_what_a_product_refers_to_must_exist(catalogue: Catalogue) -> None:
    product = await catalogue.product()
    with pytest.raises(CategoryUnknown):
        await catalogue.product("a", category_id=CategoryId.derive(NOW, "x"))
    with pytest.raises(BrandUnknown):
        await catalogue.product("a", brand_id=BrandId.derive(NOW, "x"))
    with pytest.raises(MerchantUnknown):
        await catalogue.edits.create_product(
            SpuId.derive(NOW, "x"), MerchantId.derive(NOW, "x"), "a", catalogue.draft(), NOW
        )
    with pytest.raises(MediaUnknown):
        await catalogue.edits.set_media(product.spu_id, product.version, [media_id("x")], NOW)
    draft = SkuDraft(weight_g=1, image_id=media_id("x"))
    with pytest.raises(MediaUnknown):
        await catalogue.edits.create_sku(product.spu_id, product.version, SkuId.derive(NOW, "x"), "a", draft, NOW)
    with pytest.raises(SkuUnknown):
        await catalogue.edits.set_price(SkuId.derive(NOW, "x"), 1, YUAN, decided_by="test", now=NOW)
    with pytest.raises(ProductUnknown):
        await catalogue.edits.publish(SpuId.derive(NOW, "x"), 1, NOW)


async def test_a_mistyped_barcode_is_refused(catalogue: Catalogue) -> None:
    product = await catalogue.product()
    draft = SkuDraft(weight_g=1, barcode="4006381333932")
    with pytest.raises(BarcodeInvalid, match="check digit must be 1"):
        await catalogue.edits.create_sku(product.spu_id, product.version, SkuId.derive(NOW, "x"), "a", draft, NOW)


async def test_publishing_says_from_when_and_only_once(catalogue: Catalogue) -> None:
    product = await catalogue.product()
    first = await catalogue.edits.publish(product.spu_id, product.version, NOW, at=NOW - HOUR)
    again = await catalogue.edits.publish(product.spu_id, first.product.version, NOW + HOUR)
    hidden = await catalogue.edits.unpublish(product.spu_id, again.product.version, NOW + HOUR)

    assert [(change.kind, change.effective_at) for change in first.changes] == [("product_published", NOW)]
    assert again.changes == ()
    assert [change.kind for change in hidden.changes] == ["product_unpublished"]
    assert not hidden.product.is_published


async def test_a_gap_in_publication_is_refused_rather_than_hiding_the_product_at_once(catalogue: Catalogue) -> None:
    product = await catalogue.on_sale()
    product = (await catalogue.edits.unpublish(product.spu_id, product.version, NOW, at=NOW + HOUR)).product
    with pytest.raises(PublicationGap):
        await catalogue.edits.publish(product.spu_id, product.version, NOW, at=NOW + 2 * HOUR)
    kept = await catalogue.edits.publish(product.spu_id, product.version, NOW)
    assert kept.product.publication.until is None


async def test_pictures_of_a_product_keep_their_order(catalogue: Catalogue) -> None:
    product = await catalogue.product()
    red = await catalogue.media.keep(picture(colour="red"), media_id("red"), NOW)
    blue = await catalogue.media.keep(picture(colour="blue"), media_id("blue"), NOW)
    edited = await catalogue.edits.set_media(product.spu_id, product.version, [blue.media_id, red.media_id], NOW)
    assert edited.product.media == (blue, red)
