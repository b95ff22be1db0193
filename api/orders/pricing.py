"""Another price for an order that waits for its payment: its saga changes order and payment alike."""

from typing import Annotated

from pydantic import StringConstraints

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import operator
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.sagas import ask_running
from api.edge.versions import ExpectedVersion, IfMatchMissing
from api.edge.wired import Wired
from api.orders.asking import process_of, update_id_of
from api.spoken import Spoken
from models.orders.errors import OrderNotOpen, PriceNotAdjustable
from models.orders.messages import AdjustPrice, OrderRef
from models.orders.types import Order
from models.shared import Money
from models.shared.ids import OrderId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity
from workflows.checkout import Checkout

router = idempotent_router(prefix="/v1/operators/orders", tags=["operators"])
_EDIT = (NotAuthenticated, PermissionMissing, NotFound, IfMatchMissing, StaleVersion, InvalidRequest)


class PriceRequest(Spoken):
    """What the order shall cost instead, and why; the buyer sees both."""

    new_total: Money
    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


@router.post(
    "/{order_id}/price",
    summary="Change the price of an order",
    responses=refusals(*_EDIT, PriceNotAdjustable, OrderNotOpen, ServiceBusy),
)
async def adjust_price(
    order_id: OrderId,
    ask: PriceRequest,
    version: ExpectedVersion,
    who: Annotated[Identity, operator("orders")],
    errand: Once,
    shop: Wired,
    trail: Audit,
) -> Order:
    """Before it is paid: any total above nothing and up to what was quoted. Attempts of the buyer that stand open are closed first;
    once money came, or may still come at the old price, it stays."""
    await shop.orders.version_of(order_id)
    update_id = update_id_of("adjust_price", errand)
    wish = AdjustPrice(
        order_id=order_id,
        key=update_id,
        new_total=ask.new_total,
        actor=f"operator:{who.user_id}",
        why=ask.why,
        version=version,
        at=errand.first_seen_at,
    )
    over = OrderNotOpen(f"Order {order_id} is over.")
    async with trail.action(who, "orders.adjust_price", order_id, new_total=str(ask.new_total)):
        adjusted: OrderRef = await ask_running(process_of(shop, order_id), Checkout.adjust_price, wish, update_id, over)
    return await shop.orders.order(adjusted.order_id)
