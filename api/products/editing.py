"""Operators change products, SKUs, prices and publication.

Every edit names in If-Match the product's version it was decided on, and answers with the product as it is now. It is made
within `followed`: the search index and the listeners on Kafka follow, whatever dies right after.
"""

import secrets
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.followed import AnnouncedEdit, followed
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.versions import ExpectedVersion, IfMatchMissing, set_etag
from api.edge.wired import Wired
from api.products.schemas import MediaRequest, NewProduct, NewSku, PriceRequest, ProductRequest, SkuRequest, WhenRequest
from api.wiring import Services
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
from models.products.types import Edited, PricePoint, Product, ProductDraft, SkuDraft
from models.search.messages import Scope
from models.shared import Money
from models.shared.ids import MerchantId, SkuId, SpuId
from models.shared.refusals import InvalidRequest, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"])
CatalogueOperator = Annotated[Identity, operator("catalogue")]
READ = (NotAuthenticated, PermissionMissing)
EDIT = (*READ, IfMatchMissing, StaleVersion, InvalidRequest, ServiceBusy)
_DRAFT = (AttributesInvalid, CategoryUnknown, BrandUnknown)


def _answer(edited: Edited, response: Response) -> Product:
    set_etag(response, edited.product.version)
    return edited.product


def _followed(shop: Services, spu_id: SpuId) -> AbstractAsyncContextManager[AnnouncedEdit]:
    return followed(shop, Scope(products=(spu_id,)))


def _when(at: datetime | None) -> str:
    return "now" if at is None else at.isoformat()


@router.get("/products", summary="All products", responses=refusals(*READ, InvalidRequest))
async def list_all_products(
    _who: CatalogueOperator,
    shop: Wired,
    merchant_id: MerchantId | None = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Product]:
    """Every product, published or not, newest first."""
    after = read_cursor(cursor, SpuId)
    found = await shop.products.page_of_products(shop.clock(), limit=limit + 1, after=after, merchant_id=merchant_id)
    return page(found, limit, lambda product: product.spu_id, lambda product: product)


@router.post(
    "/products",
    status_code=201,
    summary="Create a product",
    responses=refusals(*READ, MerchantUnknown, CodeTaken, ServiceBusy, *_DRAFT),
)
async def create_product(
    ask: NewProduct, who: CatalogueOperator, response: Response, shop: Wired, trail: Audit
) -> Product:
    """A new product, unpublished and without SKUs. The code is unique within its merchant, so a repeated request makes no second."""
    now = shop.clock()
    spu_id = SpuId.mint(now, secrets.token_bytes(10))
    draft = ProductDraft(**ask.model_dump(exclude={"merchant_id", "code"}))
    async with trail.action(who, "catalogue.create_product", spu_id, code=ask.code), _followed(shop, spu_id) as edit:
        return _answer(
            edit.did(await shop.catalogue.create_product(spu_id, ask.merchant_id, ask.code, draft, now)), response
        )


@router.get("/products/{spu_id}", summary="A product, published or not", responses=refusals(*READ, ProductUnknown))
async def show_any_product(spu_id: SpuId, _who: CatalogueOperator, response: Response, shop: Wired) -> Product:
    """The product as the shop keeps it; its ETag is what an edit of it, its SKUs or prices must name."""
    product = await shop.products.product(spu_id, shop.clock())
    set_etag(response, product.version)
    return product


