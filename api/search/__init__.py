"""Routes of search: finding and suggesting , and rankings; `api/showcase` makes the answers."""

from api.search import routes

routers = (routes.router,)

__all__ = ["routers"]
