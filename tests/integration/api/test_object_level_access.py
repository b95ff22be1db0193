"""OWASP API1: what belongs to one person is, for everyone else, not there.

Every route with an id in its path, its query or its body is tried, as the OpenAPI document lists them: a new one is covered by
itself, and a new kind of id fails until it says here whose it is. Lists are looked through for what is another's.
"""

import json
import re
from collections.abc import Callable

import httpx
import pytest

from tests.e2e.calls import JSON, Buyer, Caller, said
from tests.e2e.running import RunningShop
from tests.integration.api.belongings import Belongings
from tests.integration.api.knocking import (
    Case,
    every,
    kinds_of_ids,
    knock,
    names,
    permissions_of,
    told,
    unknown,
    wrong,
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


def with_ids() -> list[Case]:
    """Operations that name something in their path."""
    return [case for case in every() if names(case[1])]


def personal() -> list[Case]:
    """Those that name what belongs to a person."""
    return [case for case in with_ids() if names(case[1]) & SOMEBODYS and not SIGNED.fullmatch(case[1])]


def for_people() -> list[Case]:
    """What people ask, not operators."""
    return [case for case in every() if not permissions_of(case[2]) and case[2]["tags"] != ["development"]]


def kinds_in_query(says: JSON) -> dict[str, str]:
    """The parameters of an operation that are ids, with their kinds."""
    sent = [parameter for parameter in says.get("parameters", []) if parameter["in"] != "path"]
    return {p["name"]: kind for p in sent for kind in kinds_of_ids(p["schema"])}


def ids_in_query(says: JSON) -> dict[str, str]:
    """Those of them that are a person's."""
    return {name: kind for name, kind in kinds_in_query(says).items() if KINDS.get(kind)}


def kinds_in_body(says: JSON) -> set[str]:
    return {
        kind
        for content in says.get("requestBody", {}).get("content", {}).values()
        for kind in kinds_of_ids(content["schema"])
    }


def saying() -> dict[tuple[str, str], Case]:
    """By path without /v1 and kind of id: the operations that take such an id in a body. What is served bare, too, once: a
    picture that was shown with one case is shown with no other."""
    paths = {path for _, path, _ in every()}
    return {
        (case[1].removeprefix("/v1"), kind): case
        for case in for_people()
        for kind in kinds_in_body(case[2])
        if KINDS.get(kind) and f"/v1{case[1]}" not in paths
    }


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
    ("/aftersales", "evd"): lambda own: _complaint(own),
    ("/aftersales", "ord"): lambda own: _complaint(own),
}
"""For each kind of id in a body: what its owner would send. All in it is Eve's own but for the one id that is Anna's."""


def _complaint(own: Belongings) -> JSON:
    lines = [{"sku_id": own.sku_id, "quantity": 1}]
    told = {"order_id": own.ids["order_id"], "kind": "refund_only", "reason": "damaged", "lines": lines}
    return told | {"evidence": [own.loose_picture]}


def of_kind(whose: Belongings, kind: str) -> str:
    return whose.loose_picture if KINDS[kind] == "loose_picture" else whose.ids[KINDS[kind]]


def test_whose_every_id_is_has_been_said() -> None:
    undecided = {name for _, path, _ in with_ids() for name in names(path)} - SOMEBODYS - NOBODYS
    assert undecided == set(), "say in SOMEBODYS or NOBODYS whose these are, and put Anna's into belongings.py"
    sent = {kind for _, _, says in for_people() for kind in (*kinds_in_query(says).values(), *kinds_in_body(says))}
    assert sent - KINDS.keys() == set(), "say in KINDS whose these are"
    assert saying().keys() ^ BODIES.keys() == set(), "say in BODIES how the owner of these would send them"


async def test_what_is_another_persons_is_not_there(annas: Belongings, eve: Buyer) -> None:
    async def there(method: str, path: str, says: JSON) -> str:
        answer = await knock(eve, method, path, says, annas.ids)
        control = await knock(eve, method, path, says, unknown(annas.ids))
        if answer.status_code not in (403, 404):
            return f"{answer.status_code} {answer.text}"
        if any(secret in answer.text for secret in annas.secrets):
            return f"it tells a secret: {answer.text}"
        return differing(answer, control, told(answer, annas.ids), told(control, unknown(annas.ids)))

    before = await annas.look()
    assert len(personal()) > 50
    assert await wrong(personal(), there) == []
    assert await annas.look() == before


def differing(answer: httpx.Response, control: httpx.Response, told_of_it: str, told_of_nothing: str) -> str:
    """What gives away that something exists: another answer than for what does not."""
    if (answer.status_code, told_of_it) == (control.status_code, told_of_nothing):
        return ""
    return (
        f"it tells that it exists: {answer.status_code} {told_of_it}, otherwise {control.status_code} {told_of_nothing}"
    )


async def test_one_id_of_another_among_own_ones_does_not_help(annas: Belongings, eves: Belongings) -> None:
    async def helps(method: str, path: str, says: JSON) -> str:
        for name in names(path) & SOMEBODYS:
            answer = await knock(eves.owner, method, path, says, eves.ids | {name: annas.ids[name]})
            control = await knock(eves.owner, method, path, says, eves.ids | {name: unknown(annas.ids)[name]})
            if answer.status_code != 404:
                return f"{name}: {answer.status_code} {answer.text}"
            of_it, of_nothing = told(answer, annas.ids, eves.ids), told(control, unknown(annas.ids), eves.ids)
            if found := differing(answer, control, of_it, of_nothing):
                return f"{name}: {found}"
        return ""

    mixed = [case for case in personal() if len(names(case[1]) & SOMEBODYS) > 1]
    assert mixed
    assert await wrong(mixed, helps) == []


