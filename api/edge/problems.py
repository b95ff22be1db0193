"""RFC 9457 problem documents: every refusal and every failure leaves here in one shape."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from opentelemetry import trace
from starlette.exceptions import HTTPException

from api.edge.refusals import BodyMalformed
from api.errors import status_of
from models.shared import Refusal

MEDIA_TYPE = "application/problem+json"
_TYPE_BASE = "/problems/"
_log = logging.getLogger(__name__)
Handler = TypeVar("Handler", bound=Callable[..., Any])


def current_trace_id() -> str | None:
    """The id of the trace this request belongs to, as 32 hex digits; None outside a trace."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def problem(status: int, code: str, title: str, detail: str, /, **fields: Any) -> JSONResponse:
    """One problem document. `fields` are the refusal's own facts, whatever their names; they never overwrite the standard
    members."""
    body = {
        **fields,
        "type": f"{_TYPE_BASE}{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "trace_id": current_trace_id(),
    }
    headers = {}
    if status in (409, 503) and code in ("idempotency_key_in_flight", "service_busy"):
        headers["Retry-After"] = "1"
    if "retry_after" in fields:
        headers["Retry-After"] = str(fields["retry_after"])
    if code == "not_authenticated":
        headers["WWW-Authenticate"] = 'Bearer realm="hanse"'
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def problem_of(refusal: Refusal) -> JSONResponse:
    """The document for a refusal."""
    return problem(status_of(refusal.code), refusal.code, refusal.title, refusal.detail, **refusal.fields)


def refusals(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` entry of a route that may answer with these refusals, with an example for each."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        status = status_of(kind.code)
        entry = by_status.setdefault(
            status,
            {
                "description": "",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        entry["description"] = " · ".join(filter(None, [entry["description"], kind.title]))
        summary = (kind.__doc__ or kind.title).strip().splitlines()[0]
        entry["content"][MEDIA_TYPE]["examples"][kind.code] = {
            "summary": summary,
            "value": {
                "type": f"{_TYPE_BASE}{kind.code}",
                "title": kind.title,
                "status": status,
                "detail": summary,
                "code": kind.code,
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
            },
        }
    return by_status


def may_refuse(*kinds: type[Refusal]) -> Callable[[Handler], Handler]:
    """Marks a dependency: every route that depends on it may answer with these refusals, and the contract says so by itself."""

    def marked(dependency: Handler) -> Handler:
        dependency.__refusals__ = kinds  # type: ignore[attr-defined] # a mark on a function, as decorators leave them
        return dependency

    return marked


def refusals_of(dependency: object) -> tuple[type[Refusal], ...]:
    """What `may_refuse` said of this dependency."""
    kinds: tuple[type[Refusal], ...] = getattr(dependency, "__refusals__", ())
    return kinds


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details, plus a stable `code`, the `trace_id` to quote, and the refusal's own fields.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "trace_id": {"type": ["string", "null"]},
    },
    "additionalProperties": True,
}


def _validation(error: RequestValidationError) -> Response:
    faults = [
        {"at": "/".join(str(part) for part in fault["loc"]), "message": fault["msg"], "kind": fault["type"]}
        for fault in error.errors()[:50]
    ]
    if any(fault["kind"] == "json_invalid" for fault in faults):
        return problem_of(
            BodyMalformed("The body is not valid JSON; check quotes, commas and the encoding (UTF-8).", errors=faults)
        )
    where = faults[0]["at"] if faults else "the request"
    return problem(
        422,
        "validation_failed",
        "The request does not fit the operation",
        f"{len(faults)} part(s) of the request do not fit, first at {where}: {faults[0]['message'] if faults else ''}",
        errors=faults,
    )


def install(app: FastAPI) -> None:
    """Answer every refusal, validation error and unexpected failure with a problem document."""

    @app.exception_handler(Refusal)
    async def on_refusal(_request: Request, refusal: Refusal) -> Response:
        return problem_of(refusal)

    @app.exception_handler(RequestValidationError)
    async def on_validation(_request: Request, error: RequestValidationError) -> Response:
        return _validation(error)

    @app.exception_handler(HTTPException)
    async def on_http(_request: Request, error: HTTPException) -> Response:
        if error.status_code == 400:  # the framework's only one: it could not take the body apart
            if isinstance(error.__cause__, Refusal):  # what was refused while the body came in
                return problem_of(error.__cause__)
            return problem_of(BodyMalformed(f"The body cannot be read: {error.detail}"))
        answer = problem(error.status_code, f"http_{error.status_code}", str(error.detail), f"{error.detail}.")
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def on_fault(_request: Request, error: Exception) -> Response:
        _log.error("request failed", exc_info=error)
        return problem(
            500,
            "internal_error",
            "Something went wrong on our side",
            "The request failed on our side. Nothing is half done; try again with the same Idempotency-Key, and quote the trace id if it stays.",
        )
