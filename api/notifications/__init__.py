"""Routes of notifications: in which language someone is written to, and what someone was told."""

from api.notifications import operators, own

routers = (own.router, operators.router)

__all__ = ["routers"]
