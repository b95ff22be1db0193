"""What the shop tells about points."""

from models.points.types import EntryKind, PointsEntry
from models.shared.events import Event
from models.shared.ids import OrderId, PointsEntryId, RefundId, UserId


class PointsChanged(Event):
    """A buyer's points became more or fewer. `balance` is that after it, so whoever has heard the newest knows it."""

    type = "hanse.points.points_changed.v1"
    identity = ("entry_id",)
    ordered_by = "user_id"

    entry_id: PointsEntryId
    user_id: UserId
    kind: EntryKind
    delta: int
    balance: int
    order_id: OrderId | None = None
    refund_id: RefundId | None = None


def told(entries: tuple[PointsEntry, ...]) -> tuple[PointsChanged, ...]:
    """What is said about these lines of the ledger: one event for each that changed the balance."""
    return tuple(
        PointsChanged(
            occurred_at=entry.at,
            **entry.model_dump(include={"entry_id", "user_id", "kind", "delta", "balance", "order_id", "refund_id"}),
        )
        for entry in entries
        if entry.delta
    )
