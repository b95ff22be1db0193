"""What `PaymentTimeout` and `Refund` are told and answer, and what the activities of `payments` are asked."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.orders.messages import Placement, SettlementKind
from models.payments.types import Payment, PaymentState, RefundLeg, RefundLine, RefundReason
from models.shared import Frozen, Instant, Money
from models.shared.done import Done
from models.shared.ids import AftersaleId, AttemptId, OrderId, PaymentId, RefundId, UserId


def payment_timeout_id(order_id: OrderId) -> str:
    """The workflow that owns the payment window of this order."""
    return f"payment-timeout/{order_id}"


def refund_workflow_id(refund_id: RefundId) -> str:
    """The workflow that is this refund."""
    return f"refund/{refund_id}"


def payment_of(order_id: OrderId) -> PaymentId:
    """An order has one payment; the two ids share their body, so a person sees that they belong together."""
    return PaymentId(f"{PaymentId.prefix}_{order_id.split('_')[1]}")


class PaymentTimeoutInput(Frozen):
    """The payment window of one order. `window_closed` marks a run that only handles money that came afterwards."""

    order_id: OrderId
    payment_id: PaymentId
    user_id: UserId
    due_at: Instant
    placement: Placement = "inline"
    window_closed: bool = False
    silence: timedelta = timedelta(minutes=15)
    """How long a channel is asked at the end of the window before the order goes on without its answer."""

    @classmethod
    def taking_up(cls, payment: Payment, placement: Placement) -> Self:
        """The window as whoever finds it not running starts it: to end it while the payment is open, else only to book."""
        return cls(
            order_id=payment.order_id,
            payment_id=payment.payment_id,
            user_id=payment.user_id,
            due_at=payment.due_at,
            placement=placement,
            window_closed=payment.state is not PaymentState.PENDING,
        )


class PaymentReport(Frozen):
    """A channel says that money came for an attempt: by a verified callback, by polling, when asked before closing, or by its
    statement."""

    attempt_id: AttemptId
    channel_transaction: str
    amount: Money
    paid_at: Instant
    event_id: str
    source: Literal["callback", "poll", "close", "supplement", "statement"]
    fee: Money | None = None
    """What the channel kept, where the report says so (a statement does); else it is reckoned by the channel's terms."""


class StopWaiting(Frozen):
    """`Checkout` no longer wants the payment: the buyer or an operator cancelled."""

    actor: str


class RequestStop(Frozen):
    """Tell `PaymentTimeout` that `Checkout` stops waiting."""

    order_id: OrderId
    actor: str


class OpenPayment(Frozen):
    """Open the payment of an order and its window. Idempotent by order id."""

    order_id: OrderId
    payment_id: PaymentId
    user_id: UserId
    amount: Money
    due_at: Instant
    at: Instant
    placement: Placement


class ChangeAmount(Frozen):
    """Ask another amount for the order. Idempotent by `key`, which names the wish."""

    order_id: OrderId
    key: str
    amount: Money
    at: Instant


class SettleReport(Frozen):
    """Book what a channel reported, and tell `Checkout` if that settles the payment."""

    order_id: OrderId
    report: PaymentReport
    at: Instant


class SettleResult(StrEnum):
    """What a reported capture turned out to be. Decided under the payment's row lock, once per channel transaction."""

    PAID = "paid"
    """Kept, and with it the payment is complete."""
    PART = "part"
    """Kept; more is owed."""
    SURPLUS = "surplus"
    """Not kept: the payment was complete or closed. A refund of the whole capture has been started."""
    MISMATCH = "mismatch"
    """Amount or currency is not the attempt's: not booked as paid, an alert was raised."""
    KNOWN = "known"
    """Booked before; nothing changed."""


class Settled(Done):
    """The result of booking one report."""

    result: SettleResult
    paid: bool = False
    """Whether the payment is complete, by this report or by an earlier one."""
    refund_id: RefundId | None = None
    still_open: tuple[AttemptId, ...] = ()
    """Other attempts that could still bring money, when this report completed the payment: close them at their channels."""


