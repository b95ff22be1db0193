"""Makes documents for the search index out of two databases: the catalogue, and what inventory can sell."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.inventory.ahead import Availability
from models.products.telling import ListedProduct
from models.search.messages import MAX_PRODUCTS, Scope
from models.shared.ids import SkuId, SpuId
from models.shared.time import Clock
from search.documents import Gone, OfferPatch, ProductDocument, SkuDocument
from stores.inventory import InventoryStore
from stores.products import ListingStore

Sales = Callable[[Sequence[SpuId]], Awaitable[Mapping[SpuId, int]]]
"""Units sold in the last seven days, as the rankings count them; a product that is absent sold none."""


async def no_sales(_spu_ids: Sequence[SpuId]) -> Mapping[SpuId, int]:
    """Where nobody counts."""
    return {}


@dataclass(frozen=True)
class Reading:
    """Some products as they were at one moment, and what follows from that for index and listeners."""

    revision: int
    products: Mapping[SpuId, ListedProduct]
    available: frozenset[SkuId]
    """Of all their SKUs, those that a buyer could order."""
    documents: tuple[ProductDocument, ...]
    gone: tuple[Gone, ...]
    """Those that are not to be found, unknown ones among them."""

    @property
    def patches(self) -> tuple[OfferPatch, ...]:
        """The part of the documents that changes often."""
        return tuple(OfferPatch(spu_id=one.spu_id, revision=one.revision, skus=one.skus) for one in self.documents)

    @property
    def digests(self) -> dict[SpuId, str | None]:
        """By product, what tells one document from another; None for one that is not to be found. Unknown ids are left out."""
        found: dict[SpuId, str | None] = dict.fromkeys(sorted(self.products))
        return found | {one.spu_id: digest(one) for one in self.documents}


def digest(document: ProductDocument) -> str:
    """The same for two documents that say the same, whenever they were read and however well the product sells."""
    told = document.model_dump_json(exclude={"revision", "sales"})
    return hashlib.sha256(told.encode()).hexdigest()[:32]


class CatalogueReader:
    """Reads what the index should hold. A reading sees at least all that was committed before it began, in both databases."""

    def __init__(self, listing: ListingStore, inventory: InventoryStore, clock: Clock, sales: Sales = no_sales) -> None:
        self._listing = listing
        self._inventory = inventory
        self._clock = clock
        self._sales = sales

    async def read(self, spu_ids: Sequence[SpuId]) -> Reading:
        """These products now; at most `MAX_PRODUCTS`."""
        found = await self._listing.listing(spu_ids, self._clock())
        skus = [sku.sku_id for one in found.products.values() for sku in one.skus]
        sellable = await self._inventory.sellable(skus, self._clock())
        sales = await self._sales(spu_ids)
        available = frozenset(
            sku_id for sku_id, can in sellable.items() if can.availability is not Availability.SOLD_OUT
        )
        documents = tuple(
            document
            for one in found.products.values()
            if (document := _document(one, found.revision, available, sales)) is not None
        )
        shown = {document.spu_id for document in documents}
        gone = tuple(
            Gone(spu_id=spu_id, revision=found.revision) for spu_id in dict.fromkeys(spu_ids) if spu_id not in shown
        )
        return Reading(found.revision, found.products, available, documents, gone)

    async def pages(self, scope: Scope, after: str = "", size: int = MAX_PRODUCTS // 2) -> AsyncIterator[list[SpuId]]:
        """The products of a scope, those behind `after`, a page at a time in the order of their ids."""
        if scope.products:
            yield sorted(one for one in scope.products if one > after)
            return
        if scope.warehouse_id is not None:
            async for page in self._in_warehouse(scope, size):
                yield page
            return
        while page := await self._listing.page_of_scope(scope, after, size):
            yield page
            after = page[-1]

    async def _in_warehouse(self, scope: Scope, size: int) -> AsyncIterator[list[SpuId]]:
        """By the ids of SKUs, so a product may come twice and a page says nothing about where to go on: it starts over."""
        assert scope.warehouse_id is not None
        sku: SkuId | None = None
        while True:
            after = None if sku is None else (scope.warehouse_id, sku)
            levels = await self._inventory.levels(warehouse_id=scope.warehouse_id, after=after, limit=size)
            if not levels:
                return
            yield await self._listing.products_of([level.sku_id for level in levels])
            sku = levels[-1].sku_id

    async def products_of(self, sku_ids: Sequence[SkuId]) -> list[SpuId]:
        """The products that these SKUs belong to."""
        return await self._listing.products_of(sku_ids)

    async def page(self, after: str, limit: int) -> list[SpuId]:
        """The ids of all products, those behind `after`."""
        return await self._listing.page(after, limit)

    def now(self) -> datetime:
        """The shop's clock."""
        return self._clock()


def _document(
    one: ListedProduct, revision: int, available: frozenset[SkuId], sales: Mapping[SpuId, int]
) -> ProductDocument | None:
    skus = tuple(
        SkuDocument(
            sku_id=sku.sku_id,
            code=sku.code,
            barcode=sku.barcode,
            options=sku.options,
            price=sku.price,
            available=sku.sku_id in available,
        )
        for sku in one.skus
        if sku.listed and sku.price is not None
    )
    if not skus or not one.is_published or one.publication.since is None:
        return None
    return ProductDocument(
        **one.model_dump(
            include={
                *("spu_id", "title", "description", "merchant_id", "merchant_name", "brand_id", "brand_name"),
                *("category_ids", "category_names", "attributes", "image_url"),
            }
        ),
        revision=revision,
        skus=skus,
        published_at=one.publication.since,
        sales=sales.get(one.spu_id, 0),
    )
