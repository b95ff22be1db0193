"""OWASP API1: what belongs to one person is, for everyone else, not there.

Every route with an id in its path, its query or its body is tried, as the OpenAPI document lists them: a new one is covered by
itself, and a new kind of id fails until it says here whose it is. Lists are looked through for what is another's.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.calls import JSON, Buyer, Caller, said
from tests.e2e.running import RunningShop
from tests.integration.api.belongings import Belongings
from tests.integration.api.knocking import (
    EVERY,
    ids_of,
    kinds_of_ids,
    knock,
    names,
    permissions_of,
    told,
    unknown,
)
from tests.integration.reviews.desk import PRODUCT

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
KINDS = {
    "ord": "order_id",
    "adr": "address_id",
    "cpn": "coupon_id",
    "evd": "loose_picture",
    **dict.fromkeys(("cat", "brd", "mer", "sku", "spu", "ctp"), ""),
    "crt": "",  # a visitor's cart: its id is the secret itself (tests/integration/cart); with a log-in it counts for nothing
}
"""Kinds of ids in queries, headers and bodies that people send, and whose they are: a name of what Anna has, or the shop's."""
SIGNED = re.compile(r".*/(payments/\{addressee\}|payment-channels/\{name\})/callbacks")
"""Known by the channel's signature, not by a log-in."""

OPERATIONS = [case for case in EVERY if "{" in case[1]]
FOR_PEOPLE = [case for case in EVERY if not permissions_of(case[2]) and case[2]["tags"] != ["development"]]
PERSONAL = [case for case in OPERATIONS if names(case[1]) & SOMEBODYS and not SIGNED.fullmatch(case[1])]
LISTS = [case for case in FOR_PEOPLE if case[0] == "GET" and "{" not in case[1] and case[2]["security"]]
OF_THE_SHOP = [case for case in FOR_PEOPLE if case[0] == "GET" and names(case[1]) and not names(case[1]) & SOMEBODYS]


def kinds_in_query(says: JSON) -> dict[str, str]:
    """The parameters of an operation that are ids, with their kinds."""
    sent = [parameter for parameter in says.get("parameters", []) if parameter["in"] != "path"]
    return {p["name"]: kind for p in sent for kind in kinds_of_ids(p["schema"])}


def kinds_in_body(says: JSON) -> set[str]:
    return {
        kind
        for content in says.get("requestBody", {}).get("content", {}).values()
        for kind in kinds_of_ids(content["schema"])
    }


ASKING = [
    (*case, name, kind) for case in FOR_PEOPLE for name, kind in kinds_in_query(case[2]).items() if KINDS.get(kind)
]
PATHS = {path for _, path, _ in EVERY}
SAYING = [
    (*case, kind)
    for case in FOR_PEOPLE
    for kind in sorted(kinds_in_body(case[2]))
    if KINDS.get(kind) and f"/v1{case[1]}" not in PATHS
]
"""What is served bare, too, once: a picture that was shown with one case is shown with no other."""


def _basket(own: Belongings) -> JSON:
    line = {"sku_id": own.sku_id, "quantity": 1}
    return {"lines": [line], "address_id": own.ids["address_id"], "coupons": [own.ids["coupon_id"]]}


BODIES: dict[tuple[str, str], Callable[[Belongings], JSON]] = {
    ("/orders/prepare", "adr"): _basket,
    ("/orders/prepare", "cpn"): _basket,
    ("/orders", "adr"): lambda own: {"basket": _basket(own)},
    ("/orders", "cpn"): lambda own: {"basket": _basket(own)},
    ("/orders", "ord"): lambda own: {"order_id": own.ids["order_id"]},
    ("/coupons/validate", "cpn"): lambda own: {
        "coupon_id": own.ids["coupon_id"],
        "lines": [{"sku_id": own.sku_id, "quantity": 1}],
    },
    ("/orders/{order_id}/address", "adr"): lambda own: {"address_id": own.ids["address_id"]},
    ("/payments", "ord"): lambda own: {"order_id": own.ids["order_id"], "channel": "sandbox"},
    ("/aftersales", "ord"): lambda own: _complaint(own),
    ("/aftersales", "evd"): lambda own: _complaint(own),
}
"""For each kind of id in a body: what its owner would send. All in it is Eve's own but for the one id that is Anna's."""


def _complaint(own: Belongings) -> JSON:
    lines = [{"sku_id": own.sku_id, "quantity": 1}]
    told = {"order_id": own.ids["order_id"], "kind": "refund_only", "reason": "damaged", "lines": lines}
    return told | {"evidence": [own.loose_picture]}


def of_kind(whose: Belongings, kind: str) -> str:
    return whose.loose_picture if KINDS[kind] == "loose_picture" else whose.ids[KINDS[kind]]


def test_whose_every_id_is_has_been_said() -> None:
    undecided = {name for _, path, _ in OPERATIONS for name in names(path)} - SOMEBODYS - NOBODYS
    assert undecided == set(), "say in SOMEBODYS or NOBODYS whose these are, and put Anna's into belongings.py"
    sent = {kind for _, _, says in FOR_PEOPLE for kind in (*kinds_in_query(says).values(), *kinds_in_body(says))}
    assert sent - KINDS.keys() == set(), "say in KINDS whose these are"
    in_bodies = {(path.removeprefix("/v1"), kind) for _, path, _, kind in SAYING}
    assert in_bodies ^ BODIES.keys() == set(), "say in BODIES how the owner of these would send them"


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


