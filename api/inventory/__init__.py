"""Routes of inventory: `reservations.py` (what R19 names), `stock.py` (levels, journal, changes), `bulk.py` (batches and lists),
`transfers.py`, `warehouses.py`, `allocation.py`."""

from api.inventory import allocation, bulk, reservations, stock, transfers, warehouses

routers = (
    reservations.bare,
    reservations.versioned,
    stock.reading,
    stock.changing,
    bulk.reading,
    bulk.changing,
    transfers.reading,
    transfers.changing,
    allocation.router,
    warehouses.adding,
    warehouses.keeping,
)

__all__ = ["routers"]
