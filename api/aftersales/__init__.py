"""Routes of after-sales: `applying.py` is the buyer's side, `evidence.py` their pictures, `operators.py` the shop's side.

Every POST but the upload speaks with the case's own process, `aftersale/{aftersale_id}`; `asking.py` is how.
"""

from fastapi import APIRouter

from api.aftersales import applying, evidence, operators

_versioned = APIRouter(prefix="/v1")
_versioned.include_router(applying.bare)
_versioned.include_router(applying.bare_reads)

routers = (
    applying.bare,
    applying.bare_reads,
    _versioned,
    applying.changing,
    applying.reading,
    evidence.router,
    operators.reading,
    operators.changing,
)

__all__ = ["routers"]
