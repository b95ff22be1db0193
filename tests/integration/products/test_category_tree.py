"""The category tree keeps its shape."""

import asyncio

import pytest

from models.products.errors import CategoryCycle, CategoryNotEmpty, CategoryTooDeep, CategoryUnknown, CodeTaken
from models.products.types import Category
from models.shared.ids import CategoryId
from models.shared.refusals import StaleVersion
from tests.integration.products.catalogue import NOW, Catalogue


async def _below(catalogue: Catalogue, code: str, parent: Category | None) -> Category:
    parent_id = parent.category_id if parent else None
    return await catalogue.taxonomy.create_category(
        CategoryId.derive(NOW, code), code=code, name=code, parent_id=parent_id
    )


async def test_a_category_moves_with_everything_below_it(catalogue: Catalogue) -> None:
    home = await _below(catalogue, "home", None)
    polos = await _below(catalogue, "polos", catalogue.shirts)
    await catalogue.taxonomy.move_category(catalogue.shirts.category_id, catalogue.shirts.version, home.category_id)

    paths = {category.code: category.path for category in await catalogue.taxonomy.categories()}
    assert paths["shirts"] == (home.category_id, catalogue.shirts.category_id)
    assert paths["polos"] == (home.category_id, catalogue.shirts.category_id, polos.category_id)
    assert paths["clothes"] == (catalogue.clothes.category_id,)


async def test_a_category_cannot_move_below_itself(catalogue: Catalogue) -> None:
    for target in (catalogue.clothes, catalogue.shirts):
        with pytest.raises(CategoryCycle):
            await catalogue.taxonomy.move_category(catalogue.clothes.category_id, 1, target.category_id)


async def test_two_moves_at_once_cannot_make_a_cycle_together(catalogue: Catalogue) -> None:
    for number in range(10):
        a = await _below(catalogue, f"a{number}", None)
        b = await _below(catalogue, f"b{number}", None)
        done = await asyncio.gather(
            catalogue.taxonomy.move_category(a.category_id, 1, b.category_id),
            catalogue.taxonomy.move_category(b.category_id, 1, a.category_id),
            return_exceptions=True,
        )
        assert sum(isinstance(one, CategoryCycle | StaleVersion) for one in done) == 1


async def test_the_tree_has_at_most_eight_levels(catalogue: Catalogue) -> None:
    deepest: Category | None = None
    for level in range(8):
        deepest = await _below(catalogue, f"level{level}", deepest)
    with pytest.raises(CategoryTooDeep):
        await _below(catalogue, "level8", deepest)
    assert deepest is not None
    with pytest.raises(CategoryTooDeep):
        await catalogue.taxonomy.move_category(catalogue.clothes.category_id, 1, deepest.parent_id)


async def test_only_an_empty_category_is_deleted(catalogue: Catalogue) -> None:
    await catalogue.product()
    for full in (catalogue.clothes, catalogue.shirts):
        with pytest.raises(CategoryNotEmpty):
            await catalogue.taxonomy.delete_category(full.category_id, full.version)
    empty = await _below(catalogue, "empty", catalogue.clothes)
    with pytest.raises(StaleVersion):
        await catalogue.taxonomy.delete_category(empty.category_id, 7)
    await catalogue.taxonomy.delete_category(empty.category_id, empty.version)
    with pytest.raises(CategoryUnknown):
        await catalogue.taxonomy.category(empty.category_id)


async def test_merchants_and_brands_are_edited_under_their_version_and_unique_by_code(catalogue: Catalogue) -> None:
    with pytest.raises(CodeTaken):
        await catalogue.taxonomy.create_merchant(catalogue.merchant)
    with pytest.raises(CodeTaken):
        await catalogue.taxonomy.create_brand(catalogue.brand)
    with pytest.raises(CodeTaken):
        await _below(catalogue, "shirts", None)
    who, brand = catalogue.merchant.merchant_id, catalogue.brand.brand_id
    renamed = await catalogue.taxonomy.change_merchant(who, 1, "Hansa 2", city="Lübeck", region="SH")
    await catalogue.taxonomy.change_brand(brand, 1, "Alster 2")
    with pytest.raises(StaleVersion):
        await catalogue.taxonomy.change_merchant(who, 1, "Hansa 3", city="Lübeck", region="SH")
    with pytest.raises(StaleVersion):
        await catalogue.taxonomy.change_brand(brand, 1, "Alster 3")
    assert (renamed.code, renamed.version) == ("hansa", 2)
    assert await catalogue.taxonomy.merchants() == [renamed]
    assert [brand.name for brand in await catalogue.taxonomy.brands()] == ["Alster 2"]