MIXED = [(*case, name) for case in PERSONAL for name in sorted(names(case[1]) & SOMEBODYS)]
MIXED = [each for each in MIXED if len(names(each[1]) & SOMEBODYS) > 1]


@pytest.mark.parametrize(("method", "path", "says", "name"), MIXED, ids=[f"{c[0]} {c[1]} {c[3]}" for c in MIXED])
async def test_one_id_of_another_among_own_ones_does_not_help(
    annas: Belongings, eves: Belongings, method: str, path: str, says: dict[str, Any], name: str
) -> None:
    answer = await knock(eves.owner, method, path, says, eves.ids | {name: annas.ids[name]})
    control = await knock(eves.owner, method, path, says, eves.ids | {name: unknown(annas.ids)[name]})
    assert (answer.status_code, control.status_code) == (404, 404)
    assert told(answer, annas.ids, eves.ids) == told(control, unknown(annas.ids), eves.ids)


@pytest.mark.parametrize(("method", "path", "says"), PERSONAL, ids=ids_of(PERSONAL))
async def test_without_a_login_nobody_is_told_anything(
    annas: Belongings, whole_shop: RunningShop, method: str, path: str, says: dict[str, Any]
) -> None:
    stranger = Caller(whole_shop.http, whole_shop.settings.api_url)
    answer = await knock(stranger, method, path, says, annas.ids)
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("method", "path", "says", "name", "kind"), ASKING, ids=[f"{case[0]} {case[1]} {case[3]}" for case in ASKING]
)
async def test_asking_for_what_is_another_persons_finds_nothing(
    annas: Belongings, eves: Belongings, method: str, path: str, says: dict[str, Any], name: str, kind: str
) -> None:
    said(await eves.owner.post("/v1/cart/lines", {"sku_id": eves.sku_id, "quantity": 1}), 200)
    own, hers = of_kind(eves, kind), of_kind(annas, kind)
    nothings = unknown({kind: hers})[kind]
    answer, control, granted = [
        await eves.owner.send(method, path, params={name: each}) for each in (hers, nothings, own)
    ]
    assert (answer.status_code, told(answer, {kind: hers})) == (control.status_code, told(control, {kind: nothings}))
    assert [secret for secret in annas.secrets if secret in answer.text] == []
    assert granted.status_code == 200, granted.text
    assert told(granted, {kind: own}) != told(answer, {kind: hers}), "her own is not found either"


@pytest.mark.parametrize(
    ("method", "path", "says", "kind"), SAYING, ids=[f"{case[0]} {case[1]} {case[3]}" for case in SAYING]
)
async def test_naming_what_is_another_persons_in_a_body_does_not_help(
    annas: Belongings, eves: Belongings, method: str, path: str, says: dict[str, Any], kind: str
) -> None:
    before = await annas.look()
    own, hers = of_kind(eves, kind), of_kind(annas, kind)
    nothings = unknown({kind: hers})[kind]
    body = json.dumps(BODIES[path.removeprefix("/v1"), kind](eves))
    assert own in body
    answer, control, granted = [
        await knock(eves.owner, method, path, says, eves.ids, json.loads(body.replace(own, each)))
        for each in (hers, nothings, own)
    ]
    assert answer.status_code in (404, 409, 422), answer.text
    assert (answer.status_code, answer.json()["code"]) == (control.status_code, control.json()["code"])
    assert told(answer, {kind: hers}) == told(control, {kind: nothings}), "the answer tells that it exists"
    assert granted.json().get("code") != answer.json()["code"], "her own is refused for the same reason"
    assert await annas.look() == before


async def test_ones_lists_show_nothing_of_anothers(annas: Belongings, eves: Belongings) -> None:
    shown: set[str] = set()
    for method, path, says in LISTS:
        if any(p["in"] == "query" and p["required"] for p in says.get("parameters", [])):
            continue  # asked above, by its id
        hers, own = [await who.owner.send(method, path) for who in (annas, eves)]
        assert (hers.status_code, own.status_code) == (200, 200), path
        shown |= {name for name, value in annas.ids.items() if value in hers.text}
        private = {*annas.ids.values(), *annas.secrets, annas.loose_picture} - set(eves.secrets)
        assert [value for value in private if value in own.text] == [], path
    assert shown >= {"order_id", "address_id", "session_id", "user_id", "coupon_id", "aftersale_id", "review_id"}


@pytest.mark.parametrize(("method", "path", "says"), OF_THE_SHOP, ids=ids_of(OF_THE_SHOP))
async def test_what_everyone_may_see_names_nobody(
    annas: Belongings, eve: Buyer, method: str, path: str, says: dict[str, Any]
) -> None:
    answer = await knock(eve, method, path, says, {"spu_id": PRODUCT, "sku_id": annas.sku_id})
    private = {value for name, value in annas.ids.items() if name != "review_id"} | set(annas.secrets)
    assert [value for value in private if value in answer.text] == []


@pytest.mark.parametrize("path", [path for _, path, _ in OPERATIONS if SIGNED.fullmatch(path)])
async def test_a_callback_without_its_channels_signature_is_not_believed(
    annas: Belongings, eve: Buyer, path: str
) -> None:
    before = await annas.look()
    answer = await eve.post(path.format(**annas.ids | {"name": "sandbox_card"}), {"event": "payment.paid"})
    assert answer.status_code in (400, 401), answer.text
    assert await annas.look() == before
