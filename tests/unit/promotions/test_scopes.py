"""Which lines a scope has."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.promotions.offers import Scope
from models.promotions.scoping import in_scope
from models.promotions.types import OfferLine
from models.shared import Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId

AT = datetime(2026, 11, 22, tzinfo=UTC)
SKUS, PRODUCTS, BRANDS, MERCHANTS, CATEGORIES = (
    [kind.derive(AT, name) for name in "ab"] for kind in (SkuId, SpuId, BrandId, MerchantId, CategoryId)
)
LINE = OfferLine(
    sku_id=SKUS[0],  # type: ignore[arg-type] # ids of their kind
    spu_id=PRODUCTS[0],  # type: ignore[arg-type]
    merchant_id=MERCHANTS[0],  # type: ignore[arg-type]
    category_ids=(CATEGORIES[1], CATEGORIES[0]),  # type: ignore[arg-type]
    brand_id=BRANDS[0],  # type: ignore[arg-type]
    quantity=1,
    unit_price=Money(minor=100),
)


def test_a_scope_that_names_nothing_has_every_line() -> None:
    assert in_scope(Scope(), LINE)
    assert in_scope(Scope(excluded_skus=(SKUS[1],)), LINE)  # type: ignore[arg-type]


@pytest.mark.parametrize("named", ["skus", "products", "brands", "merchants"])
def test_a_line_is_named_by_its_own_id_of_any_kind(named: str) -> None:
    own = {"skus": SKUS, "products": PRODUCTS, "brands": BRANDS, "merchants": MERCHANTS}[named]
    assert in_scope(Scope.model_validate({named: (own[0],)}), LINE)
    assert not in_scope(Scope.model_validate({named: (own[1],)}), LINE)
    assert in_scope(Scope.model_validate({named: (own[1],), "categories": (CATEGORIES[1],)}), LINE)


def test_a_category_counts_with_everything_below_it() -> None:
    for category in CATEGORIES:
        assert in_scope(Scope.model_validate({"categories": (category,)}), LINE)
        assert not in_scope(Scope.model_validate({"excluded_categories": (category,)}), LINE)


def test_a_line_without_a_brand_is_named_by_no_brand() -> None:
    plain = LINE.model_copy(update={"brand_id": None})
    assert not in_scope(Scope.model_validate({"brands": (BRANDS[0],)}), plain)
    assert in_scope(Scope.model_validate({"excluded_brands": (BRANDS[0],)}), plain)


_LISTS = {
    "skus": SKUS, "products": PRODUCTS, "categories": CATEGORIES, "brands": BRANDS, "merchants": MERCHANTS,
    "excluded_skus": SKUS, "excluded_products": PRODUCTS, "excluded_categories": CATEGORIES, "excluded_brands": BRANDS,
}  # fmt: skip


def some_of(ids: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sampled_from([(), (ids[0],), (ids[1],), tuple(ids)])


@settings(deadline=None)
@given(st.fixed_dictionaries({name: some_of(ids) for name, ids in _LISTS.items()}))
def test_what_is_excluded_is_never_in_scope_whatever_names_it(lists: dict[str, tuple[str, ...]]) -> None:
    scope = Scope.model_validate(lists)
    excluded = (
        SKUS[0] in scope.excluded_skus
        or PRODUCTS[0] in scope.excluded_products
        or bool(scope.excluded_categories)
        or BRANDS[0] in scope.excluded_brands
    )
    freed = scope.model_copy(update={name: () for name in _LISTS if name.startswith("excluded")})
    assert in_scope(scope, LINE) == (in_scope(freed, LINE) and not excluded)
