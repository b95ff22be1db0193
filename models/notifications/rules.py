"""Which events somebody is told of. One line a cause."""

from models.notifications.types import Audience, Cause, Template
from models.users.types import Permission

_USER = Audience(user_field="user_id")
_BUYER = Audience(order_field="order_id")


def _operators(permission: Permission) -> Audience:
    return Audience(permission=permission)


CAUSES: dict[str, Cause] = {
    "hanse.orders.order_created.v1": Cause(template=Template.ORDER_PLACED, audience=_USER),
    "hanse.orders.order_paid.v1": Cause(template=Template.ORDER_PAID, audience=_USER),
    "hanse.orders.order_cancelled.v1": Cause(template=Template.ORDER_CANCELLED, audience=_USER),
    "hanse.orders.order_completed.v1": Cause(template=Template.REVIEW_INVITATION, audience=_USER),
    "hanse.fulfillment.shipment_shipped.v1": Cause(template=Template.PARCEL_SHIPPED, audience=_BUYER),
    "hanse.fulfillment.shipment_signed.v1": Cause(template=Template.PARCEL_SIGNED, audience=_BUYER),
    "hanse.fulfillment.shipment_exception.v1": Cause(
        template=Template.PARCEL_TROUBLE, audience=_operators(Permission.SERVICE)
    ),
    "hanse.payments.payment_refunded.v1": Cause(template=Template.REFUNDED, audience=_BUYER),
    "hanse.payments.refund_refused.v1": Cause(
        template=Template.REFUND_REFUSED, audience=_operators(Permission.FINANCE)
    ),
    "hanse.payments.payment_charged_back.v1": Cause(
        template=Template.CHARGED_BACK, audience=_operators(Permission.FINANCE)
    ),
    "hanse.aftersales.aftersale_changed.v1": Cause(template=Template.AFTERSALE_CHANGED, audience=_USER),
    "hanse.reviews.review_rejected.v1": Cause(template=Template.REVIEW_REJECTED, audience=_USER),
    "hanse.reviews.review_replied.v1": Cause(template=Template.REVIEW_REPLIED, audience=_USER),
    "hanse.reviews.review_held.v1": Cause(template=Template.REVIEW_WAITS, audience=_operators(Permission.SERVICE)),
    "hanse.inventory.stock_low.v1": Cause(template=Template.STOCK_LOW, audience=_operators(Permission.STOCK)),
    "hanse.webhooks.endpoint_disabled.v1": Cause(
        template=Template.WEBHOOK_DISABLED, audience=_operators(Permission.OPS)
    ),
}
"""By type of event, as CloudEvents names it: a domain that is not there yet tells nothing and breaks nothing."""
