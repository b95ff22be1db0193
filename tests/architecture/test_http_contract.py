"""The OpenAPI document says all a client needs: each test names every operation that lacks something."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from inspect import iscoroutinefunction
from typing import Any

from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import TypeAdapter, ValidationError

from api.contract.answers import calls_of
from api.edge.admission import Admitting
from api.edge.identity import current_user
from api.edge.limits import class_of
from api.edge.problems import refusals_of
from hanse.settings import Settings
from models.users.errors import PermissionMissing
from tests.openapi import application, document
from web.app import build as build_with_pages

PROBLEM = "application/problem+json"
R19 = {
    ("post", "/orders/prepare"),
    ("post", "/orders"),
    ("get", "/orders/{order_id}"),
    ("post", "/orders/{order_id}/cancel"),
    ("post", "/payments"),
    ("post", "/payments/{addressee}/callbacks"),
    ("post", "/payments/{payment_id}/refund"),
    ("post", "/inventory/reserve"),
    ("post", "/inventory/release"),
    ("post", "/inventory/commit"),
    ("post", "/coupons/claim"),
    ("post", "/coupons/validate"),
    ("post", "/aftersales"),
    ("get", "/aftersales/{aftersale_id}"),
}
"""What R19 names."""


@dataclass(frozen=True)
class Operation:
    """One operation of the document, with the route behind it."""

    method: str
    path: str
    says: dict[str, Any]
    route: RouteContext

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def answers(self) -> dict[str, Any]:
        found: dict[str, Any] = self.says["responses"]
        return found

    @property
    def calls(self) -> set[Any]:
        return set(calls_of(self.route.dependant))

    @property
    def path_ids(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    def body(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.says.get("requestBody", {}).get("content", {}).get("application/json")
        return found


@cache
def operations() -> list[Operation]:
    return list(_operations())


def _operations() -> Iterator[Operation]:
    for route in iter_route_contexts(application().routes):
        for method in sorted(route.methods or ()):
            says = document()["paths"].get(route.path_format or "", {}).get(method.lower())
            if says is not None:
                yield Operation(method.lower(), route.path_format or "", says, route)


def lacking(holds: Any, among: Any = lambda operation: True) -> list[str]:
    return [str(operation) for operation in operations() if among(operation) and not holds(operation)]


def refuses_with(operation: Operation, status: str, code: str) -> bool:
    shown = operation.answers.get(status, {}).get("content", {}).get(PROBLEM, {})
    return shown.get("schema") == {"$ref": "#/components/schemas/Problem"} and code in shown.get("examples", {})


def test_the_document_covers_every_route_once() -> None:
    assert len(operations()) == sum(len(methods) for methods in document()["paths"].values())
    assert len(operations()) > 100


def test_pages_add_nothing_to_the_contract() -> None:
    with_pages = build_with_pages(Settings(environment="test"))
    routes = iter_route_contexts(with_pages.routes)
    shown = {r.path_format for r in routes if getattr(r.original_route, "include_in_schema", False)}
    assert shown == document()["paths"].keys()


def test_every_operation_has_a_summary_a_description_and_one_group() -> None:
    known = {tag["name"] for tag in document()["tags"] if tag["description"]}
    assert lacking(lambda o: o.says.get("summary") and len(o.says["summary"]) <= 60) == []
    assert lacking(lambda o: len(o.says.get("description", "")) > 15) == []
    assert lacking(lambda o: len(o.says.get("tags", [])) == 1 and o.says["tags"][0] in known) == []


def test_operation_ids_are_unique_words() -> None:
    ids = [operation.says["operationId"] for operation in operations()]
    assert sorted(ids) == sorted(set(ids))
    assert [name for name in ids if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", name) or len(name) > 60] == []


def test_what_r19_names_is_served_as_written_and_under_v1() -> None:
    served = {(operation.method, re.sub(r"^/v1", "", operation.path)): operation for operation in operations()}
    bare = {(operation.method, operation.path) for operation in operations()}
    assert R19 - bare == set()
    assert {(method, f"/v1{path}") for method, path in R19} - bare == set()
    assert served


def test_a_bare_path_and_its_twin_are_the_same_operation() -> None:
    by_name = {(operation.method, operation.path): operation.says for operation in operations()}
    different = [
        str(operation)
        for operation in operations()
        if (twin := by_name.get((operation.method, f"/v1{operation.path}"))) is not None
        and {**twin, "operationId": ""} != {**operation.says, "operationId": ""}
    ]
    assert different == []


def test_no_dependency_is_run_in_a_thread() -> None:
    """FastAPI takes a plain function to a thread and back, for 0.2 ms a request."""
    plain = {
        f"{call.__module__}.{call.__qualname__}"
        for operation in operations()
        for call in operation.calls
        if not iscoroutinefunction(call) and not iscoroutinefunction(type(call).__call__)
    }
    assert plain == set()


def test_only_what_begins_an_order_asks_for_a_place() -> None:
    """Whatever goes on with something that was begun is never turned away because the house is full."""
    (place,) = Admitting.__metadata__
    asking = {f"{o.method} {o.path}" for o in operations() if place.dependency in o.calls}
    assert asking == {"post /orders", "post /orders/prepare", "post /v1/orders", "post /v1/orders/prepare"}


def test_security_is_stated_as_the_handlers_ask_for_it() -> None:
    assert document()["components"]["securitySchemes"]["access_token"]["scheme"] == "bearer"
    assert lacking(lambda o: o.says["security"] == [{"access_token": []}], lambda o: current_user in o.calls) == []
    assert lacking(lambda o: refuses_with(o, "401", "not_authenticated"), lambda o: current_user in o.calls) == []


def test_operators_operations_refuse_who_lacks_the_permission() -> None:
    def for_operators(operation: Operation) -> bool:
        return any(PermissionMissing in refusals_of(call) for call in operation.calls)

    assert lacking(lambda o: refuses_with(o, "403", "permission_missing"), for_operators) == []
    assert lacking(lambda o: bool(o.says.get("x-permissions")) == for_operators(o)) == []
    assert lacking(for_operators, lambda o: o.path.startswith(("/v1/operators/", "/v1/catalogue/"))) == []


def test_an_id_in_the_path_may_be_unknown() -> None:
    def names_a_thing(operation: Operation) -> bool:
        return bool(operation.path_ids) and str(operation) not in NEVER_UNKNOWN

    assert lacking(lambda o: "404" in o.answers, names_a_thing) == []
    assert set(NEVER_UNKNOWN) - {str(operation) for operation in operations()} == set()


NEVER_UNKNOWN = {
    "GET /v1/inventory/skus/{sku_id}": "0 units of what was never stocked",
    "PUT /v1/operators/roles/{name}": "creates it",
    "GET /v1/operators/payments/{payment_id}/transfers": "none were booked",
    "GET /v1/products/{spu_id}/reviews": "nobody reviewed it",
    "GET /v1/products/{spu_id}/reviews/summary": "nobody rated it",
    "GET /v1/operators/notices/{user_id}": "they were told nothing",
    "GET /v1/operators/webhooks/{endpoint_id}/deliveries": "nothing was sent there",
}


def test_what_is_sent_may_be_malformed() -> None:
    def takes_something(operation: Operation) -> bool:
        return "requestBody" in operation.says or "parameters" in operation.says

    assert lacking(lambda o: refuses_with(o, "422", "validation_failed"), takes_something) == []
    assert lacking(lambda o: refuses_with(o, "400", "body_malformed"), lambda o: o.body()) == []
    assert lacking(lambda o: refuses_with(o, "413", "body_too_large"), lambda o: "requestBody" in o.says) == []


def test_limited_operations_say_so() -> None:
    def is_limited(operation: Operation) -> bool:
        return class_of(operation.method.upper(), operation.path) is not None

    assert lacking(lambda o: refuses_with(o, "429", "rate_limited") == is_limited(o)) == []


def test_the_idempotency_key_is_documented_exactly_where_it_is_required() -> None:
    def documented(operation: Operation) -> bool:
        return any(
            parameter["name"] == "idempotency-key" and parameter["required"]
            for parameter in operation.says.get("parameters", [])
        )

    def required(operation: Operation) -> bool:
        return type(operation.route.original_route).__name__ == "IdempotentRoute"

    assert lacking(lambda o: documented(o) == required(o)) == []
    for status, code in (
        ("400", "idempotency_key_missing"),
        ("409", "idempotency_key_in_flight"),
        ("422", "idempotency_key_reused"),
    ):
        assert lacking(lambda o, s=status, c=code: refuses_with(o, s, c), required) == []
    assert lacking(lambda o: o.method == "post", required) == []


NO_KEY_SINCE = {
    "nothing is done": {
        "POST /coupons/validate",
        "POST /v1/coupons/validate",
        "POST /v1/orders/{order_id}/refund-proposal",
        "POST /v1/operators/list-entries/judgement",
        "POST /v1/operators/moderation-words/trial",
    },
    "a cart holds nothing, and shows what is in it": {
        "POST /v1/cart/lines",
        "POST /v1/cart/lines/{sku_id}/save-for-later",
        "POST /v1/cart/saved/{sku_id}/move-to-cart",
        "POST /v1/cart/merge",
    },
    "codes, passwords, tokens and secrets are used or shown once, and no answer with one is kept": {
        "POST /v1/verification-codes",
        "POST /v1/users/register",
        "POST /v1/users/login",
        "POST /v1/users/password-reset",
        "POST /v1/users/me/second-factor",
        "POST /v1/users/me/second-factor/removal",
        "POST /v1/sessions/refresh",
        "POST /v1/operators/webhooks",
        "POST /v1/operators/webhooks/{endpoint_id}/secrets",
        "POST /v1/operators/coupon-templates/{template_id}/batches",
    },
    "its code is good once, so a repetition is refused": {
        "POST /v1/catalogue/products",
        "POST /v1/catalogue/products/{spu_id}/skus",
        "POST /v1/catalogue/merchants",
        "POST /v1/catalogue/brands",
        "POST /v1/catalogue/categories",
    },
    "the same file again changes nothing": {
        "POST /v1/catalogue/import",
        "POST /v1/catalogue/media",
        "POST /v1/reviews/pictures",
    },
    "repeats are known by the event's own id": {
        "POST /payments/{addressee}/callbacks",
        "POST /v1/payments/{addressee}/callbacks",
        "POST /payment-channels/{name}/callbacks",
        "POST /v1/payment-channels/{name}/callbacks",
        "POST /v1/carriers/{name}/tracking",
    },
    "a second one is seen, harms nobody and can be taken away or left": {
        "POST /v1/addresses",
        "POST /v1/aftersale-evidence",
        "POST /v1/operators/orders/{order_id}/notes",
    },
}
"""POSTs without an Idempotency-Key, by the reason. None of them moves stock, money or points; of coupons, codes in bulk are made
by one, whose answer must not be kept: its batch can be voided whole."""


def test_a_post_without_an_idempotency_key_says_why() -> None:
    def takes_one(operation: Operation) -> bool:
        return refuses_with(operation, "400", "idempotency_key_missing")

    keyless = {str(o) for o in operations() if o.method == "post" and not takes_one(o)}
    told = [operation for operations in NO_KEY_SINCE.values() for operation in operations]
    assert keyless - set(told) == set(), "a POST that moves stock, money, coupons or points takes an Idempotency-Key"
    assert sorted(told) == sorted(keyless)


def test_every_refusal_is_a_problem_with_an_example_and_a_description() -> None:
    wrong = [
        f"{operation} {status}"
        for operation in operations()
        for status, answer in operation.answers.items()
        if not status.startswith("2")
        and str(operation) != "GET /readyz"
        and not (
            answer["description"]
            and answer.get("content", {}).get(PROBLEM, {}).get("schema") == {"$ref": "#/components/schemas/Problem"}
            and answer["content"][PROBLEM]["examples"]
        )
    ]
    assert wrong == []


def test_every_required_parameter_has_an_example() -> None:
    wrong = [
        f"{operation} {parameter['name']}"
        for operation in operations()
        for parameter in operation.says.get("parameters", [])
        if parameter["required"] and parameter.get("example") in (None, "", parameter["name"])
    ]
    assert wrong == []


def examples_in(content: dict[str, Any]) -> list[Any]:
    if "example" in content:
        return [content["example"]]
    return [shown["value"] for shown in content.get("examples", {}).values()]


def fault_of(kind: Any, example: Any) -> str | None:
    try:
        TypeAdapter(kind).validate_python(example, strict=False)
    except ValidationError as fault:
        return str(fault.errors()[0])
    return None


def badly_shown(kind: Any, content: dict[str, Any]) -> str:
    """What is wrong with the examples of a body or an answer that should be of this type."""
    shown = examples_in(content)
    if not shown:
        return "no example"
    faults = [fault for example in shown if (fault := fault_of(kind, example))]
    return "; ".join(faults) or next((f"{example} says nothing" for example in shown if says_nothing(example)), "")


def told(wrong: Callable[[Operation], str], among: Iterable[Operation]) -> list[str]:
    return [f"{operation}: {found}" for operation in among if (found := wrong(operation))]


def test_the_example_of_a_body_is_a_body_the_operation_takes() -> None:
    def wrong(operation: Operation) -> str:
        return badly_shown(operation.route.body_field.field_info.annotation, operation.body() or {})

    with_bodies = [operation for operation in operations() if operation.body()]
    assert len(with_bodies) > 100
    assert told(wrong, with_bodies) == []


def test_the_example_of_an_answer_is_an_answer_the_operation_gives() -> None:
    def wrong(operation: Operation) -> str:
        return next(
            (
                found
                for content in answers_of(operation)
                if (found := badly_shown(operation.route.response_model, content))
            ),
            "",
        )

    def answers_of(operation: Operation) -> list[dict[str, Any]]:
        contents = [answer.get("content", {}).get("application/json") for answer in operation.answers.values()]
        return [content for content in contents if content is not None]

    with_answers = [operation for operation in operations() if answers_of(operation)]
    assert len(with_answers) > 200
    assert told(wrong, with_answers) == []


def says_nothing(example: Any, name: str = "") -> bool:
    """Whether some text in it only repeats the name of its field: nobody found a word for it."""
    if isinstance(example, dict):
        return any(says_nothing(part, key) for key, part in example.items())
    if isinstance(example, list):
        return any(says_nothing(part, name) for part in example)
    return isinstance(example, str) and bool(name) and example == name


def test_no_request_takes_a_field_that_it_does_not_offer() -> None:
    schemas = document()["components"]["schemas"]

    def strict(operation: Operation) -> bool:
        schema = (operation.body() or {})["schema"]
        named = schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
        return named.get("additionalProperties") is False

    assert lacking(strict, lambda o: o.body() is not None) == []
