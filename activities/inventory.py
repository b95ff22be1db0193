"""The steps of sagas that move stock. Undo stands directly below do."""

from typing import TYPE_CHECKING

from temporalio import activity

from models.inventory.messages import CommitStock, ReleaseStock, ReserveStock, Restock
from models.inventory.types import Reservation, Restocked
from models.shared.time import Clock

if TYPE_CHECKING:
    from stores.inventory import InventoryStore


class InventoryActivities:
    """Each is one store promise, idempotent by the order id, so Temporal may repeat it as it likes."""

    def __init__(self, store: "InventoryStore", clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @activity.defn(name="inventory.reserve_stock")
    async def reserve_stock(self, ask: ReserveStock) -> Reservation:
        """Hold all lines or nothing. Refusals: `sold_out`, `reservation_conflict`, `reservation_released`."""
        return await self._store.reserve_all_or_nothing(
            ask.order_id, ask.lines, ask.destination, self._clock(), ask.expires_at
        )

    @activity.defn(name="inventory.release_stock")
    async def release_stock(self, ask: ReleaseStock) -> Reservation:
        """Undo of reserve: give back what is held, also when nothing was. Refusal: `reservation_committed`."""
        return await self._store.release(ask.order_id, self._clock())

    @activity.defn(name="inventory.commit_stock")
    async def commit_stock(self, ask: CommitStock) -> Reservation:
        """What is held leaves the books. Refusals: `nothing_reserved`, `reservation_released`."""
        return await self._store.commit(ask.order_id, self._clock())

    @activity.defn(name="inventory.restock")
    async def restock(self, ask: Restock) -> Restocked:
        """Undo of commit, whole or in part: goods lie again where they came from. Refusal: `restock_exceeds_sold`."""
        return await self._store.restock(ask.order_id, ask.key, ask.lines, self._clock())
