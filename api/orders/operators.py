"""Orders as operators find and annotate them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.edge.audit import Audit
from api.edge.paging import Page, Paged, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.orders.changing import send_elsewhere
from api.orders.schemas import NoteRequest
from api.orders.seeing import OrdersOperator, ServiceOperator, as_seen_by
from models.orders.errors import OrderAlreadyShipped, OrderNotOpen
from models.orders.types import InvoiceData, Order, OrderNote, OrderSearch
from models.shared.ids import OrderId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import PostalAddress

router = APIRouter(prefix="/v1/operators/orders", tags=["operators"])
_READ = (NotAuthenticated, PermissionMissing)


class _Looking(Paged, OrderSearch):
    """The filters, as query parameters beside those of paging."""


@router.get("", summary="Find orders", responses=refusals(*_READ, InvalidRequest))
async def search(asked: Annotated[_Looking, Query()], who: OrdersOperator, shop: Wired) -> Page[Order]:
    """By id, buyer, status, merchant, time and words of the titles; newest first. Personal data takes `orders` or `service`."""
    orders = await shop.orders.search(asked, limit=asked.limit + 1, after=read_cursor(asked.cursor, OrderId))
    return page(orders, asked.limit, lambda order: order.order_id, lambda order: as_seen_by(who, order))


@router.get("/{order_id}/notes", summary="Notes about an order", responses=refusals(*_READ, NotFound))
async def list_notes(order_id: OrderId, _who: OrdersOperator, shop: Wired) -> list[OrderNote]:
    """What operators wrote down, oldest first. Buyers never see it."""
    await shop.orders.version_of(order_id)
    return await shop.orders.notes(order_id)


@router.post("/{order_id}/notes", status_code=201, summary="Write a note", responses=refusals(*_READ, NotFound))
async def add_note(order_id: OrderId, ask: NoteRequest, who: OrdersOperator, shop: Wired, trail: Audit) -> OrderNote:
    """For your colleagues; it cannot be changed afterwards."""
    async with trail.action(who, "orders.add_note", order_id):
        return await shop.orders.add_note(order_id, who.user_id, ask.text, shop.clock())


@router.get("/{order_id}/invoice", summary="Invoice data of an order", responses=refusals(*_READ, NotFound))
async def show_invoice(order_id: OrderId, _who: ServiceOperator, shop: Wired) -> InvoiceData | None:
    """To whom the invoice is to be made out; null if the buyer never said."""
    await shop.orders.version_of(order_id)
    return await shop.orders.invoice(order_id)


@router.put(
    "/{order_id}/address",
    summary="Correct the address of an order",
    responses=refusals(*_READ, NotFound, OrderAlreadyShipped, OrderNotOpen),
)
async def correct_address(
    order_id: OrderId, ask: PostalAddress, who: ServiceOperator, shop: Wired, trail: Audit
) -> Order:
    """As the buyer told you: until the first parcel leaves, or while a parcel waits because of its address."""
    async with trail.action(who, "orders.correct_address", order_id):
        return await send_elsewhere(shop, order_id, ask, None, f"operator:{who.user_id}")
