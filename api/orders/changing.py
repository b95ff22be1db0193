"""What a buyer changes about an order that stands. What moves stock or money is in `api/checkout.py`."""

from fastapi import APIRouter

from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.sagas import answer_of
from api.edge.wired import Wired
from api.orders.schemas import AddressChoice, HiddenRequest
from api.wiring import Services
from models.fulfillment.messages import fulfillment_id
from models.fulfillment.types import ExceptionKind, ShipmentStatus
from models.orders.errors import OrderAlreadyShipped, OrderNotOpen
from models.orders.messages import ChangeAddress
from models.orders.types import DeliveryAddress, InvoiceData, Order
from models.shared.ids import AddressId, OrderId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated
from models.users.types import PostalAddress
from workflows.fulfillment import Fulfillment

router = APIRouter(prefix="/v1/orders", tags=["orders"])
_ONE = (NotAuthenticated, NotFound)


@router.put("/{order_id}/hidden", summary="Hide an order", responses=refusals(*_ONE))
async def hide(order_id: OrderId, ask: HiddenRequest, who: CurrentUser, shop: Wired) -> Order:
    """Leave an order out of your list, or show it there again. It stays where it is for everyone else."""
    await shop.orders.order_of(order_id, who.user_id)
    return await shop.orders.hide(order_id, hidden=ask.hidden, actor="buyer", now=shop.clock())


@router.put("/{order_id}/invoice", status_code=204, summary="Set invoice data", responses=refusals(*_ONE))
async def set_invoice(order_id: OrderId, ask: InvoiceData, who: CurrentUser, shop: Wired) -> None:
    """To whom the invoice of your order is made out."""
    await shop.orders.order_of(order_id, who.user_id)
    await shop.orders.set_invoice(order_id, ask, "buyer", shop.clock())


@router.put(
    "/{order_id}/address",
    summary="Send it elsewhere",
    responses=refusals(*_ONE, OrderAlreadyShipped, OrderNotOpen),
)
async def change_address(order_id: OrderId, ask: AddressChoice, who: CurrentUser, shop: Wired) -> Order:
    """To another address of your book, until the first parcel leaves, or while a parcel waits because of its address."""
    await shop.orders.order_of(order_id, who.user_id)
    entry = await shop.users.addresses.get(who.user_id, ask.address_id)
    return await send_elsewhere(shop, order_id, entry.postal, ask.address_id, "buyer")


async def send_elsewhere(
    shop: Services, order_id: OrderId, postal: PostalAddress, address_id: AddressId | None, actor: str
) -> Order:
    """Change the order's address, and tell the parcels that wait for one. Repeating it tells them again."""
    order = await shop.orders.change_address(
        ChangeAddress(
            order_id=order_id,
            address_id=address_id,
            address=DeliveryAddress(**postal.model_dump()),
            actor=actor,
            at=shop.clock(),
        )
    )
    for parcel in await shop.fulfillment.shipments_of(order_id):
        if parcel.status is ShipmentStatus.EXCEPTION and parcel.exception is ExceptionKind.ADDRESS_ERROR:
            saga = shop.temporal.get_workflow_handle(fulfillment_id(parcel.shipment_id))
            await answer_of(saga.signal(Fulfillment.address_corrected))
    return order
