"""What buyers see of the catalogue; no log-in needed."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.products.schemas import ShownProduct
from models.products.errors import ProductUnknown
from models.products.types import Brand, Category, Merchant, PricePoint, ProductCard, ProductFilter
from models.shared.ids import SkuId, SpuId
from models.shared.refusals import InvalidRequest

router = APIRouter(prefix="/v1", tags=["products"])


class _Browsing(ProductFilter):
    """The filters, as query parameters beside those of paging."""

    limit: Limit = 20
    cursor: Cursor = None


@router.get("/products", summary="Browse products", responses=refusals(InvalidRequest))
async def list_products(asked: Annotated[_Browsing, Query()], shop: Wired) -> Page[ProductCard]:
    """Published products that have a price, newest first. Every filter that is given must hold; an unknown id finds nothing."""
    narrowed = ProductFilter(**asked.model_dump(exclude={"limit", "cursor"}))
    cards = await shop.products.browse(
        narrowed, shop.clock(), limit=asked.limit + 1, after=read_cursor(asked.cursor, SpuId)
    )
    return page(cards, asked.limit, lambda card: card.spu_id, lambda card: card)


@router.get("/products/{spu_id}", summary="A product with its SKUs", responses=refusals(ProductUnknown))
async def show_product(spu_id: SpuId, shop: Wired) -> ShownProduct:
    """A published product: pictures, attributes, and each SKU with its price in force and its live stock."""
    product = await shop.products.published(spu_id, shop.clock())
    sellable = await shop.inventory.sellable([sku.sku_id for sku in product.skus], shop.clock())
    return ShownProduct.of(product, sellable)


@router.get("/products/{spu_id}/skus/{sku_id}/prices", summary="Past prices", responses=refusals(ProductUnknown))
async def list_past_prices(spu_id: SpuId, sku_id: SkuId, shop: Wired) -> list[PricePoint]:
    """The prices a SKU of a published product has had, the one in force first; at most 100. Prices to come stay secret."""
    now = shop.clock()
    product = await shop.products.published(spu_id, now)
    if sku_id not in {sku.sku_id for sku in product.skus}:
        raise ProductUnknown(f"The product {spu_id} has no SKU {sku_id}.")
    past = await shop.products.price_history(sku_id, until=now)
    return [point.model_copy(update={"decided_by": "shop"}) for point in past]


@router.get("/categories", summary="The category tree")
async def list_categories(shop: Wired) -> list[Category]:
    """Every category: parents before their children, siblings in the order they are shown."""
    return await shop.taxonomy.categories()


@router.get("/brands", summary="Brands")
async def list_brands(shop: Wired) -> list[Brand]:
    """Every brand, by name."""
    return await shop.taxonomy.brands()


@router.get("/merchants", summary="Merchants")
async def list_merchants(shop: Wired) -> list[Merchant]:
    """Every merchant, by code."""
    return await shop.taxonomy.merchants()
