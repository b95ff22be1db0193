"""What a payment is: one amount owed for one order, paid by one or more attempts on one or more channels."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.shared import Frozen, Instant, Money
from models.shared.ids import AttemptId, OrderId, PaymentId, RefundId, SkuId, UserId

MAX_OPEN_ATTEMPTS = 20
"""How many attempts of one payment may wait for the buyer at once; each is asked and closed at the end of the window."""


class PaymentState(StrEnum):
    """The life of a payment: `pending` while its window is open."""

    PENDING = "pending"
    PAID = "paid"
    """The kept captures sum to the amount."""
    CLOSED = "closed"
    """The window ended unpaid; whatever was or will be captured goes back."""


class AttemptState(StrEnum):
    """One try on one channel."""

    PENDING = "pending"
    CAPTURED = "captured"
    """Money came and is kept for the order."""
    SURPLUS = "surplus"
    """Money came that must go back whole: late, duplicate, or more than was left to pay."""
    CLOSED = "closed"


class RefundState(StrEnum):
    """Money on its way back."""

    HELD = "held"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    """The channel refused for good; the hold is released, an operator decides."""
    OTHER_MEANS = "other_means"
    """Paid back outside the channel, by an operator's word."""


class RefundReason(StrEnum):
    """Why money goes back."""

    ORDER_CANCELLED = "order_cancelled"
    LATE_PAYMENT = "late_payment"
    DUPLICATE_PAYMENT = "duplicate_payment"
    STOCK_COMMIT_FAILED = "stock_commit_failed"
    PARCEL_LOST = "parcel_lost"
    PARCEL_REFUSED = "parcel_refused"
    SHORT_PICK = "short_pick"
    """The warehouse did not find what belongs into the parcel."""
    GOODS_NEVER_CAME = "goods_never_came"
    """Bought ahead of stock, and an operator gave up waiting for it."""
    AFTERSALE = "aftersale"
    BY_OPERATOR = "by_operator"


class Payment(Frozen):
    """What is owed for an order."""

    payment_id: PaymentId
    order_id: OrderId
    user_id: UserId
    amount: Money
    state: PaymentState
    captured: Money
    """Kept captures."""
    refunded: Money
    held: Money
    """Refunds under way."""
    charged_back: Money
    """What channels took back of the kept captures: as good as gone, and never refunded."""
    due_at: Instant
    created_at: Instant
    settled_at: Instant | None = None


class Attempt(Frozen):
    """One try to pay, on one channel, for the whole or a part of what is owed."""

    attempt_id: AttemptId
    payment_id: PaymentId
    order_id: OrderId
    channel: str
    method: str
    amount: Money
    state: AttemptState
    channel_reference: str | None
    cashier_url: str | None
    channel_transaction: str | None = None
    captured_at: Instant | None = None
    surplus_reason: RefundReason | None = None
    """Why the capture goes back whole, when it does."""
    created_at: Instant


class RefundLeg(Frozen):
    """The part of a refund that goes back over one captured attempt; `leg_id` is the channel's idempotency key."""

    leg_id: RefundId
    attempt_id: AttemptId
    channel: str
    channel_reference: str
    amount: Money


class RefundLine(Frozen):
    """So many units of one SKU that this refund pays back, and puts back on the shelf if asked."""

    sku_id: SkuId
    quantity: Annotated[int, Field(ge=1, le=9_999)]


class Refund(Frozen):
    """Money on its way back to where it came from."""

    refund_id: RefundId
    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    reason: RefundReason
    state: RefundState
    legs: tuple[RefundLeg, ...]
    lines: tuple[RefundLine, ...] = ()
    actor: str
    created_at: Instant
    finished_at: Instant | None = None
    refusal: str | None = None


class Mismatch(Frozen):
    """A report that cannot be believed as it stands, kept for a person to judge. Nothing was booked for it."""

    attempt_id: AttemptId
    payment_id: PaymentId
    channel: str
    channel_transaction: str
    expected: Money
    reported: Money
    why: str
    """`amount`: not the attempt's amount or currency. `transaction`: the attempt or the transaction was booked otherwise."""
    event_id: str
    at: Instant


class CallbackVerdict(StrEnum):
    """What was thought of a callback when it came."""

    GENUINE = "genuine"
    SIGNATURE_INVALID = "signature_invalid"
    TIMESTAMP_STALE = "timestamp_stale"
    MALFORMED = "malformed"
    UNKNOWN_PAYMENT = "unknown_payment"


class KeptCallback(Frozen):
    """A callback as it came, kept whatever it was. `body` is cut at the store's limit; `size` is what came."""

    number: int
    addressed_to: str
    channel: str | None
    event_id: str | None
    verdict: CallbackVerdict
    headers: dict[str, str]
    body: bytes
    size: int
    received_at: Instant


class MoneyBreak(Frozen):
    """One break of invariant 2, with the rows that show it."""

    check: str
    payment_id: PaymentId | None
    order_id: OrderId | None
    detail: str
    facts: dict[str, str | int | None]


class PaymentBalance(Frozen):
    """What was kept for an order and not refunded, and how much of it is on its way back."""

    order_id: OrderId
    kept: Money
    going_back: Money
    charged_back: Money
    """How much of it a channel took back from the shop."""
    undecided: Money
    """How much of it was to go back and its channel refused: an operator decides (as much as refused refunds say)."""
