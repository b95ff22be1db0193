"""What the shop shows of a product at one moment, and what is told to others when that changes: pure."""

from datetime import datetime

from pydantic import Field

from models.products.events import (
    PriceChanged,
    ProductChanged,
    ProductPublished,
    ProductUnpublished,
    SkuAvailabilityChanged,
)
from models.products.types import AttributeValue, Code, Options, Publication
from models.shared import Frozen, Instant, Money
from models.shared.events import Event
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId


class ListedSku(Frozen):
    """A SKU as it is offered. Without a price it cannot be sold."""

    sku_id: SkuId
    code: Code
    options: Options
    barcode: str | None
    listed: bool
    price: Money | None
    price_since: Instant | None


class ListedProduct(Frozen):
    """A product with the names of all it belongs to, as it is at one moment."""

    spu_id: SpuId
    version: int
    title: str
    description: str
    merchant_id: MerchantId
    merchant_name: str
    brand_id: BrandId | None
    brand_name: str | None
    category_ids: tuple[CategoryId, ...]
    category_names: tuple[str, ...]
    attributes: dict[str, AttributeValue]
    image_url: str | None
    publication: Publication
    is_published: bool
    updated_at: Instant
    skus: tuple[ListedSku, ...]
    changes_at: Instant | None
    """When a price or the publication changes by itself next."""


class ToldPrice(Frozen):
    """A price as it was told."""

    minor: int
    currency: str
    since: Instant


class Told(Frozen):
    """What others know of a product."""

    version: int = 0
    is_published: bool = False
    since: Instant | None = None
    """When the publication that was told last began."""
    prices: dict[SkuId, ToldPrice] = Field(default_factory=dict)
    available: dict[SkuId, bool] = Field(default_factory=dict)


def to_be_told(product: ListedProduct, available: frozenset[SkuId]) -> Told:
    """What others should know of a product in which these SKUs can be bought."""
    window = product.publication
    return Told(
        version=product.version,
        is_published=product.is_published,
        since=window.since if product.is_published else None,
        prices={
            sku.sku_id: ToldPrice(minor=sku.price.minor, currency=sku.price.currency, since=sku.price_since)
            for sku in product.skus
            if sku.price is not None and sku.price_since is not None
        },
        available={sku.sku_id: sku.sku_id in available for sku in product.skus},
    )


def news(product: ListedProduct, before: Told, after: Told, now: datetime) -> tuple[Event, ...]:
    """What to tell somebody who knows `before`, in this order; nothing when nothing changed.

    Of several changes since then the last one counts: a price that came and went meanwhile is not told. The time of an event
    is that of the decision, where one is known; for stock it is `now`, when it was noticed.
    """
    spu_id = product.spu_id
    told: list[Event] = []
    if after.version != before.version:
        told.append(ProductChanged(occurred_at=product.updated_at, spu_id=spu_id, version=after.version))
    for sku_id, price in after.prices.items():
        known = before.prices.get(sku_id)
        if known is None or (known.minor, known.currency) != (price.minor, price.currency):
            money = Money(minor=price.minor, currency=price.currency)
            told.append(PriceChanged(occurred_at=price.since, spu_id=spu_id, sku_id=sku_id, price=money))
    told += [
        SkuAvailabilityChanged(occurred_at=now, spu_id=spu_id, sku_id=sku_id, available=can_be)
        for sku_id, can_be in after.available.items()
        if before.available.get(sku_id, False) != can_be
    ]
    if after.is_published and (not before.is_published or after.since != before.since):
        assert after.since is not None
        told.append(ProductPublished(occurred_at=after.since, spu_id=spu_id))
    elif before.is_published and not after.is_published:
        until = product.publication.until
        ended = until if until is not None and until <= now else product.updated_at
        told.append(ProductUnpublished(occurred_at=ended, spu_id=spu_id))
    return tuple(told)
