"""What the shop tells about its catalogue."""

from models.shared.events import Event
from models.shared.frozen import Frozen
from models.shared.ids import SkuId, SpuId
from models.shared.money import Money


class ProductPublished(Event):
    """A product can be seen and bought."""

    type = "hanse.products.product_published.v1"
    identity = ("spu_id", "occurred_at")
    ordered_by = "spu_id"

    spu_id: SpuId


class ProductUnpublished(Event):
    """A product can no longer be seen or bought."""

    type = "hanse.products.product_unpublished.v1"
    identity = ("spu_id", "occurred_at")
    ordered_by = "spu_id"

    spu_id: SpuId


class ProductChanged(Event):
    """A product is at another version: its texts, category, brand, attributes, pictures or SKUs, or a decision about its prices
    or publication. What listeners keep of it is out of date."""

    type = "hanse.products.product_changed.v1"
    identity = ("spu_id", "version")
    ordered_by = "spu_id"

    spu_id: SpuId
    version: int


class SkuAvailabilityChanged(Event):
    """Whether a buyer can order a SKU, from whichever warehouse, changed. The figure itself stays the shop's."""

    type = "hanse.products.sku_availability_changed.v1"
    identity = ("sku_id", "occurred_at")
    ordered_by = "spu_id"

    spu_id: SpuId
    sku_id: SkuId
    available: bool


class PriceChanged(Event):
    """A SKU has another price from `occurred_at` on."""

    type = "hanse.products.price_changed.v1"
    identity = ("sku_id", "occurred_at")
    ordered_by = "spu_id"

    spu_id: SpuId
    sku_id: SkuId
    price: Money


class Viewed(Frozen):
    """How often a product was looked at."""

    spu_id: SpuId
    times: int


class ProductsViewed(Event):
    """One process of the shop showed these products so often since it last said so. Nothing says to whom.

    For rankings only: batches that Kafka did not take in time are lost.
    """

    type = "hanse.products.products_viewed.v1"
    identity = ("batch",)
    ordered_by = "batch"

    batch: str
    views: tuple[Viewed, ...]
