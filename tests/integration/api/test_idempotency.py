"""One Idempotency-Key is one effect, however often and however much at once it is sent: on every operation that takes one.

Operations are taken from the OpenAPI document; a new one fails until `keyed/` says how a valid request of it is made. What
was done is counted in the databases and in Temporal: fifty requests must leave what one leaves.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tests.e2e.calls import fresh_key
from tests.e2e.running import RunningShop
from tests.integration.api.effects import Effects, difference
from tests.integration.api.keyed import goods, selling, service  # noqa: F401 # they register their recipes
from tests.integration.api.keyed.scene import RECIPES, Ask, Scene
from tests.openapi import document

SAMPLE = ("POST /orders", "POST /coupons/claim")
"""An order with its stock and its payment, and coupons: for `make test`. `make proof` takes every operation."""
_BOOKKEEPING = {"ops.idempotency_keys", "ops.audit_log"}
_NOT_YET = {(409, "idempotency_key_in_flight"), (503, "service_busy")}


def keyed() -> set[str]:
    """Operations that take a key; what is served bare and under /v1 counts once."""
    found = {
        (method.upper(), path)
        for path, methods in document()["paths"].items()
        for method, says in methods.items()
        if any(parameter["name"] == "idempotency-key" for parameter in says.get("parameters", []))
    }
    return {
        f"{method} {path}"
        for method, path in found
        if (method, path.removeprefix("/v1")) not in found - {(method, path)}
    }


@pytest.fixture(scope="module")
async def scene(whole_shop: RunningShop) -> Scene:
    return Scene(whole_shop)


@pytest.fixture(scope="module")
async def effects(whole_shop: RunningShop) -> AsyncIterator[Effects]:
    async with AsyncExitStack() as opened:
        yield await Effects.of(whole_shop, opened)


async def send(ask: Ask, key: str, body: Any = None) -> httpx.Response:
    """Once; another `body` than the ask's own, if one is given."""
    sent = {"json": ask.body} if ask.content is None else {"content": ask.content}
    return await ask.who.post(ask.path, key=key, headers=ask.headers, **(sent if body is None else {"json": body}))


async def insist(ask: Ask, key: str) -> httpx.Response:
    """Until it is answered with more than a request for patience."""
    while True:
        answer = await send(ask, key)
        if answer.status_code < 400 or (answer.status_code, answer.json()["code"]) not in _NOT_YET:
            return answer
        await asyncio.sleep(0.1)


async def at_once(scene: Scene, effects: Effects, operation: str, times: int) -> None:
    recipe = RECIPES[operation]
    alone, together = await recipe.make(scene), await recipe.make(scene)
    at_first = await effects.settled()
    answer = await insist(alone, fresh_key())
    assert answer.status_code == recipe.status, answer.text
    in_between = await effects.settled()
    one = {what: more for what, more in difference(at_first, in_between).items() if what not in recipe.elsewhere}
    assert one.keys() - _BOOKKEEPING, "a request that changes nothing proves nothing"

    key = fresh_key()
    answers = await asyncio.gather(*(insist(together, key) for _ in range(times)))
    assert {answer.status_code for answer in answers} == {recipe.status}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers.get("content-type") for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1, (
        "one did it, the others were told"
    )
    at_last = await effects.settled()
    many = {what: more for what, more in difference(in_between, at_last).items() if what not in recipe.elsewhere}
    assert many == one, "as many requests did what one does"

    other = await send(together, key, {"another": "wish"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    later = await send(together, key)
    assert later.headers["idempotent-replayed"] == "true"
    assert (later.status_code, later.content) == (recipe.status, answers[0].content)
    after_all = difference(at_last, await effects.settled())
    assert [what for what in after_all if what not in recipe.elsewhere] == []


def test_every_operation_that_takes_a_key_says_how_it_is_asked() -> None:
    assert keyed() ^ RECIPES.keys() == set(), "write a recipe in tests/integration/api/keyed for what is new"


@pytest.mark.parametrize("operation", SAMPLE)
async def test_five_requests_with_one_key_at_once_are_one(scene: Scene, effects: Effects, operation: str) -> None:
    await at_once(scene, effects, operation, 5)


@pytest.mark.proof
@pytest.mark.parametrize("operation", sorted(RECIPES))
async def test_fifty_requests_with_one_key_at_once_are_one(scene: Scene, effects: Effects, operation: str) -> None:
    await at_once(scene, effects, operation, 50)
