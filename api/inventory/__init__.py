"""Routes of inventory: `reservations.py` (what R19 names), `stock.py` (levels, journal, changes), `splitting.py` (hot levels), `ahead.py`
(what is sold before it is there),
`bulk.py` (batches and lists), `transfers.py`, `warehouses.py`, `allocation.py`."""

from api.inventory import ahead, allocation, bulk, reservations, splitting, stock, transfers, warehouses

routers = (
    reservations.bare,
    reservations.versioned,
    stock.reading,
    stock.changing,
    splitting.splitting,
    ahead.ahead,
    bulk.reading,
    bulk.changing,
    transfers.reading,
    transfers.changing,
    allocation.router,
    warehouses.adding,
    warehouses.keeping,
)

__all__ = ["routers"]
