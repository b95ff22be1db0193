"""Who sees which order, and how much of it."""

from typing import Annotated

from api.edge.identity import operator
from api.wiring import Services
from models.orders.rules import without_personal_data
from models.orders.types import Order
from models.shared.ids import OrderId
from models.users.types import Identity, Permission

_SEE_ORDERS = frozenset({Permission.ORDERS, Permission.SERVICE, Permission.STOCK})
_SEE_PEOPLE = frozenset({Permission.ORDERS, Permission.SERVICE})

OrdersOperator = Annotated[Identity, operator("orders", "service", "stock")]
"""Someone who works with orders."""
ServiceOperator = Annotated[Identity, operator("orders", "service")]
"""Someone who talks to buyers about their orders."""


def works_with_orders(who: Identity) -> bool:
    """Whether this is an operator who may look at any order."""
    return bool(_SEE_ORDERS & who.permissions)


def as_seen_by(who: Identity, order: Order) -> Order:
    """The order, whole for its buyer and for who talks to buyers, without personal data for other operators."""
    if order.user_id == who.user_id or _SEE_PEOPLE & who.permissions:
        return order
    return without_personal_data(order)


async def visible_order(shop: Services, order_id: OrderId, who: Identity) -> Order:
    """The order as this person may see it. Another buyer's is `NotFound`, exactly like one that does not exist."""
    if works_with_orders(who):
        return as_seen_by(who, await shop.orders.order(order_id))
    return await shop.orders.order_of(order_id, who.user_id)
