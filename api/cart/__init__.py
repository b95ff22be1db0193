"""Routes of carts: `lines.py` looks and changes, `later.py` saves for later, `merging.py` joins carts at log-in.

`whose.py` says whose cart a request is about, `showing.py` prices it, `schemas.py` is what goes over the wire.
"""

from api.cart import later, lines, merging

routers = (lines.router, later.router, merging.router)

__all__ = ["routers"]
