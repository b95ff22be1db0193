"""What operators say about selling ahead, what buyers hear of it, and who waits."""

import asyncio
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.siblings import Siblings
from models.inventory.ahead import shipment_of
from models.inventory.events import StockLow
from models.inventory.messages import TellLowStock
from models.inventory.types import Claim
from tests.integration.inventory.over_http import Listener, post, receive
from tests.integration.inventory.shop import SHANGHAI, order, sku
from tests.integration.users.shop import Person
from tests.integration.users.shop import Shop as AccountsShop

BACKORDER = {"policy": "backorder", "limit": 5, "within_days": 14}


async def _level(keeper: Person, warehouse: dict[str, Any], units: int = 0) -> str:
    body = {"warehouse_id": warehouse["warehouse_id"], "sku_id": sku(), "on_hand": units}
    assert (await post(keeper, "/v1/inventory/count", body)).status_code == 200
    return f"/v1/inventory/levels/{warehouse['warehouse_id']}/{sku()}/selling-ahead"


def _wish(units: int, name: str = "order") -> dict[str, Any]:
    return {
        "order_id": order(name),
        "lines": [{"sku_id": sku(), "quantity": units}],
        "destination": SHANGHAI.model_dump(mode="json"),
    }


async def test_an_operator_decides_and_buyers_hear_of_it(keeper: Person, warehouse: dict[str, Any]) -> None:
    path = await _level(keeper, warehouse)
    seen = await keeper.http.get(path)
    assert (seen.json()["policy"], seen.headers["etag"]) == ("never", '"0"')
    assert (await keeper.http.put(path, json=BACKORDER)).status_code == 428
    said = await keeper.http.put(path, json=BACKORDER, headers={"if-match": seen.headers["etag"]})
    assert (said.status_code, said.headers["etag"], said.json()["limit"]) == (200, '"1"', 5)
    again = await keeper.http.put(path, json={"policy": "never"}, headers={"if-match": seen.headers["etag"]})
    assert (again.status_code, again.json()["code"]) == (412, "stale_version")

    told = (await keeper.http.get(f"/v1/inventory/skus/{sku()}")).json()
    assert (told["available"], told["in_stock"], told["availability"]) == (5, 0, "back_order")
    assert told["ships_by"] is not None
    exported = (await keeper.http.get("/v1/inventory/stock-lists")).text
    assert f"SH-1,{sku()},0,0,0,0,0,backorder" in exported


async def test_a_policy_that_lacks_its_terms_is_refused(keeper: Person, warehouse: dict[str, Any]) -> None:
    path = await _level(keeper, warehouse)
    for said in ({"policy": "backorder", "limit": 5}, {"policy": "preorder", "limit": 5}, {"policy": "sometimes"}):
        answer = await keeper.http.put(path, json=said, headers={"if-match": '"0"'})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_who_waits_is_listed_until_goods_come(keeper: Person, warehouse: dict[str, Any]) -> None:
    path = await _level(keeper, warehouse, 1)
    await keeper.http.put(path, json=BACKORDER, headers={"if-match": '"0"'})
    held = (await post(keeper, "/inventory/reserve", _wish(3))).json()
    assert [claim["quantity"] for claim in held["ahead"]] == [2]
    refused = await post(keeper, "/inventory/reserve", _wish(4, "too much"))
    assert (refused.json()["code"], refused.json()["lines"][0]["left"]) == ("sold_out", 3)
    waiting = (await keeper.http.get("/v1/inventory/claims", params={"state": "open"})).json()["items"]
    assert [(claim["order_id"], claim["state"]) for claim in waiting] == [(order(), "open")]
    assert (await keeper.http.get(path)).json()["waiting"] == 2
    await receive(keeper, warehouse, 2)
    assert (await keeper.http.get("/v1/inventory/claims", params={"state": "open"})).json()["items"] == []


async def test_a_buyer_may_not_see_who_waits_nor_decide(
    accounts: AccountsShop, keeper: Person, warehouse: dict[str, Any]
) -> None:
    path = await _level(keeper, warehouse)
    buyer = await accounts.customer()
    for answer in (
        await buyer.http.get(path),
        await buyer.http.get("/v1/inventory/claims"),
        await buyer.http.put(path, json=BACKORDER, headers={"if-match": '"0"'}),
    ):
        assert answer.status_code == 403


class _Away(Siblings):
    """Temporal as a test wants it: away for alerts; which parcels it would tell is written down."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.told: list[Claim] = []

    async def tell_goods_came(self, claims: Any) -> None:
        self.told += claims

    async def tell_low_stock(self, tell: TellLowStock) -> None:
        raise RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")


async def test_parcels_are_told_that_their_goods_came(
    accounts: AccountsShop, keeper: Person, warehouse: dict[str, Any], saga_client: Client
) -> None:
    siblings = accounts.app.state.services.siblings = _Away(saga_client)
    path = await _level(keeper, warehouse)
    await keeper.http.put(path, json=BACKORDER, headers={"if-match": '"0"'})
    (claim,) = (await post(keeper, "/inventory/reserve", _wish(3))).json()["ahead"]
    await receive(keeper, warehouse, 2)
    assert siblings.told == []
    await receive(keeper, warehouse, 1)
    assert [told.claim_id for told in siblings.told] == [claim["claim_id"]]
    assert shipment_of(siblings.told[0]).startswith("shp_")


async def test_a_thresholds_alert_is_told_once_although_temporal_was_away(
    accounts: AccountsShop, keeper: Person, warehouse: dict[str, Any], listener: Listener
) -> None:
    await receive(keeper, warehouse, 5)
    services, path = accounts.app.state.services, f"/v1/inventory/levels/{warehouse['warehouse_id']}/{sku()}/thresholds"
    present = services.siblings
    services.siblings = _Away(services.temporal)
    away = await keeper.http.put(path, json={"safety": 3, "low_at": 2})
    assert (away.status_code, away.json()["code"]) == (503, "service_busy")
    services.siblings = present
    for _ in range(3):
        accounts.clock.advance(minutes=1)
        answer = await keeper.http.put(path, json={"safety": 3, "low_at": 2})
        assert answer.json()["low_stock"]["available"] == 2

    def told() -> list[StockLow]:  # notices of other tests may still be under way
        heard = [event for event in listener.heard if isinstance(event, StockLow)]
        return [low for low in heard if low.warehouse_id == warehouse["warehouse_id"]]

    for _ in range(100):
        if told():
            break
        await asyncio.sleep(0.05)
    assert len(told()) == 1
