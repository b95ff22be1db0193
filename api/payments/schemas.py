"""What goes over the wire about money."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints

from api.spoken import Spoken
from channels.payment.contract import ChannelTerms, Language
from models.payments.chargebacks import Reference
from models.payments.ledger import Account
from models.payments.messages import RefundDecision
from models.payments.rules import left_to_pay
from models.payments.types import Attempt, AttemptState, Payment, PaymentState, RefundLine, RefundReason
from models.shared import Instant, Money
from models.shared.ids import AttemptId, OrderId, PaymentId

_Name = Annotated[str, Field(min_length=1, max_length=40)]


def _positive(amount: Money) -> Money:
    if amount.minor <= 0:
        raise ValueError("the amount must be more than nothing")
    return amount


PositiveMoney = Annotated[Money, AfterValidator(_positive)]


class PayRequest(Spoken):
    """A try to pay. Without `amount` it is for all that is left to pay; with it, a part (a voucher first, the card after)."""

    order_id: OrderId
    channel: _Name
    method: _Name | None = None
    amount: Money | None = None
    instalments: Annotated[int, Field(ge=1, le=48)] = 1
    language: Language = "en"
    return_path: Annotated[str, Field(pattern=r"^/([^/\\\s][^\\\s]*)?$", max_length=300)] = "/"
    """Where the buyer's browser goes afterwards, on this shop's own address."""
    payer_id: Annotated[str, Field(pattern=r"^[\w-]{1,128}$")] | None = None
    """Who pays, as the channel knows them: inside WeChat, the openid."""


class AttemptView(Spoken):
    """A try to pay; while it is `pending` the buyer pays at `cashier_url`."""

    attempt_id: AttemptId
    payment_id: PaymentId
    order_id: OrderId
    channel: str
    method: str
    amount: Money
    state: AttemptState
    cashier_url: str | None
    captured_at: Instant | None
    created_at: Instant

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        """The view of an attempt."""
        return cls.model_validate({name: getattr(attempt, name) for name in cls.model_fields})


class PaymentView(Spoken):
    """What is owed for an order, and every try to pay it. `left` is still to be paid."""

    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    left: Money
    captured: Money
    refunded: Money
    held: Money
    charged_back: Money
    """What the channel took back from the shop; it can no longer be refunded."""
    state: PaymentState
    due_at: Instant
    settled_at: Instant | None
    attempts: tuple[AttemptView, ...]

    @classmethod
    def of(cls, payment: Payment, attempts: tuple[Attempt, ...]) -> Self:
        """The view of a payment with its attempts."""
        same = {name: getattr(payment, name) for name in cls.model_fields if name not in ("left", "attempts")}
        return cls(**same, left=left_to_pay(payment), attempts=tuple(map(AttemptView.of, attempts)))


class ChannelView(Spoken):
    """A channel as the cashier shows it. Limits are minor units, inclusive; `fee` is what the shop pays for the rest."""

    name: str
    display_names: dict[Language, str]
    min_minor: int
    max_minor: int
    fee: Money
    takes_rest: bool
    """Whether all that is left can be paid here in one go."""
    needs_payer_id: bool
    """Whether `payer_id` must be sent along: only a page inside WeChat knows it."""

    @classmethod
    def of(cls, terms: ChannelTerms, rest: Money) -> Self:
        """The view of a channel for someone who still owes `rest`."""
        return cls(
            name=terms.name,
            display_names=terms.display_names,
            min_minor=terms.min_minor,
            max_minor=terms.max_minor,
            fee=terms.fee.on(rest),
            takes_rest=terms.accepts(rest),
            needs_payer_id="payer_id" in terms.needs,
        )


class Received(Spoken):
    """A callback has been understood and is safe here; a repeat gets the same answer."""

    received: Literal[True] = True


class RefundRequest(Spoken):
    """Give money back. Without `amount`: what was really paid for `lines`, or with no lines all that is left.
    `attempt_id` names one surplus capture."""

    amount: Money | None = None
    reason: RefundReason = RefundReason.BY_OPERATOR
    attempt_id: AttemptId | None = None
    lines: Annotated[tuple[RefundLine, ...], Field(max_length=100)] = ()
    shipping: bool = True
    """Whether the shipping of `lines` goes back too."""
    restock: bool = False
    note: Annotated[str, Field(max_length=500)] = ""


class RefundDecisionRequest(Spoken):
    """What to do about a refund that its channel refused for good."""

    decision: RefundDecision


_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class ChargebackRequest(Spoken):
    """A channel took money back of one capture; `occurred_at` is when, now if it is left out."""

    attempt_id: AttemptId
    amount: Money
    reference: Reference
    reason: _Reason
    occurred_at: Instant | None = None


class AdjustmentRequest(Spoken):
    """Move `amount` from the account `credit` to the account `debit`."""

    debit: Account
    credit: Account
    amount: PositiveMoney
    reason: _Reason


class ReconcileRequest(Spoken):
    """Hold our books against the channel's statement of that day, in the channel's own calendar."""

    channel: _Name
    day: Annotated[date, Field(ge=date(2000, 1, 1))]


class ReconciliationStarted(Spoken):
    """It is under way; its report appears in the list. `workflow_id` names the process."""

    channel: str
    day: date
    workflow_id: str
