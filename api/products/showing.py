"""What buyers see of the catalogue; no log-in needed. Answers are finished bytes of `shelf.py`, at most two seconds old."""

import hashlib
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute

from api.edge.paging import Page, Paged, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.showcase.at_hand import address_of
from api.showcase.shown import Shown, ShownPage
from hanse.caching import Loaded
from models.products.errors import ProductUnknown
from models.products.showing import ShownProduct
from models.products.types import Brand, Category, Merchant, PricePoint, ProductCard, ProductFilter
from models.shared.ids import SkuId, SpuId
from models.shared.refusals import InvalidRequest
from stores.products.copies import LIST


class ShelfRoute(APIRoute):
    """What was made here is at hand for the next who asks (`api/showcase/at_hand.py`), and is not sent to who has it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def made(request: Request) -> Response:
            services = request.app.state.services
            turn = services.shelf.turn
            answer = await handle(request)
            if not isinstance(answer, Shown):
                return answer
            if isinstance(answer, ShownPage):
                services.views.note(answer.spu_id)
            else:
                services.shelf.keep_near(address_of(request.scope), answer, turn)
            return answer.answer(request.headers.get("if-none-match"))

        return made


router = APIRouter(prefix="/v1", tags=["products"], route_class=ShelfRoute)


class _Browsing(Paged, ProductFilter):
    """The filters, as query parameters beside those of paging."""


@router.get(
    "/products", summary="Browse products", response_model=Page[ProductCard], responses=refusals(InvalidRequest)
)
async def list_products(asked: Annotated[_Browsing, Query()], shop: Wired) -> Response:
    """Published products that have a price, newest first. Every filter that is given must hold; an unknown id finds nothing."""
    after = read_cursor(asked.cursor, SpuId)
    key = f"{after or ''}:{asked.model_dump_json(exclude={'cursor'}, exclude_defaults=True)}"
    ident = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()

    async def load(_wanted: Collection[str]) -> Mapping[str, Loaded]:
        cards = await shop.products.browse(asked, shop.clock(), limit=asked.limit + 1, after=after)
        found: Page[ProductCard] = page(cards, asked.limit, lambda card: card.spu_id, lambda card: card)
        return {ident: Loaded(found.model_dump_json().encode())}

    return await shop.shelf.whole(LIST, ident, "/v1/products", load)


@router.get(
    "/products/{spu_id}",
    summary="A product with its SKUs",
    response_model=ShownProduct,
    responses=refusals(ProductUnknown),
)
async def show_product(spu_id: SpuId, shop: Wired) -> Response:
    """A published product: pictures, attributes, and each SKU with its price in force and its live stock (at most two seconds
    old; an order is judged by the stock itself)."""
    return await shop.shelf.product(spu_id)


@router.get("/products/{spu_id}/skus/{sku_id}/prices", summary="Past prices", responses=refusals(ProductUnknown))
async def list_past_prices(spu_id: SpuId, sku_id: SkuId, shop: Wired) -> list[PricePoint]:
    """The prices a SKU of a published product has had, the one in force first; at most 100. Prices to come stay secret."""
    now = shop.clock()
    product = await shop.products.published(spu_id, now)
    if sku_id not in {sku.sku_id for sku in product.skus}:
        raise ProductUnknown(f"The product {spu_id} has no SKU {sku_id}.")
    past = await shop.products.price_history(sku_id, until=now)
    return [point.model_copy(update={"decided_by": "shop"}) for point in past]


@router.get("/categories", summary="The category tree", response_model=list[Category])
async def list_categories(shop: Wired) -> Response:
    """Every category: parents before their children, siblings in the order they are shown."""
    return await shop.shelf.categories()


@router.get("/brands", summary="Brands", response_model=list[Brand])
async def list_brands(shop: Wired) -> Response:
    """Every brand, by name."""
    return await shop.shelf.brands()


@router.get("/merchants", summary="Merchants", response_model=list[Merchant])
async def list_merchants(shop: Wired) -> Response:
    """Every merchant, by code."""
    return await shop.shelf.merchants()
