"""A product as buyers see it."""

from collections.abc import Mapping
from typing import Self

from models.products.types import Attributes, Media, Options, Product, Sku
from models.shared import Frozen, Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId


class ShownSku(Frozen):
    """A variant as buyers see it. Without a price it cannot be bought."""

    sku_id: SkuId
    code: str
    options: Options
    price: Money | None
    available: int
    """Units that can be ordered now, over all warehouses."""
    in_stock: bool
    max_per_order: int
    weight_g: int
    barcode: str | None
    image: Media | None

    @classmethod
    def of(cls, sku: Sku, available: int) -> Self:
        """The SKU with its live stock."""
        return cls(
            **sku.model_dump(exclude={"listed", "image", "price"}),
            price=sku.price,
            image=sku.image,
            available=available,
            in_stock=available > 0,
        )


class ShownProduct(Frozen):
    """A published product as buyers see it."""

    spu_id: SpuId
    merchant_id: MerchantId
    code: str
    title: str
    description: str
    category_id: CategoryId
    brand_id: BrandId | None
    attributes: Attributes
    media: tuple[Media, ...]
    skus: tuple[ShownSku, ...]

    @classmethod
    def of(cls, product: Product, available: Mapping[SkuId, int]) -> Self:
        """The product with the live stock of its SKUs; one that inventory does not know has none."""
        fields = {name: getattr(product, name) for name in cls.model_fields if name != "skus"}
        return cls(**fields, skus=tuple(ShownSku.of(sku, available.get(sku.sku_id, 0)) for sku in product.skus))
