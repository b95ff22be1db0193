"""A few products for the engine's tests, spelled briefly."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from models.products.types import AttributeValue
from models.shared import Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId
from search.documents import OfferPatch, ProductDocument, SkuDocument

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def spu(name: str) -> SpuId:
    return SpuId.derive(NOON, name)


def brand(name: str) -> BrandId:
    return BrandId.derive(NOON, name)


def category(name: str) -> CategoryId:
    return CategoryId.derive(NOON, name)


def merchant(name: str) -> MerchantId:
    return MerchantId.derive(NOON, name)


def sku(
    name: str, price: int = 1000, *, available: bool = True, options: Mapping[str, str] = {}, barcode: str | None = None
) -> SkuDocument:
    """Its name is its code."""
    return SkuDocument(
        sku_id=SkuId.derive(NOON, name),
        code=name,
        barcode=barcode,
        options=dict(options),
        price=Money(minor=price, currency="CNY"),
        available=available,
    )


def product(
    name: str,
    title: str,
    *,
    revision: int = 1,
    brand_name: str | None = "云台 Yuntai",
    categories: Sequence[str] = ("家居 Home",),
    merchant_name: str = "Hansa Home",
    description: str = "",
    attributes: Mapping[str, AttributeValue] = {},
    skus: Sequence[SkuDocument] = (),
    price: int = 1000,
    sales: int = 0,
    hours: int = 0,
) -> ProductDocument:
    """A product of one SKU unless they are given, published `hours` after noon."""
    return ProductDocument(
        spu_id=spu(name),
        revision=revision,
        title=title,
        description=description,
        merchant_id=merchant(merchant_name),
        merchant_name=merchant_name,
        brand_id=brand(brand_name) if brand_name else None,
        brand_name=brand_name,
        category_ids=tuple(map(category, categories)),
        category_names=tuple(categories),
        attributes=dict(attributes),
        skus=tuple(skus) or (sku(f"{name}-1", price),),
        image_url=None,
        published_at=NOON + timedelta(hours=hours),
        sales=sales,
    )


def offers(name: str, *skus: SkuDocument, revision: int) -> OfferPatch:
    return OfferPatch(spu_id=spu(name), revision=revision, skus=skus)
