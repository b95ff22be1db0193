"""What the shop tells about promotions."""

from models.shared.events import Event
from models.shared.ids import CouponId, CouponTemplateId, OrderId, UserId


class CouponRedeemed(Event):
    """The order that held the coupon is paid: the coupon is spent."""

    type = "hanse.promotions.coupon_redeemed.v1"
    identity = ("coupon_id", "order_id")
    ordered_by = "coupon_id"

    coupon_id: CouponId
    template_id: CouponTemplateId
    order_id: OrderId
    user_id: UserId


class CouponReturned(Event):
    """A coupon that an order held or had spent lies in its owner's wallet again: the order was not paid, was cancelled, or
    was refunded whole. It may be over by now."""

    type = "hanse.promotions.coupon_returned.v1"
    identity = ("coupon_id", "order_id")
    ordered_by = "coupon_id"

    coupon_id: CouponId
    template_id: CouponTemplateId
    order_id: OrderId
    user_id: UserId
