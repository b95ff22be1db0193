"""OWASP API1 and API5: what belongs to one person is, for everyone else, not there.

Every route with an id in its path is tried, as the OpenAPI document lists them: a new one is covered by itself, and a new
kind of id fails until it says here whose it is.
"""

import re
import secrets
from typing import Any

import httpx
import pytest

from tests.e2e.calls import Buyer, Caller
from tests.e2e.running import RunningShop
from tests.integration.api.belongings import Belongings
from tests.openapi import DOCUMENT

SOMEBODYS = {
    "order_id",
    "payment_id",
    "addressee",
    "attempt_id",
    "shipment_id",
    "refund_id",
    "address_id",
    "session_id",
    "user_id",
    "coupon_id",
    "aftersale_id",
    "evidence_id",
    "review_id",
}
"""Ids of what belongs to a person."""
NOBODYS = {
    *("spu_id", "sku_id", "warehouse_id", "merchant_id", "category_id", "brand_id", "name"),
    *("campaign_id", "promotion_id", "limit_id", "entry_id", "template_id", "batch_id", "number", "transfer_id"),
    *("shown_id", "line_no", "word_id", "endpoint_id", "delivery_id"),
}
"""Ids of what is the shop's: everyone may see it, or operators with a permission."""
SIGNED = re.compile(r".*/(payments/\{addressee\}|payment-channels/\{name\})/callbacks")
"""Known by the channel's signature, not by a log-in."""
UNKNOWN_BODY = "7zzzzzzzzzzzzzzzzzzzzzzzzz"

EVERY = [
    (method.upper(), path, says) for path, methods in DOCUMENT["paths"].items() for method, says in methods.items()
]
OPERATIONS = [case for case in EVERY if "{" in case[1]]


