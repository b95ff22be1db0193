"""What travels between the shop and the sandbox: JSON, money in minor units beside its currency."""

from typing import Annotated, Literal

from pydantic import Field

from models.shared import Frozen, Instant
from models.shared.ids import AttemptId, RefundId
from models.shared.money import Currency

Method = Literal["wallet", "card", "debit_card", "voucher", "boleto"]
PaymentStatus = Literal["pending", "paid", "closed"]
RefundStatus = Literal["processing", "succeeded", "refused"]
EventKind = Literal["payment_paid", "payment_closed", "refund_succeeded", "refund_refused"]
Operation = Literal["create", "query", "close", "refund", "query_refund", "statement"]

CURRENCIES = ("CNY", "BRL", "USD", "EUR")
MIN_MINOR = 1
MAX_MINOR = 100_000_000
FEE_BASIS_POINTS = 60
STATEMENT_COLUMNS = (
    "kind",
    "occurred_at",
    "transaction_id",
    "reference",
    "merchant_id",
    "method",
    "amount_minor",
    "currency",
    "lines",
)
"""Of the statement's CSV; `lines` is filled in the totals lines only: one per currency, saying how many lines it sums."""
STATEMENT_DIGEST_HEADER = "Sandbox-Content-SHA256"

HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s<>\"']+$", max_length=500)]
MinorAmount = Annotated[int, Field(strict=True)]


class CreateBody(Frozen):
    """`POST /v1/payments`; idempotent by `attempt_id`."""

    attempt_id: AttemptId
    method: Method
    amount_minor: MinorAmount
    currency: Currency
    description: Annotated[str, Field(min_length=1, max_length=200)]
    notify_url: HttpUrl
    return_url: HttpUrl
    expires_at: Instant
    language: Literal["en", "zh"] = "en"
    metadata: dict[str, Annotated[str, Field(max_length=300)]] = Field(default_factory=dict, max_length=20)
    """Kept and never read, except `faults`: what shall go wrong with this payment (see `faults.py`)."""


class PaymentAnswer(Frozen):
    """A payment as the merchant sees it."""

    reference: str
    attempt_id: AttemptId
    method: Method
    status: PaymentStatus
    amount_minor: int
    currency: Currency
    cashier_url: str
    transaction_id: str | None
    expires_at: Instant
    paid_at: Instant | None


class RefundBody(Frozen):
    """`POST /v1/refunds`; idempotent by `refund_id`."""

    refund_id: RefundId
    reference: str
    amount_minor: MinorAmount
    currency: Currency
    reason: Annotated[str, Field(max_length=80)]
    notify_url: HttpUrl


class RefundAnswer(Frozen):
    """A refund as the merchant sees it."""

    refund_id: RefundId
    reference: str
    status: RefundStatus
    amount_minor: int
    currency: Currency
    transaction_id: str
    refusal: str | None
    settled_at: Instant | None


class EventBody(Frozen):
    """The body of a callback. Amount and transaction id are the refund's when the kind is one of a refund."""

    event_id: str
    kind: EventKind
    reference: str
    attempt_id: AttemptId
    refund_id: RefundId | None
    amount_minor: int
    currency: Currency
    transaction_id: str | None
    reason: str | None
    occurred_at: Instant


class ErrorAnswer(Frozen):
    """Every answer with a status of 400 or more."""

    code: str
    message: str
