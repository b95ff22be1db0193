"""Whose payment it is: buyers see their own, operators of money and service see all, everyone else sees nothing."""

from api.wiring import Services
from models.payments.types import Payment
from models.shared.ids import OrderId, PaymentId
from models.shared.refusals import NotFound
from models.users.types import Identity, Permission

_SEES_ALL = {Permission.FINANCE, Permission.SERVICE}


async def payment_seen_by(who: Identity, payment_id: PaymentId, shop: Services) -> Payment:
    """The payment, if this caller may see it; `NotFound` in words that do not tell whether it exists."""
    missing = NotFound(f"There is no payment {payment_id}.")
    try:
        payment = await shop.payments.payment(payment_id)
    except NotFound:
        raise missing from None
    if payment.user_id != who.user_id and not _SEES_ALL & who.permissions:
        raise missing
    return payment


async def own_payment_for(who: Identity, order_id: OrderId, shop: Services) -> Payment:
    """The payment of the caller's own order; `NotFound` for another's as for none."""
    missing = NotFound(f"Order {order_id} has no payment.")
    try:
        payment = await shop.payments.payment_for_order(order_id)
    except NotFound:
        raise missing from None
    if payment.user_id != who.user_id:
        raise missing
    return payment
