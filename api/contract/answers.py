"""What an operation may answer besides what it says itself: each dependency knows its own refusals, the request's parts the rest."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi.dependencies.models import Dependant

from api.edge.limits import LimitsUnknown, RateLimited, class_of
from api.edge.problems import MEDIA_TYPE, refusals, refusals_of
from api.edge.refusals import BodyMalformed, BodyTooLarge, ServiceBusy
from models.shared import Refusal
from models.users.errors import NotAuthenticated

_VALIDATION: dict[str, Any] = {
    "summary": "A part of the request has the wrong type, form or size, is missing, or is not known here.",
    "value": {
        "type": "/problems/validation_failed",
        "title": "The request does not fit the operation",
        "status": 422,
        "detail": "1 part(s) of the request do not fit, first at body/quantity: Input should be greater than or equal to 1",
        "code": "validation_failed",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "errors": [
            {
                "at": "body/quantity",
                "message": "Input should be greater than or equal to 1",
                "kind": "greater_than_equal",
            }
        ],
    },
}


def calls_of(dependant: Dependant) -> Iterable[Any]:
    """Every function that the route depends on."""
    for part in dependant.dependencies:
        yield part.call
        yield from calls_of(part)


def complete(operation: dict[str, Any], path: str, method: str, dependant: Dependant) -> None:
    """Add to the operation's answers all that its dependencies, its body and its path class may give."""
    kinds: list[type[Refusal]] = [kind for call in calls_of(dependant) for kind in refusals_of(call)]
    body = operation.get("requestBody", {}).get("content", {})
    if {"application/json", "multipart/form-data"} & body.keys():
        kinds.append(BodyMalformed)
    if body:
        kinds.append(BodyTooLarge)
    if (path_class := class_of(method, path)) is not None:
        kinds.append(RateLimited)
        if path_class.closed_without_redis:
            kinds.append(LimitsUnknown)
    if "HTTPValidationError" in str(operation["responses"].get("422")):
        del operation["responses"]["422"]
    _merge(operation["responses"], refusals(*dict.fromkeys(kinds)))
    if body or operation.get("parameters"):
        _may_be_invalid(operation["responses"])
    _name_headers(operation["responses"])


def _merge(answers: dict[str, Any], more: Mapping[int | str, dict[str, Any]]) -> None:
    """Put the examples of `more` beside those that are there; what the route says itself comes first."""
    for status, entry in more.items():
        present = answers.setdefault(str(status), {"description": "", "content": {}})
        shown = present.setdefault("content", {}).setdefault(
            MEDIA_TYPE, {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
        )["examples"]
        for code, example in entry["content"][MEDIA_TYPE]["examples"].items():
            if code not in shown:
                shown[code] = example
                title = example["value"]["title"]
                present["description"] = " · ".join(filter(None, [present["description"], title]))


def _may_be_invalid(answers: dict[str, Any]) -> None:
    entry = {"content": {MEDIA_TYPE: {"examples": {"validation_failed": _VALIDATION}}}}
    _merge(answers, {422: entry})


def _name_headers(answers: dict[str, Any]) -> None:
    """The headers that belong to a status."""
    named = {
        "401": ("WWW-Authenticate", "What to send: `Bearer`.") if _shows(answers, "401", NotAuthenticated) else None,
        "429": ("Retry-After", "Seconds to wait."),
        "503": ("Retry-After", "Seconds to wait.") if _shows(answers, "503", ServiceBusy) else None,
    }
    for status, header in named.items():
        if status in answers and header is not None:
            answers[status]["headers"] = {header[0]: {"description": header[1], "schema": {"type": "string"}}}


def _shows(answers: Mapping[str, Any], status: str, kind: type[Refusal]) -> bool:
    return kind.code in answers.get(status, {}).get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
