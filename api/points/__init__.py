"""Routes of points: `own.py` (the buyer's own), `operators.py` (anyone's, and adjusting them)."""

from api.points import operators, own

routers = (own.router, operators.reading, operators.changing)

__all__ = ["routers"]
