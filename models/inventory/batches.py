"""Many changes of stock in one call, all or nothing: a delivery note, the result of a count."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.inventory.types import MAX_UNITS, Claim, LowStock, Note, StockLevel
from models.shared import Frozen
from models.shared.ids import SkuId, WarehouseId

MAX_LINES = 500
"""Lines of one batch, whose rows are locked together; the sale of other SKUs goes on meanwhile."""


class BatchKind(StrEnum):
    """What `units` of a line are: received, more or fewer than before, or counted."""

    RECEIVE = "receive"
    ADJUST = "adjust"
    COUNT = "count"


class BatchLine(Frozen):
    """One change of one level; an adjustment says in `note` how it came."""

    kind: BatchKind
    warehouse_id: WarehouseId
    sku_id: SkuId
    units: Annotated[int, Field(ge=-MAX_UNITS, le=MAX_UNITS)]
    note: Note = ""


BatchLines = Annotated[tuple[BatchLine, ...], Field(min_length=1, max_length=MAX_LINES)]


class BatchDone(Frozen):
    """Every level of the batch after it, in the order of its lines, and the thresholds that were crossed."""

    levels: tuple[StockLevel, ...]
    low_stock: tuple[LowStock, ...] = ()
    served: tuple[Claim, ...] = ()
    """Claims that got their goods by it."""


def wrong_by_itself(line: BatchLine) -> str | None:
    """What is wrong with a line whatever lies in the warehouse; None if nothing is."""
    match line.kind:
        case BatchKind.RECEIVE if line.units < 1:
            return "received goods are at least one unit"
        case BatchKind.ADJUST if line.units == 0:
            return "an adjustment by 0 changes nothing"
        case BatchKind.ADJUST if not line.note.strip():
            return "an adjustment says in its note how it came"
        case BatchKind.COUNT if line.units < 0:
            return "nobody can count fewer than 0 units"
    return None


def delta_of(line: BatchLine, on_hand: int) -> int:
    """By how much the line changes on_hand."""
    return line.units - on_hand if line.kind is BatchKind.COUNT else line.units
