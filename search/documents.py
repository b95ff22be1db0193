"""What the index holds of a product. Everything here may be shown to anyone: no personal data, no stock figures, no price to come."""

from typing import Annotated

from pydantic import Field

from models.products.types import AttributeValue
from models.shared import Frozen, Instant, Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId

Revision = Annotated[int, Field(ge=0)]
"""When a document was read, in microseconds of the catalogue's own clock, taken before the reading began.

Of two documents of one product the one with the higher revision saw at least every change that was committed before it began;
so an engine keeps the higher, whatever the order in which they arrive.
"""


class SkuDocument(Frozen):
    """A listed SKU that has a price."""

    sku_id: SkuId
    code: str
    barcode: str | None
    options: dict[str, str]
    price: Money
    available: bool
    """Whether a buyer could order one at the moment of reading."""


class ProductDocument(Frozen):
    """A published product with at least one SKU that has a price."""

    spu_id: SpuId
    revision: Revision
    title: str
    description: str
    merchant_id: MerchantId
    merchant_name: str
    brand_id: BrandId | None
    brand_name: str | None
    category_ids: tuple[CategoryId, ...]
    """The category and its ancestors, root first."""
    category_names: tuple[str, ...]
    """In the same order."""
    attributes: dict[str, AttributeValue]
    """By the attribute's code."""
    skus: Annotated[tuple[SkuDocument, ...], Field(min_length=1)]
    image_url: str | None
    published_at: Instant
    sales: int = 0
    """Units sold in the last seven days, as the rankings count them."""

    @property
    def price_from(self) -> Money:
        """The lowest price of its SKUs."""
        return min((sku.price for sku in self.skus), key=lambda price: price.minor)

    @property
    def price_to(self) -> Money:
        """The highest price of its SKUs."""
        return max((sku.price for sku in self.skus), key=lambda price: price.minor)

    @property
    def in_stock(self) -> bool:
        """Whether any SKU can be ordered."""
        return any(sku.available for sku in self.skus)


class Gone(Frozen):
    """A product that may no longer be found, as seen at `revision`: a document read earlier does not bring it back."""

    spu_id: SpuId
    revision: Revision


class OfferPatch(Frozen):
    """The part of a document that changes often: prices and availability of all its SKUs. The rest stays as it is."""

    spu_id: SpuId
    revision: Revision
    skus: Annotated[tuple[SkuDocument, ...], Field(min_length=1)]


class SalesPatch(Frozen):
    """How well a product sells. It has no revision: only the rankings write it, and the next writing corrects any other."""

    spu_id: SpuId
    sales: int