@router.put("/products/{spu_id}", summary="Change a product", responses=refusals(*EDIT, ProductUnknown, *_DRAFT))
async def change_product(
    spu_id: SpuId,
    ask: ProductRequest,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Product:
    """Set title, description, category, brand and attributes, all of them."""
    async with trail.action(who, "catalogue.change_product", spu_id, title=ask.title), _followed(shop, spu_id) as edit:
        return _answer(edit.did(await shop.catalogue.change_product(spu_id, version, ask, shop.clock())), response)


@router.put(
    "/products/{spu_id}/media",
    summary="Set a product's pictures",
    responses=refusals(*EDIT, ProductUnknown, MediaUnknown),
)
async def set_media(
    spu_id: SpuId,
    ask: MediaRequest,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Product:
    """These pictures in this order; the first stands for the product in lists."""
    async with (
        trail.action(who, "catalogue.set_media", spu_id, media=list(ask.media_ids)),
        _followed(shop, spu_id) as edit,
    ):
        return _answer(edit.did(await shop.catalogue.set_media(spu_id, version, ask.media_ids, shop.clock())), response)


@router.put(
    "/products/{spu_id}/published",
    summary="Publish a product",
    responses=refusals(*EDIT, ProductUnknown, PublicationGap),
)
async def publish_product(
    spu_id: SpuId,
    ask: WhenRequest,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Product:
    """Show the product from now or from `at` on."""
    async with trail.action(who, "catalogue.publish", spu_id, at=_when(ask.at)), _followed(shop, spu_id) as edit:
        return _answer(edit.did(await shop.catalogue.publish(spu_id, version, shop.clock(), ask.at)), response)


@router.put("/products/{spu_id}/unpublished", summary="Unpublish a product", responses=refusals(*EDIT, ProductUnknown))
async def unpublish_product(
    spu_id: SpuId,
    ask: WhenRequest,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Product:
    """Hide the product from now or from `at` on; a publication that was still to come is called off."""
    async with trail.action(who, "catalogue.unpublish", spu_id, at=_when(ask.at)), _followed(shop, spu_id) as edit:
        return _answer(edit.did(await shop.catalogue.unpublish(spu_id, version, shop.clock(), ask.at)), response)


@router.post(
    "/products/{spu_id}/skus",
    status_code=201,
    summary="Add a SKU to a product",
    responses=refusals(*EDIT, ProductUnknown, CodeTaken, OptionsTaken, BarcodeInvalid, MediaUnknown),
)
async def create_sku(
    spu_id: SpuId,
    ask: NewSku,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Product:
    """A new SKU, without a price yet: set one, or nobody can buy it."""
    now = shop.clock()
    sku_id = SkuId.mint(now, secrets.token_bytes(10))
    draft = SkuDraft(**ask.model_dump(exclude={"code"}))
    async with (
        trail.action(who, "catalogue.create_sku", sku_id, spu_id=spu_id, code=ask.code),
        _followed(shop, spu_id) as edit,
    ):
        return _answer(
            edit.did(await shop.catalogue.create_sku(spu_id, version, sku_id, ask.code, draft, now)), response
        )


@router.put(
    "/skus/{sku_id}",
    summary="Change a SKU",
    responses=refusals(*EDIT, SkuUnknown, OptionsTaken, BarcodeInvalid, MediaUnknown),
)
async def change_sku(
    sku_id: SkuId,
    ask: SkuRequest,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Product:
    """Set options, barcode, weight, limit, picture and whether it is listed, all of them. If-Match is its product's version."""
    spu_id = await shop.products.product_of(sku_id)
    async with trail.action(who, "catalogue.change_sku", sku_id, listed=ask.listed), _followed(shop, spu_id) as edit:
        return _answer(edit.did(await shop.catalogue.change_sku(sku_id, version, ask, shop.clock())), response)


@router.put("/skus/{sku_id}/price", summary="Set or schedule a price", responses=refusals(*EDIT, SkuUnknown))
async def set_price(
    sku_id: SkuId,
    ask: PriceRequest,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Product:
    """A price from now or from `effective_at` on. To call off a scheduled price, set the old one for the same time."""
    price = Money(**ask.price.model_dump())
    spu_id = await shop.products.product_of(sku_id)
    async with (
        trail.action(who, "catalogue.set_price", sku_id, price=str(price), effective_at=_when(ask.effective_at)),
        _followed(shop, spu_id) as edit,
    ):
        edited = edit.did(
            await shop.catalogue.set_price(
                sku_id, version, price, decided_by=who.user_id, now=shop.clock(), effective_at=ask.effective_at
            )
        )
    return _answer(edited, response)


@router.get("/skus/{sku_id}/prices", summary="Prices of a SKU, past and to come", responses=refusals(*READ, SkuUnknown))
async def list_prices(sku_id: SkuId, _who: CatalogueOperator, shop: Wired) -> list[PricePoint]:
    """Every decision about the price, the furthest in the future first; at most 100."""
    await shop.products.product_of(sku_id)
    return await shop.products.price_history(sku_id)
