"""Routes of inventory: `reservations.py` (what R19 names), `stock.py` (levels, journal, changes), `splitting.py` (hot levels),
`warehouses.py`."""

from api.inventory import reservations, splitting, stock, warehouses

routers = (
    reservations.bare,
    reservations.versioned,
    stock.reading,
    stock.changing,
    splitting.splitting,
    warehouses.adding,
    warehouses.keeping,
)

__all__ = ["routers"]
