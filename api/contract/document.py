"""Completes the OpenAPI document that FastAPI writes."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.contract.answers import calls_of, complete
from api.contract.examples import Examples
from api.contract.tags import TAGS
from api.edge.identity import current_user, maybe_user, permissions_of
from api.edge.problems import PROBLEM_SCHEMA

_SAME_NAMED = {"HTTPValidationError", "ValidationError"}
"""FastAPI's own shapes of a validation error; ours is a Problem."""
_BARE = ("/orders", "/payments", "/payment-channels", "/inventory", "/coupons", "/aftersales")


def operation_id(route: APIRoute) -> str:
    """`orders_place`, `operators_orders_search`: the folder and name of the handler; `…_bare` for what R19 writes without /v1."""
    package = route.endpoint.__module__.split(".")[1]
    domain = {"checkout": "orders"}.get(package, package)
    group = "operators_" if "operators" in route.tags else ""
    bare = "_bare" if route.path.startswith(_BARE) else ""
    return f"{group}{domain}_{route.endpoint.__name__}{bare}"


def describe(app: FastAPI) -> None:
    """Let the application give out the complete document."""
    generate = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(app, generate())
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's documented way to extend its document


def _completed(app: FastAPI, document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    for schema in schemas.values():
        _restore_nulls(schema)
    examples = Examples(schemas)
    used = set()
    for route in iter_route_contexts(app.routes):
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is None:
                continue
            complete(operation, route.path_format or "", method, route.dependant)
            _say_who(operation, route.dependant)
            _illustrate(operation, examples)
            used.update(operation.get("tags", ()))
    for name in _SAME_NAMED:
        schemas.pop(name, None)
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    return document


def _restore_nulls(schema: dict[str, Any]) -> None:
    """FastAPI leaves every null out of its document, those in examples too."""
    for example in (*schema.get("examples", ()), schema.get("example")):
        if isinstance(example, dict):
            for field in schema.get("required", ()):
                example.setdefault(field, None)


def _say_who(operation: dict[str, Any], dependant: Any) -> None:
    """A log-in that is optional is written as such; public operations say that they are; operators' name the permissions of
    which one is enough."""
    calls = set(calls_of(dependant))
    if permissions := sorted(permission.value for call in calls for permission in permissions_of(call)):
        operation["x-permissions"] = permissions
    if maybe_user in calls and current_user not in calls:
        operation["security"] = [{}, *operation["security"]]
    else:
        operation.setdefault("security", [])


def _illustrate(operation: dict[str, Any], examples: Examples) -> None:
    """An example for each parameter that must be sent, for the body, and for each JSON answer."""
    for parameter in operation.get("parameters", ()):
        if parameter.get("required") and "example" not in parameter:
            parameter["example"] = examples.of(parameter["schema"], parameter["name"])
    bodies = [operation.get("requestBody", {}), *(v for k, v in operation["responses"].items() if k.startswith("2"))]
    for body in bodies:
        shown = body.get("content", {}).get("application/json")
        if shown is not None and "schema" in shown and not {"example", "examples"} & shown.keys():
            shown["example"] = examples.of(shown["schema"])
