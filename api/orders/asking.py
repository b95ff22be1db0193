"""How the process of an order, `checkout/{order_id}`, is begun and asked."""

import hashlib

from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.search_attributes import attributes
from api.edge.idempotency import Errand
from api.wiring import Services
from hanse.context import bind
from models.orders.errors import OrderNotOpen
from models.orders.messages import Basket, CheckoutInput, CheckoutTerms, Origin, checkout_id
from models.shared import Money
from models.shared.ids import OrderId, UserId
from models.users.types import Identity, Permission
from workflows.checkout import Checkout
from workflows.options import TaskQueue


def order_of(errand: Errand) -> OrderId:
    """The order this request makes: the same for every repetition of it."""
    order_id = OrderId.derive(errand.first_seen_at, errand.caller, errand.key)
    bind(order_id=order_id)
    return order_id


def update_id_of(verb: str, errand: Errand) -> str:
    """The same for every repetition of a request, so that its process hears it once."""
    return f"{verb}/{hashlib.sha256(f'{errand.caller} {errand.key}'.encode()).hexdigest()[:24]}"


def process_of(shop: Services, order_id: OrderId) -> WorkflowHandle[Checkout, object]:
    """The order's process, whether it runs or has ended."""
    return shop.temporal.get_workflow_handle_for(Checkout.run, checkout_id(order_id))


def starting(
    shop: Services,
    order_id: OrderId,
    user_id: UserId,
    basket: Basket | None,
    origin: Origin,
    total: Money | None = None,
) -> WithStartWorkflowOperation[Checkout, object]:
    """How the order's process begins if it does not run yet. `total` is what the buyer expects to pay."""
    settings = shop.settings
    terms = CheckoutTerms(
        placement=settings.placement,
        hold=settings.hold_period,
        payment_window=settings.payment_window,
        completion=settings.completion_period,
        aftersale_window=settings.aftersale_window,
    )
    shown: dict[str, str | int | list[str]] = {"OrderId": order_id, "UserId": user_id}
    shown |= {"OrderStatus": "pending_payment", "PaymentStatus": "unpaid"}
    shown["SkuIds"] = sorted({line.sku_id for line in basket.lines}) if basket else []
    if total is not None:
        shown["Amount"] = total.minor
    return WithStartWorkflowOperation(
        Checkout.run,
        CheckoutInput(order_id=order_id, user_id=user_id, terms=terms, origin=origin),
        id=checkout_id(order_id),
        task_queue=TaskQueue.CHECKOUT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=attributes(**shown),
        static_summary=f"Order {order_id}",
    )


async def over_for(shop: Services, order_id: OrderId, who: Identity) -> OrderNotOpen:
    """What to say when the process has ended; someone else's order is not found."""
    if Permission.ORDERS not in who.permissions:
        await shop.orders.order_of(order_id, who.user_id)
    return OrderNotOpen(f"Order {order_id} is over.")
