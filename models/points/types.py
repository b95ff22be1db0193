"""What points are. A point is a whole number; what it is worth in money stands in `PointsTerms`."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.shared import Frozen, Instant
from models.shared.ids import OrderId, PointsEntryId, RefundId, UserId

Points = Annotated[int, Field(ge=0, le=1_000_000_000)]


class PointsTerms(Frozen):
    """How points are earned and spent."""

    earn_per_hundred: Annotated[int, Field(ge=0, le=10_000)] = 1
    """Points for every 100 minor units that were really paid (1 point for 1.00)."""
    worth_minor: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Minor units that one spent point takes off (100 points are 1.00)."""
    most_percent: Annotated[int, Field(ge=0, le=100)] = 50
    """How much of the goods, after all discounts, points may pay."""
    valid_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """How long earned points live."""


class EntryKind(StrEnum):
    """Why a balance changed."""

    EARNED = "earned"
    """A completed order."""
    SPENT = "spent"
    """Held by an order at checkout; gone from the balance at once."""
    RETURNED = "returned"
    """Spent points came back: the order was not paid, was cancelled, or a part was refunded."""
    CLAWED_BACK = "clawed_back"
    """Earned on goods that were refunded."""
    EXPIRED = "expired"
    ADJUSTED = "adjusted"
    """An operator's word."""


class PointsEntry(Frozen):
    """One line of the ledger; never changed. `balance` is that after it."""

    entry_id: PointsEntryId
    user_id: UserId
    kind: EntryKind
    delta: int
    balance: int
    order_id: OrderId | None = None
    refund_id: RefundId | None = None
    actor: str
    why: str = ""
    at: Instant


class PointsLot(Frozen):
    """Points that were earned together and expire together; spending takes from the lot that expires first."""

    earned: int
    left: int
    expires_at: Instant


class PointsAccount(Frozen):
    """A buyer's points: the balance is the sum of the ledger and of what is left in the lots."""

    user_id: UserId
    balance: int
    lots: tuple[PointsLot, ...] = ()


class PointsBreakKind(StrEnum):
    """What an audit of points can find."""

    BALANCE_UNEXPLAINED = "balance_unexplained"
    """The balance is not the sum of the ledger, or not what is left in lots, or negative."""
    ENTRY_OUT_OF_STEP = "entry_out_of_step"
    """A line of the ledger does not continue the one before."""
    LOT_OUT_OF_BOUNDS = "lot_out_of_bounds"
    SPEND_UNEXPLAINED = "spend_unexplained"
    """What an order spent and got back is not what the ledger, or its lots, say."""
    AWARD_UNEXPLAINED = "award_unexplained"
    """What an order earned and lost is not what the ledger, or its refunds, say."""


class PointsBreak(Frozen):
    """A promise that does not hold, and where to look."""

    kind: PointsBreakKind
    user_id: UserId | None
    order_id: OrderId | None
    detail: str
