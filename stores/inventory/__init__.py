"""The database `inventory`: what lies where, what is held for whom, why it moved.

`reserving` is the side orders use (`hot_reserving` when crowds do, `ahead_reserving` and `claims` beyond stock), `returning` puts
goods back; `stockkeeping`, `stock_lists`, `splitting`, `ahead_settings`, `batches`, `transferring`, `warehouses` and `allocating`
are the operator's side; `books` and `transfer_books` read, `auditing` proves. All of them lock in one order: a transfer, stock rows
by (warehouse, SKU), the buckets that a hot row is split over (`buckets`), then the reservation; claims hang on their level's lock;
rows that a step makes are made before any is locked.
"""

from stores.inventory.ahead_settings import AheadSettings
from stores.inventory.allocating import Allocating
from stores.inventory.auditing import Auditing
from stores.inventory.batches import Batches
from stores.inventory.books import Books
from stores.inventory.reserving import Reserving
from stores.inventory.returning import Returning
from stores.inventory.stock_lists import StockLists
from stores.inventory.stockkeeping import Stockkeeping
from stores.inventory.transferring import Transferring
from stores.inventory.warehouses import Warehouses


class InventoryStore(
    Reserving,
    Returning,
    Stockkeeping,
    StockLists,
    Batches,
    Transferring,
    Warehouses,
    Allocating,
    AheadSettings,
    Books,
    Auditing,
):
    """Everything the inventory database promises; built with `InventoryStore(database)`."""


__all__ = ["InventoryStore"]