async def test_without_a_login_nobody_is_told_anything(annas: Belongings, whole_shop: RunningShop) -> None:
    stranger = Caller(whole_shop.http, whole_shop.settings.api_url)

    async def let_in(method: str, path: str, says: JSON) -> str:
        answer = await knock(stranger, method, path, says, annas.ids)
        asked = answer.headers.get("www-authenticate", "").startswith("Bearer")
        return "" if answer.status_code == 401 and asked else f"{answer.status_code} {answer.headers} {answer.text}"

    assert await wrong(personal(), let_in) == []


async def test_asking_for_what_is_another_persons_finds_nothing(annas: Belongings, eves: Belongings) -> None:
    said(await eves.owner.post("/v1/cart/lines", {"sku_id": eves.sku_id, "quantity": 1}), 200)

    async def found(method: str, path: str, says: JSON) -> str:
        for name, kind in ids_in_query(says).items():
            own, hers = of_kind(eves, kind), of_kind(annas, kind)
            nothings = unknown({kind: hers})[kind]
            answer, control, granted = [
                await eves.owner.send(method, path, params={name: each}) for each in (hers, nothings, own)
            ]
            if tells := differing(answer, control, told(answer, {kind: hers}), told(control, {kind: nothings})):
                return f"{name}: {tells}"
            if any(secret in answer.text for secret in annas.secrets):
                return f"{name} tells a secret: {answer.text}"
            if granted.status_code != 200 or told(granted, {kind: own}) == told(answer, {kind: hers}):
                return f"{name}: her own is not found either: {granted.status_code} {granted.text}"
        return ""

    asking = [case for case in for_people() if ids_in_query(case[2])]
    assert asking
    assert await wrong(asking, found) == []


@pytest.mark.parametrize(("path", "kind"), BODIES)
async def test_naming_what_is_another_persons_in_a_body_does_not_help(
    annas: Belongings, eves: Belongings, path: str, kind: str
) -> None:
    method, path_as_served, says = saying()[path, kind]
    before = await annas.look()
    own, hers = of_kind(eves, kind), of_kind(annas, kind)
    nothings = unknown({kind: hers})[kind]
    body = json.dumps(BODIES[path, kind](eves))
    assert own in body
    answer, control, granted = [
        await knock(eves.owner, method, path_as_served, says, eves.ids, json.loads(body.replace(own, each)))
        for each in (hers, nothings, own)
    ]
    assert answer.status_code in (404, 409, 422), answer.text
    assert (answer.status_code, answer.json()["code"]) == (control.status_code, control.json()["code"])
    assert told(answer, {kind: hers}) == told(control, {kind: nothings}), "the answer tells that it exists"
    assert granted.json().get("code") != answer.json()["code"], "her own is refused for the same reason"
    assert await annas.look() == before


async def test_ones_lists_show_nothing_of_anothers(annas: Belongings, eves: Belongings) -> None:
    shown: set[str] = set()
    lists = [c for c in for_people() if c[0] == "GET" and not names(c[1]) and c[2]["security"]]
    for method, path, says in lists:
        if any(p["in"] == "query" and p["required"] for p in says.get("parameters", [])):
            continue  # asked above, by its id
        hers, own = [await who.owner.send(method, path) for who in (annas, eves)]
        assert (hers.status_code, own.status_code) == (200, 200), path
        shown |= {name for name, value in annas.ids.items() if value in hers.text}
        private = {*annas.ids.values(), *annas.secrets, annas.loose_picture} - set(eves.secrets)
        assert [value for value in private if value in own.text] == [], path
    assert shown >= {"order_id", "address_id", "session_id", "user_id", "coupon_id", "aftersale_id", "review_id"}


async def test_what_everyone_may_see_names_nobody(annas: Belongings, eve: Buyer) -> None:
    private = {value for name, value in annas.ids.items() if name != "review_id"} | set(annas.secrets)

    async def named(method: str, path: str, says: JSON) -> str:
        answer = await knock(eve, method, path, says, {"spu_id": PRODUCT, "sku_id": annas.sku_id})
        return answer.text if any(value in answer.text for value in private) else ""

    shown = [case for case in for_people() if case[0] == "GET" and names(case[1]) and not names(case[1]) & SOMEBODYS]
    assert shown
    assert await wrong(shown, named) == []


async def test_a_callback_without_its_channels_signature_is_not_believed(annas: Belongings, eve: Buyer) -> None:
    async def believed(_method: str, path: str, _says: JSON) -> str:
        answer = await eve.post(path.format(**annas.ids | {"name": "sandbox_card"}), {"event": "payment.paid"})
        return "" if answer.status_code in (400, 401) else f"{answer.status_code} {answer.text}"

    before = await annas.look()
    signed = [case for case in with_ids() if SIGNED.fullmatch(case[1])]
    assert signed
    assert await wrong(signed, believed) == []
    assert await annas.look() == before
