"""Routes of running the shop: black and white lists (`lists.py`). Operators with `ops`."""

from api.ops import lists

routers = (lists.adding, lists.keeping)

__all__ = ["routers"]
