"""Money that a channel takes back from the shop, because the buyer's bank or the channel decided so (拒付)."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.shared import Frozen, Instant, Money
from models.shared.ids import AttemptId, ChargebackId, OrderId, PaymentId

Reference = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), Field(examples=["CB-2291"])
]
"""The channel's number of the case; a case is booked once, whoever tells of it first."""


class BookChargeback(Frozen):
    """A channel took `amount` of one capture back."""

    chargeback_id: ChargebackId
    attempt_id: AttemptId
    reference: Reference
    amount: Money
    reason: str
    source: Literal["statement", "operator"]
    actor: str
    occurred_at: Instant


class Chargeback(Frozen):
    """A chargeback in the books. `covered` is the part that was kept and had not gone back: no refund can give it back any
    more. The rest of `amount` had gone back before, or is on its way: it is the shop's loss, until a refund that is refused
    leaves something to cover it."""

    chargeback_id: ChargebackId
    attempt_id: AttemptId
    payment_id: PaymentId
    order_id: OrderId
    channel: str
    reference: str
    amount: Money
    covered: Money
    reason: str
    source: Literal["statement", "operator"]
    actor: str
    occurred_at: Instant
    booked_at: Instant


def chargeback_told_id(chargeback_id: ChargebackId) -> str:
    """The workflow that tells of this chargeback."""
    return f"chargeback/{chargeback_id}"
