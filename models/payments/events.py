"""What the shop tells about money."""

from models.shared.events import Event
from models.shared.ids import ChargebackId, OrderId, PaymentId, RefundId
from models.shared.money import Money


class PaymentSucceeded(Event):
    """A channel captured the whole amount of a payment."""

    type = "hanse.payments.payment_succeeded.v1"
    identity = ("payment_id",)
    ordered_by = "order_id"

    order_id: OrderId
    payment_id: PaymentId
    channel: str
    amount: Money


class PaymentRefunded(Event):
    """Money went back to the original channel: the whole payment or a part of it."""

    type = "hanse.payments.payment_refunded.v1"
    identity = ("refund_id",)
    ordered_by = "order_id"

    order_id: OrderId
    payment_id: PaymentId
    refund_id: RefundId
    amount: Money
    reason: str
    """The refund's reason code, never text that a person wrote."""


class RefundRefused(Event):
    """The channel refused a refund for good; an operator decides how the money goes back."""

    type = "hanse.payments.refund_refused.v1"
    identity = ("refund_id",)
    ordered_by = "order_id"

    order_id: OrderId
    refund_id: RefundId
    amount: Money
    channel_code: str
    """What the channel answered, as its error code."""


class PaymentChargedBack(Event):
    """A channel took money back from the shop (拒付). Nothing happens to the order by itself: people decide."""

    type = "hanse.payments.payment_charged_back.v1"
    identity = ("chargeback_id",)
    ordered_by = "order_id"

    order_id: OrderId
    payment_id: PaymentId
    chargeback_id: ChargebackId
    channel: str
    amount: Money
    covered: Money
    """What kept money paid for; the rest is the shop's loss."""
