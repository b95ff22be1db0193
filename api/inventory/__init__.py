"""Routes of inventory: `reservations.py` (what R19 names), `stock.py` (levels, journal, changes), `splitting.py` (hot levels),
`bulk.py` (batches and lists), `transfers.py`, `warehouses.py`, `allocation.py`."""

from api.inventory import allocation, bulk, reservations, splitting, stock, transfers, warehouses

routers = (
    reservations.bare,
    reservations.versioned,
    stock.reading,
    stock.changing,
    splitting.splitting,
    bulk.reading,
    bulk.changing,
    transfers.reading,
    transfers.changing,
    allocation.router,
    warehouses.adding,
    warehouses.keeping,
)

__all__ = ["routers"]
