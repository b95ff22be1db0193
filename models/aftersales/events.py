"""What the shop tells about after-sales (R16)."""

from models.aftersales.types import AftersaleCase, AftersaleKind, AftersaleState
from models.shared import Instant, Money
from models.shared.events import Event
from models.shared.ids import AftersaleId, OrderId, RefundId, UserId


class AftersaleChanged(Event):
    """A case came to another state. `version` counts the changes of a case, so that a listener sees a gap."""

    type = "hanse.aftersales.aftersale_changed.v1"
    identity = ("aftersale_id", "version")
    ordered_by = "order_id"

    aftersale_id: AftersaleId
    order_id: OrderId
    user_id: UserId
    kind: AftersaleKind
    state: AftersaleState
    version: int
    refund_id: RefundId | None = None
    refunded: Money | None = None
    due_at: Instant | None = None
    """Until when the buyer may do what the case waits for; None where it waits for nobody or for others."""


def told(case: AftersaleCase) -> AftersaleChanged:
    """What is said about the state a case is in; made of the case alone."""
    shared = {"aftersale_id", "order_id", "user_id", "kind", "state", "version", "refund_id", "refunded", "due_at"}
    return AftersaleChanged(occurred_at=case.changed_at, **{name: getattr(case, name) for name in shared})
