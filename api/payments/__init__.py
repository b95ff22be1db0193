"""Routes of money: paying (`paying.py`), what channels report (`callbacks.py`), giving back (`refunding.py`), and what
operators see (`operators.py`). `schemas.py` is what goes over the wire.
"""

from fastapi import APIRouter

from api.payments import callbacks, operators, paying, refunding

_versioned = APIRouter(prefix="/v1")
for _bare in (paying.bare, callbacks.bare, refunding.bare):
    _versioned.include_router(_bare)

routers = (paying.bare, callbacks.bare, refunding.bare, _versioned, paying.cashier, refunding.v1, operators.router)

__all__ = ["routers"]
