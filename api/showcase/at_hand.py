"""Answers that this process has at hand go out before anything is routed, parsed or validated.

It stands innermost of all that stands before the routes: limits, metrics and headers are those of any answer. There is no span
and no log line for such an answer unless the caller asks for one (`traceparent`, `X-Request-Id`): nothing is below it to look at but
the reading of stock, which is for many at once.
"""

from types import SimpleNamespace

from starlette.types import ASGIApp, Receive, Scope, Send

from api.showcase.shown import ShownPage

_SHOWN = ("/v1/products", "/v1/categories", "/v1/brands", "/v1/merchants", "/v1/rankings")


def is_at_hand(scope: Scope) -> bool:
    """Whether this request will be answered from here."""
    return (
        scope["method"] == "GET"
        and scope["path"].startswith(_SHOWN)
        and scope["app"].state.services.shelf.near(address_of(scope)) is not None
    )


def address_of(scope: Scope) -> str:
    """Path and query, as they were asked for."""
    query = scope["query_string"]
    return f"{scope['path']}?{query.decode('latin-1')}" if query else str(scope["path"])


class AtHand:
    """Sends what `Shelf.near` has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(_SHOWN):
            services = scope["app"].state.services
            near = services.shelf.near(address_of(scope))
            shown = near and await services.shelf.in_step(near)
            if shown is not None:
                services.shelf.note(shown)
                scope["route"] = SimpleNamespace(path=shown.route)
                if isinstance(shown, ShownPage):
                    services.views.note(shown.spu_id)
                known = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
                await shown.answer(known.decode("latin-1"))(scope, receive, send)
                return
        await self._app(scope, receive, send)
