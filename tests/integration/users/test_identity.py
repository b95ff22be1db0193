"""What other routers learn about who a request is from."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Request

from api.edge import problems
from api.edge.caller import caller_of
from api.edge.identity import CurrentUser, MaybeUser, operator
from models.shared.ids import UserId
from models.users.types import AccountStatus, Identity
from tests.integration.users.shop import Person, Shop


@pytest.fixture
async def elsewhere(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """Another domain's routes."""
    app = FastAPI()
    problems.install(app)
    app.state.services = shop.app.state.services

    @app.get("/mine")
    async def mine(who: CurrentUser) -> UserId:
        return who.user_id

    @app.get("/anyone")
    async def anyone(who: MaybeUser) -> UserId | None:
        return who.user_id if who else None

    @app.get("/stock")
    async def stock(who: Annotated[Identity, operator("stock", "orders")]) -> list[str]:
        return sorted(who.permissions)

    @app.get("/caller")
    async def caller(request: Request) -> str:
        return await caller_of(request)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        yield client


def _token(person: Person) -> dict[str, str]:
    return {"authorization": f"Bearer {person.tokens['access_token']}"}


async def test_a_route_for_users_takes_a_good_token(shop: Shop, elsewhere: httpx.AsyncClient) -> None:
    anna = await shop.customer()
    assert (await elsewhere.get("/mine", headers=_token(anna))).json() == anna.id
    assert (await elsewhere.get("/mine")).json()["code"] == "not_authenticated"


async def test_a_route_for_anyone_takes_no_token_but_no_bad_one(shop: Shop, elsewhere: httpx.AsyncClient) -> None:
    anna = await shop.customer()
    assert (await elsewhere.get("/anyone")).json() is None
    assert (await elsewhere.get("/anyone", headers=_token(anna))).json() == anna.id
    assert (await elsewhere.get("/anyone", headers={"authorization": "Bearer x"})).status_code == 401


async def test_a_route_for_operators_takes_one_of_its_permissions(shop: Shop, elsewhere: httpx.AsyncClient) -> None:
    keeper, agent, accountant = [await shop.operator(role) for role in ("warehouse", "service", "finance")]
    assert (await elsewhere.get("/stock", headers=_token(keeper))).json() == ["orders", "stock"]
    assert (await elsewhere.get("/stock", headers=_token(agent))).status_code == 200
    refused = await elsewhere.get("/stock", headers=_token(accountant))
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")
    assert (await elsewhere.get("/stock")).status_code == 401


async def test_a_revoked_token_borrows_no_users_scope(shop: Shop, elsewhere: httpx.AsyncClient) -> None:
    anna = await shop.customer()
    assert (await elsewhere.get("/caller", headers=_token(anna))).json() == f"user:{anna.id}"
    await anna.http.delete("/v1/sessions/current")
    assert (await elsewhere.get("/caller", headers=_token(anna))).json().startswith("address:")
    assert (await elsewhere.get("/caller")).json().startswith("address:")


async def test_an_account_disabled_while_it_logs_in_ten_times_has_no_session_left(shop: Shop) -> None:
    anna = await shop.customer()
    devices = [shop.stranger(anna.contact) for _ in range(10)]
    async with asyncio.TaskGroup() as at_once:
        tries = [at_once.create_task(device.log_in()) for device in devices]
        await asyncio.sleep(0.02)
        at_once.create_task(shop.users.accounts.set_status(anna.id, AccountStatus.DISABLED, 1, shop.clock()))
    assert {answer.result().status_code for answer in tries} <= {200, 401, 429}
    assert await shop.users.sessions.of_user(anna.id, shop.clock()) == []
    assert not any([await device.is_let_in() for device in devices])


async def test_a_role_edited_while_its_holders_log_in_leaves_no_old_permission(shop: Shop) -> None:
    agents = [await shop.operator("service") for _ in range(5)]
    role = await shop.users.roles.get("service")
    async with asyncio.TaskGroup() as at_once:
        for agent in agents:
            at_once.create_task(agent.log_in())
        await asyncio.sleep(0.01)
        edited = role.model_copy(update={"permissions": frozenset()})
        at_once.create_task(shop.users.roles.save(edited, shop.clock()))
    for agent in agents:
        assert (await agent.http.get("/v1/operators/accounts")).status_code in (401, 403)
