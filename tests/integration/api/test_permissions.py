"""OWASP API5: an operator does what their permissions name, and nothing else; the OpenAPI document names them (`x-permissions`)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from models.users.types import Permission
from tests.e2e.calls import Buyer, Caller, Operator
from tests.e2e.running import RunningShop
from tests.integration.api.belongings import Belongings
from tests.integration.api.knocking import Case, every, example_bodies, knock, permissions_of, unknown, wrong
from tests.integration.api.test_object_level_access import personal

ALL = frozenset(permission.value for permission in Permission)
WITH_ORDERS, WITH_MONEY = frozenset({"orders", "service", "stock"}), frozenset({"finance", "service"})
WITH_CASES = frozenset({"service", "stock"})
LOOKED_AT_BY: dict[str, frozenset[str]] = {
    "POST /orders/{order_id}/cancel": frozenset({"orders"}),
    "GET /orders/{order_id}": WITH_ORDERS,
    "GET /orders/{order_id}/timeline": WITH_ORDERS,
    "GET /orders/{order_id}/events": WITH_ORDERS,
    "GET /orders/{order_id}/receipt": WITH_ORDERS,
    "POST /orders/{order_id}/refund-proposal": WITH_ORDERS,
    "GET /orders/{order_id}/shipments": WITH_ORDERS,
    "GET /shipments/{shipment_id}": WITH_ORDERS,
    "GET /payments/{payment_id}": WITH_MONEY,
    "GET /payments/{payment_id}/refunds": WITH_MONEY,
    "GET /aftersales/{aftersale_id}": WITH_CASES,
    "GET /aftersales/{aftersale_id}/timeline": WITH_CASES,
    "GET /aftersales/{aftersale_id}/return": WITH_CASES,
    "GET /aftersales/{aftersale_id}/evidence": WITH_CASES,
    "GET /aftersale-evidence/{evidence_id}": frozenset({"service"}),
}
"""What is a person's own, and operators with one of these permissions may look at, too. Everything else of a person's is not
there for operators either."""


def of_operators() -> list[Case]:
    return [case for case in every() if permissions_of(case[2])]


Staff = Callable[[frozenset[str]], Awaitable[Operator]]


@pytest.fixture(scope="module")
async def staff(whole_shop: RunningShop) -> Staff:
    """Makes operators with exactly these permissions, each kind once."""
    known: dict[frozenset[str], asyncio.Task[Operator]] = {}

    async def with_these(permissions: frozenset[str]) -> Operator:
        if permissions not in known:
            known[permissions] = asyncio.ensure_future(whole_shop.staff(*sorted(permissions)))
        return await known[permissions]

    return with_these


async def test_who_lacks_the_permission_is_refused(annas: Belongings, eve: Buyer, staff: Staff) -> None:
    async def let_in(method: str, path: str, says: Any) -> str:
        for who in (eve, await staff(ALL - set(permissions_of(says)))):
            answer = await knock(who, method, path, says, annas.ids)
            if answer.status_code != 403 or answer.json()["code"] != "permission_missing":
                return f"{answer.status_code} {answer.text}"
        return ""

    assert len(of_operators()) > 150
    assert await wrong(of_operators(), let_in) == []


async def test_one_of_the_named_permissions_is_enough(annas: Belongings, staff: Staff) -> None:
    """With a body that is none and ids of nothing, so that the request fails for another reason or does nothing."""

    async def kept_out(method: str, path: str, says: Any) -> str:
        body = {"no": "body"} if example_bodies(says) else None
        for permission in permissions_of(says):
            answer = await knock(await staff(frozenset({permission})), method, path, says, unknown(annas.ids), body)
            if answer.status_code in (401, 403) or answer.status_code >= 500:
                return f"{permission}: {answer.status_code} {answer.text}"
        return ""

    assert await wrong(of_operators(), kept_out) == []


async def looks(who: Caller, method: str, path: str, says: dict[str, Any], ids: dict[str, str]) -> httpx.Response:
    """As `knock`, without waiting for the end of a stream."""
    if not path.endswith("/events"):
        return await knock(who, method, path, says, ids)
    headers = {"authorization": f"Bearer {who.token}"}
    async with who.http.stream(method, who.api_url + path.format(**ids), headers=headers) as answer:
        return httpx.Response(answer.status_code)


async def test_what_is_a_persons_own_is_there_for_no_other_operator(annas: Belongings, staff: Staff) -> None:
    async def seen_wrongly(method: str, path: str, says: Any) -> str:
        opened_by = LOOKED_AT_BY.get(f"{method} {path.removeprefix('/v1')}", frozenset[str]())
        stranger = await looks(await staff(ALL - opened_by), method, path, says, annas.ids)
        if stranger.status_code != 404:
            return f"seen without {sorted(opened_by)}: {stranger.status_code} {stranger.text}"
        for permission in opened_by:
            answer = await looks(await staff(frozenset({permission})), method, path, says, annas.ids)
            if answer.status_code not in (200, 409, 422):
                return f"not seen with {permission}: {answer.status_code} {answer.text}"
        return ""

    before = await annas.look()
    own = [case for case in personal() if not permissions_of(case[2])]
    assert await wrong(own, seen_wrongly) == []
    assert await annas.look() == before
