"""An api that has as many new orders under way as it may: new ones are turned away before anything is begun, and all that was begun
goes on."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import uvicorn
from fastapi import FastAPI

from api.app import build
from api.edge.admission import Admission
from api.wiring import open_services
from hanse.temporal import connect
from tests.e2e.calls import Buyer, Operator, eventually, fresh_key, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.running import RunningShop
from tests.integration.channels.sandbox_server import free_port


@dataclass(frozen=True)
class House:
    """One more api of the running shop, with one place for a new order."""

    shop: RunningShop
    url: str
    app: FastAPI
    good: Good

    @property
    def door(self) -> Admission:
        door: Admission = self.app.state.admission
        return door

    async def buyer(self) -> Buyer:
        return await self.shop.buyer(self.url)

    async def left(self) -> int:
        return await self.shop.operator.available(self.good.sku_id)


@pytest.fixture(scope="module")
async def house(whole_shop: RunningShop) -> AsyncIterator[House]:
    port = free_port()
    one = {"orders_under_way_least": 1, "orders_under_way_most": 1, "api_url": f"http://127.0.0.1:{port}"}
    settings = whole_shop.settings.model_copy(update=one)
    good = await Shelves(whole_shop.operator).good(1_000)
    async with open_services(settings) as services:
        app = build(settings, services)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="on"))
        serving = asyncio.create_task(server.serve())
        try:
            await eventually("the api listens", lambda: asyncio.sleep(0, server.started))
            yield House(whole_shop, settings.api_url, app, good)
        finally:
            server.should_exit = True
            await serving


@pytest.mark.parametrize("path", ["/orders", "/v1/orders/prepare"])
async def test_who_finds_no_place_is_told_so_and_the_same_key_may_be_used_again(house: House, path: str) -> None:
    buyer, key, before = await house.buyer(), fresh_key(), await house.left()
    ask, larger = (
        basket if path.endswith("prepare") else {"basket": basket}
        for basket in (buyer.basket(house.good.sku_id), buyer.basket(house.good.sku_id, quantity=2))
    )
    async with house.door.place():
        refused = await buyer.post(path, ask, key=key)
        assert await house.left() == before
        assert (await buyer.read("/v1/orders"))["items"] == []
        other = await buyer.post(path, larger, key=key)
    assert (refused.status_code, refused.json()["code"]) == (503, "shop_full")
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) == refused.json()["retry_after"] >= 1
    assert other.json()["code"] == "shop_full", "nothing of the first request is remembered, not even what it was"

    done = await buyer.post(path, ask, key=key)
    assert done.is_success, done.text
    assert "idempotent-replayed" not in done.headers
    assert await house.left() == before - 1
    async with house.door.place():
        again = await buyer.post(path, ask, key=key)
    assert (again.content, again.headers["idempotent-replayed"]) == (done.content, "true")


async def test_what_was_begun_goes_on_before_a_full_house(house: House) -> None:
    buyer = await house.buyer()
    prepared = said(await buyer.post("/orders/prepare", buyer.basket(house.good.sku_id)), 200)
    async with house.door.place():
        order = said(await buyer.post("/orders", {"order_id": prepared["order_id"]}), 201)
        await buyer.pay(order["order_id"])  # its callback comes to this api, too
        paid = await buyer.until(order["order_id"], "paid")
        part = said(await Operator(buyer.http, house.url, house.shop.operator.token).refund(paid, 100), 201)
        assert part["amount"]["minor"] == 100
        assert (await buyer.cancel(order["order_id"])).status_code in (200, 409)  # its parcel may have left


async def test_an_order_that_was_asked_for_and_not_answered_is_let_in_under_its_key(house: House) -> None:
    buyer, key, before = await house.buyer(), fresh_key(), await house.left()
    services = house.app.state.services
    nowhere = await connect(services.settings.model_copy(update={"temporal_address": "127.0.0.1:1"}), lazy=True)
    house.app.state.services = dataclasses.replace(services, temporal=nowhere)
    assert (await buyer.place(house.good.sku_id, key=key)).status_code >= 500
    house.app.state.services = services
    async with house.door.place():
        assert (await buyer.place(house.good.sku_id)).json()["code"] == "shop_full"
        assert (await buyer.place(house.good.sku_id, key=key)).status_code == 201
    assert await house.left() == before - 1
