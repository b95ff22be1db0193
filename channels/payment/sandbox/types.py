"""What the sandbox remembers, as values, and the ways it says no."""

from datetime import datetime
from typing import Literal

from channels.payment.sandbox.wire import EventKind, Method, PaymentStatus, RefundStatus
from models.shared import Frozen, Money
from models.shared.ids import AttemptId, RefundId

Disguise = Literal["genuine", "forged", "stale"]
"""How the first try of a delivery is signed; later tries are always genuine."""
DeliveryState = Literal["waiting", "delivered", "gave_up", "lost"]
ClosedBecause = Literal["merchant", "expired", "declined"]


class Payment(Frozen):
    """A payment at the provider. `number` counts payments from 1; a late one was paid after it had been closed."""

    number: int
    reference: str
    attempt: AttemptId
    method: Method
    amount: Money
    description: str
    notify_url: str
    return_url: str
    language: Literal["en", "zh"]
    metadata: dict[str, str]
    status: PaymentStatus
    transaction_id: str | None
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    closed_at: datetime | None
    closed_because: ClosedBecause | None
    late: bool


class Refund(Frozen):
    """A refund at the provider; it settles at `due_at`, as `refusal` says if that is set."""

    refund: RefundId
    reference: str
    transaction_id: str
    amount: Money
    reason: str
    notify_url: str
    status: RefundStatus
    refusal: str | None
    created_at: datetime
    due_at: datetime
    settled_at: datetime | None


class NewDelivery(Frozen):
    """A callback to be sent. Doubled callbacks are several deliveries of one event."""

    event_id: str
    kind: EventKind
    reference: str
    url: str
    body: str
    send_at: datetime
    state: DeliveryState = "waiting"
    disguise: Disguise = "genuine"
    stale_seconds: float = 0
    once: bool = False
    """Give up after the first try, whatever the answer."""
    after_refund: bool = False
    """Held back until a refund of the same payment was reported, at the latest until `send_at`."""


class Delivery(NewDelivery):
    """A callback on its way or past it."""

    number: int
    tries: int
    last_answer: str | None


class ProviderRefusal(Exception):
    """The provider says no: an HTTP status, a stable code and a sentence for the merchant."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
