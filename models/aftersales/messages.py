"""What `Aftersale` is told and answers, and what the activities of after-sales are asked."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from models.aftersales.types import (
    AftersaleCase,
    AftersaleKind,
    AftersaleReason,
    AftersaleState,
    Because,
    Evidence,
    InspectedLine,
    ReturnWaybill,
    Words,
)
from models.orders.messages import Placement
from models.orders.types import LineRequest, ReturnProposal
from models.payments.types import RefundState
from models.shared import Frozen, Instant, Money
from models.shared.done import Done
from models.shared.ids import AftersaleId, OrderId, PaymentId, RefundId, ShipmentId, UserId

Lines = Annotated[tuple[LineRequest, ...], Field(min_length=1, max_length=100)]


def refund_of(aftersale_id: AftersaleId, round_no: int) -> RefundId:
    """The refund of a case; a new one each time an operator tries again."""
    return RefundId.derive(aftersale_id.minted_at, aftersale_id, f"refund {round_no}")


class AftersaleTerms(Frozen):
    """How long a case waits for what; read once at its start, so replay stays deterministic."""

    audit_reminder: timedelta = timedelta(hours=24)
    """How often an operator is reminded of a case."""
    audit_escalation: timedelta = timedelta(hours=72)
    """After which an undecided case is escalated."""
    return_within: timedelta = timedelta(days=7)
    """For the buyer to enter the return's waybill; then the case expires."""
    arrives_within: timedelta = timedelta(days=15)
    """After which someone looks for goods that do not come back."""
    inspection_reminder: timedelta = timedelta(hours=48)
    appeal_within: timedelta = timedelta(days=7)
    choice_within: timedelta = timedelta(days=7)
    """For the buyer to choose when a replacement is sold out; then the money goes back."""


class Application(Frozen):
    """What the buyer applies for."""

    aftersale_id: AftersaleId
    order_id: OrderId
    user_id: UserId
    kind: AftersaleKind
    reason: AftersaleReason
    description: Words = ""
    lines: Lines
    evidence: Evidence = ()
    at: Instant

    @model_validator(mode="after")
    def _each_line_once(self) -> Self:
        if len({line.sku_id for line in self.lines}) != len(self.lines):
            raise ValueError("name each SKU once")
        return self


class AftersaleInput(Frozen):
    """The start of a case."""

    application: Application
    terms: AftersaleTerms = AftersaleTerms()
    placement: Placement = "inline"


# ---- what a case can be told ---------------------------------------------------------------------------------------------


class Withdraw(Frozen):
    """The buyer no longer wants it."""

    actor: str = "buyer"


class Decide(Frozen):
    """An operator's word in the audit; `at_most` lowers the refund, which takes a reason, like a rejection."""

    approve: bool
    because: Words = ""
    at_most: Money | None = None
    actor: str

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.because and (not self.approve or self.at_most is not None):
            raise ValueError("a rejection and a lower refund take a reason")
        return self


class SendBack(Frozen):
    """The buyer has sent the goods, or had them picked up."""

    by: ReturnWaybill
    actor: str = "buyer"


class PickUp(Frozen):
    """A carrier shall fetch the goods at the order's address."""

    actor: str = "buyer"


class ReturnTrouble(Frozen):
    """The carrier lost or damaged what comes back."""

    what: str


class Receive(Frozen):
    """The goods have arrived."""

    actor: str


class Inspect(Frozen):
    """What was found in the parcel, line by line; a rejection of everything takes a reason."""

    lines: Annotated[tuple[InspectedLine, ...], Field(min_length=1, max_length=100)]
    because: Words = ""
    actor: str

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.because and not any(line.accepted for line in self.lines):
            raise ValueError("a rejection takes a reason")
        return self


class Lower(Frozen):
    """Pay back less, for a reason."""

    at_most: Money
    because: Because
    actor: str


class Appeal(Frozen):
    """The buyer does not accept the rejection."""

    because: Because
    actor: str = "buyer"


class Choose(Frozen):
    """The replacement is sold out: money instead, or look once more."""

    refund: bool
    actor: str


class Close(Frozen):
    """An operator ends the case without money."""

    because: Because
    actor: str


class TryRefund(Frozen):
    """An operator lets a refused refund be tried again."""

    actor: str


class RefundOutcome(Frozen):
    """What `Refund` tells the case at its end. `refusal` is why nothing was held."""

    refund_id: RefundId
    state: RefundState
    amount: Money | None = None
    refusal: str = ""


# ---- what activities are asked and answer --------------------------------------------------------------------------------


class TakeClaim(Frozen):
    """These units are spoken of by this case and by no other. Idempotent by the case's id."""

    aftersale_id: AftersaleId
    order_id: OrderId
    user_id: UserId
    lines: Lines
    shipping: bool
    """Whether their shipping would be paid back, for the proposal."""
    at: Instant


class Claimed(Frozen):
    """The units are taken; this is what they would bring."""

    payment_id: PaymentId
    proposal: ReturnProposal
    exchanged: tuple[AftersaleId, ...] = ()
    """Earlier cases that sent units of this order once more."""


class DropClaim(Frozen):
    """The case ended without money: its units are free again."""

    aftersale_id: AftersaleId
    order_id: OrderId


class NarrowClaim(Frozen):
    """The case is only about these units any more. Answered with what they bring."""

    aftersale_id: AftersaleId
    order_id: OrderId
    lines: Lines
    shipping: bool


class OpenCase(Frozen):
    """Write the case down, with its evidence, and judge it by rule."""

    application: Application
    payment_id: PaymentId
    proposed: Money


class CaseOpened(Done):
    """The case, and whether it needs no operator."""

    case: AftersaleCase
    approved: bool
    why: str


class AdvanceCase(Frozen):
    """Take the case from `version` to its next state; what else changes stands in `changes`. Repeating it changes nothing."""

    aftersale_id: AftersaleId
    version: int
    to: AftersaleState
    at: Instant
    actor: str
    detail: str = ""
    changes: "CaseChanges"


class CaseChanges(Frozen):
    """What a step writes besides the state; a field that is None stays as it is. `due_at` always becomes what is said."""

    accepted: tuple[LineRequest, ...] | None = None
    proposed: Money | None = None
    at_most: Money | None = None
    lowered_because: str | None = None
    automatic: bool | None = None
    escalated: bool | None = None
    appealed: bool | None = None
    decision: str | None = None
    return_waybill: ReturnWaybill | None = None
    inspection: tuple[InspectedLine, ...] | None = None
    refund_id: RefundId | None = None
    refunded: Money | None = None
    shipment_id: ShipmentId | None = None
    due_at: Instant | None = None

    @model_serializer(mode="wrap")
    def _only_what_is_said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A history keeps every step; what it does not change need not be in it."""
        return {name: value for name, value in handler(self).items() if value is not None}


AdvanceCase.model_rebuild()


class NoteWaybill(Frozen):
    """Bind a return's waybill to its case."""

    aftersale_id: AftersaleId
    by: ReturnWaybill


class ReportRefund(Frozen):
    """Tell a case what became of its refund."""

    aftersale_id: AftersaleId
    outcome: RefundOutcome
