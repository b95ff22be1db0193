"""Routes of money: paying (`paying.py`, `scanning.py`), what channels report (`callbacks.py`), giving back (`refunding.py`), holding our books
against channels' statements (`reconciling.py`), the books themselves (`books.py`), and what operators see (`operators.py`).
`schemas.py` is what goes over the wire.
"""

from fastapi import APIRouter

from api.payments import books, callbacks, operators, paying, reconciling, refunding, scanning

_versioned = APIRouter(prefix="/v1")
_bare = (paying.bare, paying.bare_reads, callbacks.bare, refunding.bare)
for _router in _bare:
    _versioned.include_router(_router)

routers = (
    *_bare,
    _versioned,
    paying.cashier,
    scanning.router,
    refunding.v1,
    refunding.reads,
    books.writes,
    books.reads,
    reconciling.router,
    reconciling.reads,
    operators.router,
)

__all__ = ["routers"]
