"""Goods on their way between two warehouses of one merchant: the words, and the rules of what may be booked of them."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from models.inventory.errors import TransferExceedsTransit, TransferToItself
from models.inventory.rules import total_by_sku
from models.inventory.types import Claim, LowStock, Note, Quantity, SkuQuantity, Stock
from models.shared import Frozen, Instant
from models.shared.ids import MerchantId, SkuId, TransferId, WarehouseId


class TransferState(StrEnum):
    """`planned` until the goods leave, `in_transit` until all have arrived or are lost; a recall turns them round
    (`returning`). `completed` and `cancelled` are final; of a cancelled one nothing is out of its warehouse."""

    PLANNED = "planned"
    IN_TRANSIT = "in_transit"
    RETURNING = "returning"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


UNDER_WAY = (TransferState.IN_TRANSIT, TransferState.RETURNING)


class TransferLine(Frozen):
    """So many units of one SKU, and what became of them. `in_transit` is the rest, once they have left."""

    sku_id: SkuId
    quantity: Quantity
    arrived: Stock = 0
    returned: Stock = 0
    lost: Stock = 0
    in_transit: Stock = 0


class Transfer(Frozen):
    """Goods of one merchant that go from one of its warehouses to another. Its lines are by SKU, each once."""

    transfer_id: TransferId
    merchant_id: MerchantId
    from_warehouse_id: WarehouseId
    to_warehouse_id: WarehouseId
    state: TransferState
    lines: tuple[TransferLine, ...]
    note: Note = ""
    opened_by: str
    opened_at: Instant
    left_at: Instant | None = None
    """When the goods left; none while it is planned."""
    changed_at: Instant

    @property
    def in_transit(self) -> int:
        """How many units are on their way."""
        return sum(line.in_transit for line in self.lines)

    @property
    def goes_to(self) -> WarehouseId:
        """Where the goods arrive next: where they came from, once they are recalled."""
        return self.from_warehouse_id if self.state is TransferState.RETURNING else self.to_warehouse_id


class TransferStep(Frozen):
    """A transfer after one step, what that step booked, and the thresholds it crossed in the warehouse that sends."""

    transfer: Transfer
    warehouse_id: WarehouseId
    """Where it was booked: the warehouse that the goods left, came to, or were written off by."""
    booked: tuple[SkuQuantity, ...]
    low_stock: tuple[LowStock, ...] = ()
    served: tuple[Claim, ...] = ()
    """Claims that got their goods by it."""


def check_ends(from_id: WarehouseId, to_id: WarehouseId) -> None:
    """`TransferToItself` unless the two are different warehouses."""
    if from_id == to_id:
        raise TransferToItself.of(from_id)


def to_book(transfer: Transfer, lines: Sequence[SkuQuantity] | None) -> Mapping[SkuId, int]:
    """What is booked of the goods on their way: these lines, or all when none are named, by SKU.

    `TransferExceedsTransit` names each line of which so much is not on its way.
    """
    under_way = {line.sku_id: line.in_transit for line in transfer.lines if line.in_transit}
    if lines is None:
        return under_way
    asked = total_by_sku(lines)
    too_much = [(sku_id, n, under_way.get(sku_id, 0)) for sku_id, n in asked.items() if n > under_way.get(sku_id, 0)]
    if too_much:
        raise TransferExceedsTransit.of(transfer.transfer_id, too_much)
    return asked
