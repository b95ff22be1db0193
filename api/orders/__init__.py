"""Routes of orders: `reading.py` and `live.py` look, `changing.py` is what buyers change,
`returning.py` what a return would bring, `receipt.py` why it cost what it did, `operators.py` the other side, `pricing.py` its
word on the price.

Placing, cancelling and confirming speak with the order's saga: `api/checkout.py`. `seeing.py` says who sees what.
"""

from fastapi import APIRouter

from api.orders import changing, live, operators, pricing, reading, receipt, returning

_versioned = APIRouter(prefix="/v1")
_versioned.include_router(reading.bare)

routers = (
    reading.bare,
    _versioned,
    reading.router,
    live.router,
    changing.router,
    returning.router,
    receipt.router,
    operators.router,
    pricing.router,
)

__all__ = ["routers"]
