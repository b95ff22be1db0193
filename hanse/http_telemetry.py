"""What the api adds to telemetry: a span, a duration and a log line for each request, and its trace id in the answer."""

import logging
import re
import time

from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.util.http import parse_excluded_urls
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hanse.context import scope as log_scope
from hanse.metrics import http_active_requests, http_request_duration

logger = logging.getLogger("hanse.http")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def instrument(app: FastAPI) -> None:
    """Trace and measure an application, around all its middleware and its handler of unexpected errors.

    OpenTelemetry's own FastAPI instrumentation matches every route a second time to name its span (0.4 ms with 200 routes);
    here the span gets its name when routing has found it.
    """
    build = app.build_middleware_stack

    def build_with_telemetry() -> ASGIApp:
        return OpenTelemetryMiddleware(
            TelemetryMiddleware(build()),
            excluded_urls=parse_excluded_urls("/healthz$,/readyz$,/metrics$"),
            default_span_details=lambda scope: (scope.get("method", "websocket"), {}),
            exclude_spans=["receive", "send"],
        )

    app.build_middleware_stack = build_with_telemetry  # type: ignore[method-assign] # where Starlette assembles its layers


class TelemetryMiddleware:
    """Measures each request by method, route and status; opens its log context; answers with `X-Trace-Id`.

    A caller's `X-Request-Id`, if it is short and plain, goes into the log lines, so that two systems' logs can be joined.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        span = trace.get_current_span()
        trace_id = span.get_span_context().trace_id
        status = 500  # unless the application answers

        async def send_with_trace(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                span.update_name(f"{method} {_route(scope)}".rstrip())
                span.set_attribute("http.route", _route(scope))
                if trace_id:
                    MutableHeaders(scope=message)["X-Trace-Id"] = f"{trace_id:032x}"
            await send(message)

        started = time.perf_counter()
        with log_scope(request_id=_request_id(scope)), http_active_requests.labels(method).track_inprogress():
            try:
                await self._app(scope, receive, send_with_trace)
            finally:
                self._note(scope, method, status, time.perf_counter() - started)

    def _note(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route = _route(scope)
        http_request_duration.labels(method, route, str(status)).observe(seconds)
        logger.info(
            "%s %s %s",
            method,
            route or "(no route)",
            status,
            extra={"http_status": status, "duration_ms": round(seconds * 1000, 1), **_ids(scope)},
        )


def _route(scope: Scope) -> str:
    """The template of the matched route with all its routers' prefixes; empty when nothing matched."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    return getattr(context or scope.get("route"), "path", "")


def _ids(scope: Scope) -> dict[str, str]:
    """The ids in the path, by the names their route gives them."""
    return {name: str(value)[:64] for name, value in scope.get("path_params", {}).items() if name.endswith("_id")}


def _request_id(scope: Scope) -> str | None:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else None
