"""What the api adds to telemetry: a span, a duration and a log line for each request, and its trace id in the answer."""

import logging
import re
import time

from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hanse.context import scope as log_scope
from hanse.metrics import http_active_requests, http_request_duration

logger = logging.getLogger("hanse.http")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def instrument(app: FastAPI) -> None:
    """Trace and measure an application; call it after all other middleware was added, so that it is outermost."""
    app.add_middleware(TelemetryMiddleware)
    FastAPIInstrumentor.instrument_app(app, excluded_urls="healthz,readyz,metrics", exclude_spans=["receive", "send"])


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
        span = trace.get_current_span().get_span_context()
        status = 500  # unless the application answers

        async def send_with_trace(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if span.is_valid:
                    MutableHeaders(scope=message)["X-Trace-Id"] = f"{span.trace_id:032x}"
            await send(message)

        started = time.perf_counter()
        with log_scope(request_id=_request_id(scope)), http_active_requests.labels(method).track_inprogress():
            try:
                await self._app(scope, receive, send_with_trace)
            finally:
                self._note(scope, method, status, time.perf_counter() - started)

    def _note(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "")
        http_request_duration.labels(method, route, str(status)).observe(seconds)
        logger.info(
            "%s %s %s",
            method,
            route or "(no route)",
            status,
            extra={"http_status": status, "duration_ms": round(seconds * 1000, 1)},
        )


def _request_id(scope: Scope) -> str | None:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else None
