"""What the sandbox remembers, as values."""

from datetime import datetime
from typing import Literal

from channels.payment.sandbox.wire import Method, PaymentStatus, RefundStatus
from models.shared import Frozen, Money
from models.shared.ids import AttemptId, RefundId

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