class OpenAttempts(Frozen):
    """The attempts that may still bring money."""

    attempt_ids: tuple[AttemptId, ...]


class AskChannel(Frozen):
    """Ask the channel about one attempt (and close it there, for `close_attempt`)."""

    attempt_id: AttemptId


class ChannelAnswer(Frozen):
    """The channel's word on an attempt; `report` is there when it was paid."""

    attempt_id: AttemptId
    state: Literal["pending", "paid", "closed", "unknown"]
    report: PaymentReport | None = None


class CloseWindow(Frozen):
    """End the window: a complete payment stays paid; otherwise it is closed and kept parts go back."""

    order_id: OrderId
    payment_id: PaymentId
    kind: SettlementKind
    at: Instant


class WindowClosed(Frozen):
    """How the window ended; `kind` is `paid` if the money was complete after all."""

    kind: SettlementKind
    refund_ids: tuple[RefundId, ...] = ()


class RefundInput(Frozen):
    """One refund. `amount` None means: all that is left, or with `by_lines` what was really paid for `lines`, less what the
    rest of the order no longer earns. `attempt_id` ties it to one surplus capture."""

    refund_id: RefundId
    order_id: OrderId
    payment_id: PaymentId
    user_id: UserId
    amount: Money | None
    reason: RefundReason
    actor: str
    attempt_id: AttemptId | None = None
    lines: Annotated[tuple[RefundLine, ...], Field(max_length=100)] = ()
    by_lines: bool = False
    shipping: bool = True
    """With `by_lines`: whether the shipping of these units goes back too."""
    at_most: Money | None = None
    """With `by_lines`: pay back no more than this, whatever the units would bring."""
    or_the_rest: bool = False
    """Pay back what is left when that is less: nobody gets nothing because an operator gave a part before."""
    aftersale_id: AftersaleId | None = None
    """The case that pays this, and is told how it ended."""
    restock: bool = False
    asked_for: bool = False
    """Someone waits to be told whether it is held, or why not; also when Temporal loses his asking."""
    note: Annotated[str, Field(max_length=500)] = ""
    placement: Placement = "inline"

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.by_lines and (self.amount is not None or not self.lines):
            raise ValueError("a refund by lines names the lines, and no amount")
        return self


class RefundHeld(Frozen):
    """The amount is held against what is still refundable, and this is how it goes back."""

    refund_id: RefundId
    amount: Money
    legs: tuple[RefundLeg, ...]


class RefundLegRef(Frozen):
    """One leg of one refund."""

    refund_id: RefundId
    leg_id: RefundId


class RefundLegState(StrEnum):
    """The channel's word on one leg."""

    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"


class RefundReport(Frozen):
    """The channel's word on a leg: its answer, a callback, or a poll."""

    leg_id: RefundId
    state: RefundLegState
    detail: str = ""


class BookRefund(Frozen):
    """All legs have gone back: book it."""

    refund_id: RefundId
    order_id: OrderId
    at: Instant


class ReleaseRefund(Frozen):
    """The channel refused for good: release the hold of what did not go back."""

    refund_id: RefundId
    at: Instant
    detail: str


class RefundByOtherMeans(Frozen):
    """An operator paid back outside the channel what a refused refund still owes: book it."""

    refund_id: RefundId
    actor: str
    at: Instant


class RefundDecision(StrEnum):
    """What an operator decides about a refund that the channel refused."""

    RETRY = "retry"
    OTHER_MEANS = "other_means"


class DecideRefund(Frozen):
    """An operator's decision, with who decided."""

    decision: RefundDecision
    actor: str


class RefundAnswer(Frozen):
    """What the one who asked for the refund is told at once."""

    refund_id: RefundId
    amount: Money
    state: str