def names(path: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", path))


def ids_of(cases: list[tuple[str, str, Any]]) -> list[str]:
    return [f"{method} {path}" for method, path, _ in cases]


def example_bodies(says: dict[str, Any]) -> list[Any]:
    """What the document shows as bodies of this operation."""
    content = says.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return []
    schema = content["schema"]
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return list(schema.get("examples", [content["example"]]))


def naming(ids: dict[str, str], body: Any) -> Any:
    """The body with these ids in the fields of their names."""
    if isinstance(body, dict):
        return {name: ids.get(name) or naming(ids, value) for name, value in body.items()}
    return [naming(ids, value) for value in body] if isinstance(body, list) else body


def fields(body: Any) -> set[str]:
    if isinstance(body, dict):
        return set(body).union(*map(fields, body.values()))
    return set().union(*map(fields, body)) if isinstance(body, list) else set()


def for_operators(says: dict[str, Any]) -> bool:
    """Whether it takes a permission. (Blocked buyers get a 403 too.)"""
    shown = says["responses"].get("403", {}).get("content", {}).get("application/problem+json", {})
    return "permission_missing" in shown.get("examples", {})


PERSONAL = [case for case in OPERATIONS if names(case[1]) & SOMEBODYS and not SIGNED.fullmatch(case[1])]
CARRYING = [
    case
    for case in EVERY
    if not for_operators(case[2]) and SOMEBODYS & set().union(*map(fields, example_bodies(case[2])))
]
OPERATORS = [case for case in EVERY if for_operators(case[2])]


async def knock(
    who: Caller, method: str, path: str, says: dict[str, Any], ids: dict[str, str], body: Any = None
) -> httpx.Response:
    """The request with these ids, complete in everything else."""
    shown = {parameter["name"]: parameter.get("example") for parameter in says.get("parameters", [])}
    named = {name: ids.get(name) or shown[name] for name in names(path)}
    required = {p["name"]: shown[p["name"]] for p in says.get("parameters", []) if p["in"] == "query" and p["required"]}
    return await who.send(
        method,
        path.format(**named),
        body if body is not None else next(iter(example_bodies(says)), None),
        key=secrets.token_hex(12),
        params=required,
        headers={"if-match": '"1"'},
    )


def unknown(ids: dict[str, str]) -> dict[str, str]:
    """Ids of the same kinds that nothing has."""
    return {name: f"{value.split('_')[0]}_{UNKNOWN_BODY}" for name, value in ids.items()}


def told(answer: httpx.Response, *asked: dict[str, str]) -> str:
    """What an answer says, whatever id it was asked about."""
    text = re.sub(r'"trace_id":"[0-9a-f]+"', "", answer.text)
    for ids in asked:
        for name, value in ids.items():
            text = text.replace(value, f"<{name}>")
    return text


def test_whose_every_id_is_has_been_said() -> None:
    undecided = {name for _, path, _ in OPERATIONS for name in names(path)} - SOMEBODYS - NOBODYS
    assert undecided == set(), "say in SOMEBODYS or NOBODYS whose these are, and put Anna's into belongings.py"


@pytest.mark.parametrize(("method", "path", "says"), PERSONAL, ids=ids_of(PERSONAL))
async def test_what_is_another_persons_is_not_there(
    annas: Belongings, eve: Buyer, method: str, path: str, says: dict[str, Any]
) -> None:
    before = await annas.look()
    answer = await knock(eve, method, path, says, annas.ids)
    control = await knock(eve, method, path, says, unknown(annas.ids))
    assert answer.status_code in (403, 404), answer.text
    assert control.status_code == answer.status_code, control.text
    assert told(answer, annas.ids) == told(control, unknown(annas.ids)), "the answer tells that it exists"
    assert [secret for secret in annas.secrets if secret in answer.text] == []
    assert await annas.look() == before


@pytest.mark.parametrize(("method", "path", "says"), PERSONAL, ids=ids_of(PERSONAL))
async def test_without_a_login_nobody_is_told_anything(
    annas: Belongings, whole_shop: RunningShop, method: str, path: str, says: dict[str, Any]
) -> None:
    stranger = Caller(whole_shop.http, whole_shop.settings.api_url)
    answer = await knock(stranger, method, path, says, annas.ids)
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path", "says"), CARRYING, ids=ids_of(CARRYING))
async def test_naming_what_is_another_persons_in_a_body_does_not_help(
    annas: Belongings, eve: Buyer, method: str, path: str, says: dict[str, Any]
) -> None:
    before = await annas.look()
    nothings = {**unknown(annas.ids), "sku_id": annas.sku_id}
    for body in example_bodies(says):
        theirs = {**annas.ids, "sku_id": annas.sku_id}
        answer = await knock(eve, method, path, says, annas.ids, naming(theirs, body))
        control = await knock(eve, method, path, says, annas.ids, naming(nothings, body))
        assert answer.status_code in (404, 409, 422), answer.text
        assert answer.json()["code"] == control.json()["code"]
        assert told(answer, annas.ids) == told(control, nothings, annas.ids), "the answer tells that it exists"
    assert await annas.look() == before


@pytest.mark.parametrize(("method", "path", "says"), OPERATORS, ids=ids_of(OPERATORS))
async def test_a_buyer_is_no_operator(
    annas: Belongings, eve: Buyer, method: str, path: str, says: dict[str, Any]
) -> None:
    answer = await knock(eve, method, path, says, annas.ids)
    assert answer.status_code == 403, answer.text
    assert answer.json()["code"] == "permission_missing"


@pytest.mark.parametrize("path", [path for path in DOCUMENT["paths"] if SIGNED.fullmatch(path)])
async def test_a_callback_without_its_channels_signature_is_not_believed(
    annas: Belongings, eve: Buyer, path: str
) -> None:
    before = await annas.look()
    answer = await eve.post(path.format(**annas.ids | {"name": "sandbox_card"}), {"event": "payment.paid"})
    assert answer.status_code in (400, 401), answer.text
    assert await annas.look() == before
