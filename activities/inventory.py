"""The steps of sagas that move stock. Undo stands directly below do."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from temporalio import activity

from models.inventory.events import (
    TransferArrived,
    TransferDispatched,
    TransferLost,
    TransferRecalled,
)
from models.inventory.messages import (
    BookTransfer,
    CommitStock,
    OpenTransfer,
    ReleaseStock,
    ReserveStock,
    Restock,
    TransferMoved,
    TransferRef,
    TurnTransfer,
)
from models.inventory.transfers import Transfer, TransferStep
from models.inventory.types import Reservation, Restocked
from models.shared.done import Done
from models.shared.events import Event
from models.shared.ids import SkuId
from models.shared.time import Clock

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from stores.inventory import InventoryStore

TellTurned = Callable[[Collection[SkuId]], Awaitable[None]]
"""Tells that these SKUs may have sold out, or be had again: `Following.stock_turned`."""


class InventoryActivities:
    """Each is one store promise, idempotent by the order or transfer id, so Temporal may repeat it as it likes. A step of a
    transfer is announced right after it. `turned` is told which SKUs may have sold out or be had again: nothing for most orders."""

    def __init__(self, store: "InventoryStore", clock: Clock, announcer: "Announcer", turned: "TellTurned") -> None:
        self._store = store
        self._clock = clock
        self._announcer = announcer
        self._turned = turned

    @activity.defn(name="inventory.reserve_stock")
    async def reserve_stock(self, ask: ReserveStock) -> Reservation:
        """Hold all lines or nothing. Refusals: `sold_out`, `reservation_conflict`, `reservation_released`."""
        held = await self._store.reserve_all_or_nothing(
            ask.order_id, ask.lines, ask.destination, self._clock(), ask.expires_at
        )
        await self._turned(held.turned)
        return held

    @activity.defn(name="inventory.release_stock")
    async def release_stock(self, ask: ReleaseStock) -> Reservation:
        """Undo of reserve: give back what is held, also when nothing was. Refusal: `reservation_committed`."""
        released = await self._store.release(ask.order_id, self._clock())
        await self._turned(released.turned)
        return released

    @activity.defn(name="inventory.commit_stock")
    async def commit_stock(self, ask: CommitStock) -> Reservation:
        """What is held leaves the books. Refusals: `nothing_reserved`, `reservation_released`."""
        return await self._store.commit(ask.order_id, self._clock())

    @activity.defn(name="inventory.restock")
    async def restock(self, ask: Restock) -> Restocked:
        """Undo of commit, whole or in part: goods lie again where they came from. Refusal: `restock_exceeds_sold`."""
        back = await self._store.restock(ask.order_id, ask.key, ask.lines, self._clock())
        await self._turned({part.sku_id for part in back.allocations})
        return back

    @activity.defn(name="inventory.open_transfer")
    async def open_transfer(self, plan: OpenTransfer) -> TransferMoved:
        """Plan a transfer; nothing moves. Refusals: `transfer_to_itself`, `warehouse_of_another_merchant`, `not_found`,
        `transfer_exceeds_available`, `transfer_not_waiting` when it was called off."""
        return TransferMoved(transfer=await self._store.open_transfer(plan))

    @activity.defn(name="inventory.cancel_transfer")
    async def cancel_transfer(self, ref: TransferRef) -> Done:
        """Undo of opening: nothing was moved, and nothing will. Refusal: `transfer_not_waiting` when the goods have left."""
        await self._store.cancel_transfer(ref)
        return Done()

    @activity.defn(name="inventory.dispatch_transfer")
    async def dispatch_transfer(self, ref: TransferRef) -> TransferMoved:
        """The goods leave, all lines or none. Refusals: `transfer_exceeds_available`, `transfer_not_waiting`."""
        step = await self._store.dispatch_transfer(ref)
        await self._turned({line.sku_id for line in step.booked})
        left = TransferDispatched(occurred_at=ref.at, lines=step.booked, **_ends(step.transfer))
        moved = await self._told(step.transfer, left)
        return moved.model_copy(update={"low_stock": step.low_stock})

    @activity.defn(name="inventory.take_back_transfer")
    async def take_back_transfer(self, ref: TransferRef) -> Done:
        """Undo of dispatch: what is on its way lies again where it came from, also when nothing left."""
        step = await self._store.take_back_transfer(ref)
        if step is None:
            return Done()
        await self._turned({line.sku_id for line in step.booked})
        back = _arrived(step, "taken-back", ref.at)
        return Done(unannounced=await self._announcer.announce(back))

    @activity.defn(name="inventory.receive_transfer")
    async def receive_transfer(self, book: BookTransfer) -> TransferMoved:
        """A part arrived, once. Refusals: `transfer_exceeds_transit`, `transfer_not_waiting`, `operation_key_reused`."""
        step = await self._store.receive_transfer(book)
        await self._turned({line.sku_id for line in step.booked})
        return await self._told(step.transfer, _arrived(step, book.part, book.at))

    @activity.defn(name="inventory.write_off_transfer")
    async def write_off_transfer(self, book: BookTransfer) -> TransferMoved:
        """A part will not come, once. Refusals as of receiving."""
        step = await self._store.write_off_transfer(book)
        lost = TransferLost(
            occurred_at=book.at,
            part=book.part,
            lines=step.booked,
            reason=book.reason,
            in_transit=step.transfer.in_transit,
            **_ends(step.transfer),
        )
        return await self._told(step.transfer, lost)

    @activity.defn(name="inventory.recall_transfer")
    async def recall_transfer(self, turn: TurnTransfer) -> TransferMoved:
        """The goods are turned round. Refusal: `transfer_not_waiting`."""
        transfer = await self._store.recall_transfer(turn)
        turned = TransferRecalled(
            occurred_at=turn.at, reason=turn.reason, in_transit=transfer.in_transit, **_ends(transfer)
        )
        return await self._told(transfer, turned)

    async def _told(self, transfer: Transfer, *events: Event) -> TransferMoved:
        return TransferMoved(transfer=transfer, unannounced=await self._announcer.announce(*events))


def _ends(transfer: Transfer) -> dict[str, Any]:
    return transfer.model_dump(include={"transfer_id", "from_warehouse_id", "to_warehouse_id"})


def _arrived(step: TransferStep, part: str, at: datetime) -> TransferArrived:
    return TransferArrived(
        occurred_at=at,
        transfer_id=step.transfer.transfer_id,
        part=part,
        warehouse_id=step.warehouse_id,
        lines=step.booked,
        in_transit=step.transfer.in_transit,
    )
