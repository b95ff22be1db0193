"""Routes of inventory: `reservations.py` (what R19 names), `stock.py` (levels, journal, changes), `warehouses.py`."""

from api.inventory import reservations, stock, warehouses

routers = (
    reservations.bare,
    reservations.versioned,
    stock.reading,
    stock.changing,
    warehouses.adding,
    warehouses.keeping,
)

__all__ = ["routers"]
