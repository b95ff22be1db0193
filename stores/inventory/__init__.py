"""The database `inventory`: what lies where, what is held for whom, why it moved.

`reserving` is the side orders use (`hot_reserving` when crowds do), `returning` puts goods back, `stockkeeping`, `stock_lists`,
`splitting` and `warehouses` are the operator's side, `books` reads, `auditing` proves. All of them lock in one order: stock rows by
(warehouse, SKU), the buckets that a hot row is split over (`buckets`), then the reservation.
"""

from stores.inventory.auditing import Auditing
from stores.inventory.books import Books
from stores.inventory.reserving import Reserving
from stores.inventory.returning import Returning
from stores.inventory.stock_lists import StockLists
from stores.inventory.stockkeeping import Stockkeeping
from stores.inventory.warehouses import Warehouses


class InventoryStore(Reserving, Returning, Stockkeeping, StockLists, Warehouses, Books, Auditing):
    """Everything the inventory database promises; built with `InventoryStore(database)`."""


__all__ = ["InventoryStore"]
