"""A product as buyers see it."""

from collections.abc import Mapping
from typing import Self

from models.inventory.ahead import Availability, Sellable
from models.products.types import Attributes, Media, Options, Product, Sku
from models.shared import Frozen, Instant, Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId


class ShownSku(Frozen):
    """A variant as buyers see it. Without a price it cannot be bought."""

    sku_id: SkuId
    code: str
    options: Options
    price: Money | None
    available: int
    """Units that can be ordered now, over all warehouses, those ahead of stock counted in."""
    in_stock: bool
    availability: Availability
    ships_by: Instant | None
    """For what is sold ahead of stock: when it ships at the latest (`back_order`), or from when on (`pre_order`)."""
    max_per_order: int
    weight_g: int
    barcode: str | None
    image: Media | None

    @classmethod
    def of(cls, sku: Sku, sellable: Sellable) -> Self:
        """The SKU with its live stock."""
        return cls(
            **sku.model_dump(exclude={"listed", "image", "price"}),
            price=sku.price,
            image=sku.image,
            available=sellable.most,
            in_stock=sellable.in_stock > 0,
            availability=sellable.availability,
            ships_by=sellable.ships_by,
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
    def of(cls, product: Product, sellable: Mapping[SkuId, Sellable]) -> Self:
        """The product with the live stock of its SKUs; one that inventory does not know has none."""
        fields = {name: getattr(product, name) for name in cls.model_fields if name != "skus"}
        skus = (ShownSku.of(sku, sellable.get(sku.sku_id) or Sellable(sku_id=sku.sku_id)) for sku in product.skus)
        return cls(**fields, skus=tuple(skus))
