"""Looking at orders."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.edge.identity import CurrentUser
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.versions import set_etag
from api.edge.wired import Wired
from api.orders.schemas import BuyAgain, TimelineView
from api.orders.seeing import visible_order, works_with_orders
from models.orders.types import InvoiceData, LineRequest, Order, OrderFilter, OrderStatus
from models.shared.ids import OrderId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated

bare = APIRouter(tags=["orders"])
"""As R19 writes it."""
router = APIRouter(prefix="/v1/orders", tags=["orders"])
_ONE = (NotAuthenticated, NotFound)


@bare.get("/orders/{order_id}", summary="An order", responses=refusals(*_ONE))
async def show(order_id: OrderId, who: CurrentUser, response: Response, shop: Wired) -> Order:
    """An order of your own. Operators see any; personal data only with the permission `orders` or `service`."""
    order = await visible_order(shop, order_id, who)
    set_etag(response, order.version)
    return order


@router.get("", summary="Your orders", responses=refusals(NotAuthenticated, InvalidRequest))
async def list_own(
    who: CurrentUser,
    shop: Wired,
    status: OrderStatus | None = None,
    hidden: Annotated[bool, Query(description="The ones you have hidden, instead of the others.")] = False,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Order]:
    """The orders you placed, newest first, without those you have hidden."""
    narrowed = OrderFilter(status=status, hidden=hidden)
    after = read_cursor(cursor, OrderId)
    orders = await shop.orders.orders_of(who.user_id, narrowed, limit=limit + 1, after=after)
    return page(orders, limit, lambda order: order.order_id, lambda order: order)


@router.get("/{order_id}/timeline", summary="What happened to an order", responses=refusals(*_ONE))
async def timeline(order_id: OrderId, who: CurrentUser, shop: Wired) -> list[TimelineView]:
    """Each step, when and by whom, oldest first. Operators also get the run in Temporal that took it."""
    await visible_order(shop, order_id, who)
    entries = await shop.orders.timeline(order_id)
    if works_with_orders(who):
        return [TimelineView.for_operator(entry, shop.settings) for entry in entries]
    return [TimelineView.for_buyer(entry) for entry in entries]


@router.get("/{order_id}/buy-again", summary="The same once more", responses=refusals(*_ONE))
async def buy_again(order_id: OrderId, who: CurrentUser, shop: Wired) -> BuyAgain:
    """What of an order can still be bought, at today's price."""
    order = await shop.orders.order_of(order_id, who.user_id)
    sellable = await shop.products.sellable([line.sku_id for line in order.lines], shop.clock())
    sold = {sku_id for sku_id, sku in sellable.items() if sku.is_published}
    return BuyAgain(
        lines=tuple(
            LineRequest(sku_id=line.sku_id, quantity=line.quantity) for line in order.lines if line.sku_id in sold
        ),
        no_longer_sold=tuple(line.sku_id for line in order.lines if line.sku_id not in sold),
    )


@router.get("/{order_id}/invoice", summary="Invoice data", responses=refusals(*_ONE))
async def invoice(order_id: OrderId, who: CurrentUser, shop: Wired) -> InvoiceData | None:
    """To whom the invoice of your order is made out; null if you never said."""
    await shop.orders.order_of(order_id, who.user_id)
    return await shop.orders.invoice(order_id)
