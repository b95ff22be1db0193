"""What the api adds to telemetry: a span, a duration and a log line for each request, and its trace id in the answer."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from functools import cache

from fastapi import FastAPI
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode
from prometheus_client import Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hanse.context import scope as log_scope
from hanse.metrics import http_active_requests, http_request_duration

logger = logging.getLogger("hanse.http")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"})
_TRACE_HEADERS = (b"traceparent", b"tracestate", b"baggage")
_READ_HEADERS = frozenset({*_TRACE_HEADERS, b"x-request-id", b"user-agent", b"host"})
_ASK_TO_BE_TOLD = frozenset({b"traceparent", b"x-request-id"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


_tracer = trace.get_tracer(__name__)
_UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})
_ROOT = Context()


def instrument(app: FastAPI, quiet: Callable[[Scope], bool] = lambda _: False) -> None:
    """Trace and measure an application, around all its middleware and its handler of unexpected errors.

    OpenTelemetry's own FastAPI instrumentation matches every route a second time to name its span (0.4 ms with 200 routes), and
    its ASGI middleware asks some twenty questions about every message (0.2 ms a request): this one makes the same server span,
    with the names of the semantic conventions, from what is known.

    `quiet` says of which requests there is nothing to tell: they are measured, but get neither span nor log line, unless the
    caller sent a trace or a request id.
    """
    build = app.build_middleware_stack

    def build_with_telemetry() -> ASGIApp:
        return TelemetryMiddleware(build(), quiet)

    app.build_middleware_stack = build_with_telemetry  # type: ignore[method-assign] # where Starlette assembles its layers


class TelemetryMiddleware:
    """Traces each request, measures it by method, route and status; opens its log context; answers with `X-Trace-Id`.

    A caller's `X-Request-Id`, if it is short and plain, goes into the log lines, so that two systems' logs can be joined.
    """

    def __init__(self, app: ASGIApp, quiet: Callable[[Scope], bool]) -> None:
        self._app = app
        self._quiet = quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _READ_HEADERS}
        if self._quiet(scope) and headers.keys().isdisjoint(_ASK_TO_BE_TOLD):
            await self._measured(scope, receive, send, method)
            return
        span = trace.INVALID_SPAN if scope["path"] in _UNTRACED else _server_span(scope, method, headers)
        trace_id = span.get_span_context().trace_id
        status = 500  # unless the application answers

        async def send_with_trace(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if trace_id:
                    message["headers"] = [*message["headers"], (b"x-trace-id", b"%032x" % trace_id)]
            await send(message)

        started = time.perf_counter()
        request_id = headers.get(b"x-request-id", "")
        with (
            trace.use_span(span, end_on_exit=True),
            log_scope(request_id=request_id if _REQUEST_ID.fullmatch(request_id) else None),
            _active(method).track_inprogress(),
        ):
            try:
                await self._app(scope, receive, send_with_trace)
            finally:
                route = _route(scope)
                if span.is_recording():
                    span.update_name(f"{method} {route}".rstrip())
                    span.set_attributes({"http.route": route, "http.response.status_code": status})
                    if status >= 500:
                        span.set_status(StatusCode.ERROR)
                self._note(scope, method, route, status, time.perf_counter() - started)

    async def _measured(self, scope: Scope, receive: Receive, send: Send, method: str) -> None:
        """The answer's duration and nothing else."""
        status = 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = time.perf_counter()
        try:
            await self._app(scope, receive, seen)
        finally:
            _duration_of(method, _route(scope), status).observe(time.perf_counter() - started)

    def _note(self, scope: Scope, method: str, route: str, status: int, seconds: float) -> None:
        _duration_of(method, route, status).observe(seconds)
        if not logger.isEnabledFor(logging.INFO):
            return
        about = {"http_status": status, "duration_ms": round(seconds * 1000, 1), **_ids(scope)}
        # Made without `logger.info`, which looks through the stack for a line number that nobody writes down.
        words = (method, route or "(no route)", status)
        record = logger.makeRecord(logger.name, logging.INFO, "", 0, "%s %s %s", words, None, extra=about)
        logger.handle(record)


@cache
def _active(method: str) -> Gauge:
    return http_active_requests.labels(method)


@cache
def _duration_of(method: str, route: str, status: int) -> Histogram:
    """Few: methods, routes and statuses are a small number each, whatever is asked."""
    return http_request_duration.labels(method, route, str(status))


def _route(scope: Scope) -> str:
    """The template of the matched route with all its routers' prefixes; empty when nothing matched."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    return getattr(context or scope.get("route"), "path", "")


def _ids(scope: Scope) -> dict[str, str]:
    """The ids in the path, by the names their route gives them."""
    return {name: str(value)[:64] for name, value in scope.get("path_params", {}).items() if name.endswith("_id")}


def _server_span(scope: Scope, method: str, headers: Mapping[bytes, str]) -> Span:
    """A span that goes on with the caller's trace if it names one."""
    caller = {name.decode(): headers[name] for name in _TRACE_HEADERS if name in headers}
    attributes = {
        "http.request.method": method,
        "url.scheme": scope.get("scheme", "http"),
        "url.path": scope["path"],
        "network.protocol.version": scope.get("http_version", "1.1"),
        "user_agent.original": headers.get(b"user-agent", ""),
        "server.address": headers.get(b"host", ""),
    }
    if scope["query_string"]:
        attributes["url.query"] = scope["query_string"].decode("latin-1")
    if scope.get("client"):
        attributes["client.address"] = scope["client"][0]
    parent = propagate.extract(caller) if caller else _ROOT
    return _tracer.start_span(method, parent, SpanKind.SERVER, attributes)
