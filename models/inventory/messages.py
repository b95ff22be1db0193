"""What workflows and the activities of inventory say to each other."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.inventory.transfers import Transfer
from models.inventory.types import Destination, LowStock, Note, OperationKey, SkuQuantity
from models.shared import Frozen, Instant
from models.shared.done import Done
from models.shared.ids import ClaimId, OrderId, TransferId, WarehouseId

Lines = Annotated[tuple[SkuQuantity, ...], Field(min_length=1, max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class ReserveStock(Frozen):
    """Hold all of `lines` for the order or nothing. Answered with a `Reservation`."""

    order_id: OrderId
    lines: Lines
    destination: Destination
    expires_at: Instant | None = None


class ReleaseStock(Frozen):
    """Give back what is held for the order, if anything. Answered with a `Reservation`."""

    order_id: OrderId


class CommitStock(Frozen):
    """The order is paid: what is held for it leaves the books. Answered with a `Reservation`."""

    order_id: OrderId


class TakeClaim(Frozen):
    """The goods of a claim leave the books for its parcel, if they are there. Answered with the `Claim` as it is then."""

    claim_id: ClaimId


class ReleaseClaims(Frozen):
    """Give up what the order bought ahead of stock and has not got yet, or one claim of it. Answered with `ClaimsReleased`."""

    order_id: OrderId
    claim_id: ClaimId | None = None


class Restock(Frozen):
    """Goods of a committed order came back. `key` names the return, such as its refund. Answered with `Restocked`."""

    order_id: OrderId
    key: OperationKey
    lines: Lines


def transfer_workflow_id(transfer_id: TransferId) -> str:
    """The workflow that is this transfer."""
    return f"transfer/{transfer_id}"


class TransferTerms(Frozen):
    """How long a transfer may wait before someone is reminded, and how often then."""

    leaves_within: timedelta = timedelta(days=2)
    arrives_within: timedelta = timedelta(days=5)
    reminder: timedelta = timedelta(days=1)


class OpenTransfer(Frozen):
    """Plan a transfer; nothing moves yet. Once per transfer id."""

    transfer_id: TransferId
    from_warehouse_id: WarehouseId
    to_warehouse_id: WarehouseId
    lines: Lines
    note: Note = ""
    actor: str
    at: Instant


class TransferInput(Frozen):
    """One transfer, from its plan on."""

    plan: OpenTransfer
    placement: Literal["inline", "queue"] = "inline"
    terms: TransferTerms = TransferTerms()


class TransferRef(Frozen):
    """Which transfer, for the undo of its steps."""

    transfer_id: TransferId
    actor: str = "saga"
    at: Instant


class DispatchTransfer(Frozen):
    """The goods leave: all that was planned."""

    actor: str = "temporal"


class ArriveTransfer(Frozen):
    """Goods arrived: these lines, or all that is on its way when none are named."""

    actor: str = "temporal"
    lines: Lines | None = None


class LoseTransfer(Frozen):
    """Goods will not come: these lines, or all that is on its way when none are named, are written off."""

    actor: str = "temporal"
    reason: Reason
    lines: Lines | None = None


class RecallTransfer(Frozen):
    """Call it off before the goods left, turn them round after."""

    actor: str = "temporal"
    reason: Reason


class BookTransfer(Frozen):
    """Book a part of what is on its way as arrived, or as lost where there is a `reason`. `part` names it, once."""

    transfer_id: TransferId
    part: OperationKey
    lines: Lines | None
    actor: str
    at: Instant
    reason: str = ""


class TurnTransfer(Frozen):
    """Turn the goods round: what is on its way arrives where it came from."""

    transfer_id: TransferId
    actor: str
    reason: str
    at: Instant


class TransferMoved(Done):
    """A transfer after a step, and the thresholds that the step crossed."""

    transfer: Transfer
    low_stock: tuple[LowStock, ...] = ()


class TellLowStock(Frozen):
    """Thresholds that an operator's change crossed: tell them, once for each change."""

    key: OperationKey
    crossings: Annotated[tuple[LowStock, ...], Field(min_length=1)]
    at: Instant


def low_stock_id(key: str) -> str:
    """The workflow that tells what the operation with this key crossed."""
    return f"stock-low/{key}"
