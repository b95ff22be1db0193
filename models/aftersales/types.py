"""What an after-sale is: one case about some units of one order."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from models.orders.types import LineRequest, Quantity
from models.shared import Frozen, Instant, Money
from models.shared.ids import AftersaleId, EvidenceId, OrderId, PaymentId, RefundId, ShipmentId, SkuId, UserId

MAX_EVIDENCE = 9
"""Pictures a case may have."""

Words = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)]
Because = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Evidence = Annotated[tuple[EvidenceId, ...], Field(max_length=MAX_EVIDENCE)]


class AftersaleKind(StrEnum):
    """What the buyer wants (R11.1 to R11.3)."""

    REFUND_ONLY = "refund_only"
    RETURN_REFUND = "return_refund"
    EXCHANGE = "exchange"


class AftersaleReason(StrEnum):
    """Why. Who pays the way back and whether shipping is paid back follows from it: `rules.shop_at_fault`."""

    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    MISSING_PARTS = "missing_parts"
    NOT_AS_DESCRIBED = "not_as_described"
    QUALITY = "quality"
    NO_LONGER_WANTED = "no_longer_wanted"
    OTHER = "other"


class AftersaleState(StrEnum):
    """The life of a case. Every allowed step stands in `rules.NEXT_STATE`."""

    APPLIED = "applied"
    AUDITING = "auditing"
    """An operator decides; so does an appeal against a rejection."""
    AWAITING_RETURN = "awaiting_return"
    """Approved; the buyer enters the waybill of the parcel, or books a pick-up."""
    RETURNING = "returning"
    RECEIVED = "received"
    """The goods are here; someone looks at them."""
    REPLACING = "replacing"
    SOLD_OUT = "sold_out"
    """There is no replacement; the buyer is offered the money instead."""
    REPLACEMENT_SENT = "replacement_sent"
    REFUNDING = "refunding"
    REFUND_REFUSED = "refund_refused"
    """The money is not there to go back (it went back otherwise); an operator decides."""
    REJECTED = "rejected"
    """The buyer may appeal, once, for a while."""
    REFUNDED = "refunded"
    EXCHANGED = "exchanged"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    """No waybill came in time."""
    CLOSED = "closed"
    """Rejected for good, or closed by an operator."""


class Verdict(StrEnum):
    """What an inspection says of one line."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class InspectedLine(Frozen):
    """What was found: of the units of a SKU that came back, `accepted` count; of those `resellable` go on the shelf."""

    sku_id: SkuId
    accepted: Annotated[int, Field(ge=0, le=9_999)]
    resellable: Annotated[int, Field(ge=0, le=9_999)] = 0
    note: Words = ""


class ReturnWaybill(Frozen):
    """How the goods come back."""

    carrier: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{2,40}$")]
    waybill: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{4,40}$")]


class AftersaleCase(Frozen):
    """A case as its database keeps it."""

    aftersale_id: AftersaleId
    order_id: OrderId
    user_id: UserId
    payment_id: PaymentId
    kind: AftersaleKind
    reason: AftersaleReason
    description: str
    state: AftersaleState
    lines: tuple[LineRequest, ...]
    """What the buyer applied for."""
    accepted: tuple[LineRequest, ...]
    """What goes back or is replaced: all of `lines` until an inspection says otherwise."""
    evidence: tuple[EvidenceId, ...] = ()
    proposed: Money
    """What was really paid for `accepted`, as it stood when that was last decided."""
    at_most: Money | None = None
    """An operator lowered the refund to this."""
    lowered_because: str = ""
    automatic: bool = False
    """Approved by rule."""
    escalated: bool = False
    """Waited too long for an operator."""
    appealed: bool = False
    decision: str = ""
    """The words of the last decision: why it was rejected, closed or refused."""
    return_waybill: ReturnWaybill | None = None
    inspection: tuple[InspectedLine, ...] = ()
    refund_id: RefundId | None = None
    refunded: Money | None = None
    shipment_id: ShipmentId | None = None
    """The replacement's parcel."""
    applied_at: Instant
    changed_at: Instant
    due_at: Instant | None = None
    """Until when the buyer may do what the case waits for."""
    version: int


class AftersaleStep(Frozen):
    """One thing that happened to a case."""

    at: Instant
    state: AftersaleState
    actor: str
    """`buyer`, `operator:<user id>`, `rule`, `saga`."""
    detail: str


class StoredEvidence(Frozen):
    """An uploaded picture, re-encoded; bytes are read under its id by its owner and by operators of service."""

    evidence_id: EvidenceId
    user_id: UserId
    aftersale_id: AftersaleId | None = None
    name: str
    small_name: str
    width: int
    height: int
    uploaded_at: Instant


class AftersaleSearch(Frozen):
    """Which cases an operator looks for; every part that is given must hold."""

    state: AftersaleState | None = None
    kind: AftersaleKind | None = None
    order_id: OrderId | None = None
    user_id: UserId | None = None
    escalated: bool | None = None


class BuyerHistory(Frozen):
    """What the automatic rule looks at: the buyer's cases of the last 90 days, this one not counted."""

    cases: int = 0
    rejected: int = 0
    refunded_minor: int = 0
    """In the currency of the case."""


class AutomaticTerms(Frozen):
    """When a case needs no operator. A limit of 0 sends every case to one."""

    most_minor: Annotated[int, Field(ge=0)] = 10_000
    """What a refund without return may bring at most."""
    reasons: tuple[AftersaleReason, ...] = (
        AftersaleReason.DAMAGED,
        AftersaleReason.WRONG_ITEM,
        AftersaleReason.MISSING_PARTS,
        AftersaleReason.NOT_AS_DESCRIBED,
        AftersaleReason.QUALITY,
    )
    """Reasons for which a refund without return is approved by itself, with a picture."""
    most_cases: Annotated[int, Field(ge=0)] = 3
    """How many cases the buyer may have had in 90 days."""
    returns: bool = True
    """Whether returns and exchanges are approved by themselves: nothing is paid before the goods were looked at."""


class Judged(Frozen):
    """The rule's word, in a sentence that operators read."""

    approved: bool
    why: str


class ClaimableLine(Frozen):
    """How many units of a SKU a new case may speak of."""

    sku_id: SkuId
    bought: Quantity
    arrived: int
    left: int


class Claimable(Frozen):
    """What a buyer may apply for."""

    order_id: OrderId
    open_until: Instant | None
    """None while the order is not completed: then everything that was signed for."""
    lines: tuple[ClaimableLine, ...]


class AftersaleBreak(Frozen):
    """Something about a case that must never be."""

    aftersale_id: AftersaleId
    kind: str
    detail: str
