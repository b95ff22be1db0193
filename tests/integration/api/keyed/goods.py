"""Stock, transfers and parcels."""

import secrets
from datetime import UTC, datetime
from typing import Any

from models.shared.ids import OrderId
from tests.e2e.calls import said
from tests.e2e.goods import Good
from tests.integration.api.keyed.scene import Ask, Bought, Scene, makes


def _level(good: Good, **more: Any) -> dict[str, Any]:
    return {"warehouse_id": good.warehouses[0], "sku_id": good.sku_id} | more


def _lines(good: Good, quantity: int = 2) -> list[dict[str, Any]]:
    return [{"sku_id": good.sku_id, "quantity": quantity}]


async def _held(scene: Scene) -> tuple[str, dict[str, Any]]:
    """Stock for an order of another system, to be held."""
    order_id = OrderId.mint(datetime.now(UTC), secrets.token_bytes(10))
    home = {"region": "Shanghai", "city": "Shanghai"}
    return order_id, {"order_id": order_id, "lines": _lines(await scene.good()), "destination": home}


@makes("POST /inventory/reserve")
async def reserve(scene: Scene) -> Ask:
    _, held = await _held(scene)
    return Ask(scene.operator, "/inventory/reserve", held)


@makes("POST /inventory/release")
async def release(scene: Scene) -> Ask:
    order_id, held = await _held(scene)
    said(await scene.operator.post("/inventory/reserve", held), 200)
    return Ask(scene.operator, "/inventory/release", {"order_id": order_id})


@makes("POST /inventory/commit")
async def commit(scene: Scene) -> Ask:
    order_id, held = await _held(scene)
    said(await scene.operator.post("/inventory/reserve", held), 200)
    return Ask(scene.operator, "/inventory/commit", {"order_id": order_id})


@makes("POST /v1/inventory/receive")
async def receive(scene: Scene) -> Ask:
    return Ask(scene.operator, "/v1/inventory/receive", _level(await scene.good(), quantity=7))


@makes("POST /v1/inventory/adjust")
async def adjust(scene: Scene) -> Ask:
    return Ask(scene.operator, "/v1/inventory/adjust", _level(await scene.good(), delta=-2, note="broken"))


@makes("POST /v1/inventory/count")
async def count(scene: Scene) -> Ask:
    return Ask(scene.operator, "/v1/inventory/count", _level(await scene.good(), on_hand=17))


@makes("POST /v1/inventory/batches")
async def change_many(scene: Scene) -> Ask:
    lines = [_level(await scene.good(), kind="receive", units=5)]
    return Ask(scene.operator, "/v1/inventory/batches", {"lines": lines})


@makes("POST /v1/inventory/stock-lists")
async def stock_list(scene: Scene) -> Ask:
    good = await scene.good()
    house = await scene.operator.read(f"/v1/inventory/warehouses/{good.warehouses[0]}")
    text = f"warehouse_code,sku_id,on_hand\n{house['code']},{good.sku_id},25\n"
    return Ask(scene.operator, "/v1/inventory/stock-lists", content=text.encode(), headers={"content-type": "text/csv"})


@makes("POST /v1/inventory/warehouses", 201)
async def warehouse(scene: Scene) -> Ask:
    good = await scene.good()
    house = await scene.operator.read(f"/v1/inventory/warehouses/{good.warehouses[0]}")
    code = f"wh-{secrets.token_hex(5)}"
    told = {"code": code, "merchant_id": house["merchant_id"], "name": code, "region": "Shanghai", "city": "Shanghai"}
    return Ask(scene.operator, "/v1/inventory/warehouses", told)


# ---- from one warehouse to another -----------------------------------------------------------------------------------


async def _plan(scene: Scene) -> dict[str, Any]:
    good = await scene.good(20, 20)
    ends = {"from_warehouse_id": good.warehouses[0], "to_warehouse_id": good.warehouses[1]}
    return ends | {"lines": _lines(good, 4)}


async def _transfer(scene: Scene, *, left: bool) -> str:
    """The path of a transfer that was planned, or is on its way."""
    planned = await scene.made("/v1/inventory/transfers", await _plan(scene))
    path = f"/v1/inventory/transfers/{planned['transfer_id']}"
    if left:
        await scene.operator.post(f"{path}/dispatch")
    return path


@makes("POST /v1/inventory/transfers", 201)
async def plan_transfer(scene: Scene) -> Ask:
    return Ask(scene.operator, "/v1/inventory/transfers", await _plan(scene))


@makes("POST /v1/inventory/transfers/{transfer_id}/dispatch")
async def dispatch_transfer(scene: Scene) -> Ask:
    return Ask(scene.operator, f"{await _transfer(scene, left=False)}/dispatch")


@makes("POST /v1/inventory/transfers/{transfer_id}/arrive")
async def receive_transfer(scene: Scene) -> Ask:
    return Ask(scene.operator, f"{await _transfer(scene, left=True)}/arrive", {})


@makes("POST /v1/inventory/transfers/{transfer_id}/lose")
async def lose_transfer(scene: Scene) -> Ask:
    return Ask(scene.operator, f"{await _transfer(scene, left=True)}/lose", {"reason": "water damage"})


@makes("POST /v1/inventory/transfers/{transfer_id}/recall")
async def recall_transfer(scene: Scene) -> Ask:
    return Ask(scene.operator, f"{await _transfer(scene, left=True)}/recall", {"reason": "wrong house"})


# ---- parcels ---------------------------------------------------------------------------------------------------------


def _word(scene: Scene, shipment_id: str, what: str, **body: Any) -> Ask:
    return Ask(scene.operator, f"/v1/shipments/{shipment_id}/{what}", body)


async def _on_the_shelf(scene: Scene) -> tuple[Bought, str]:
    bought = await scene.paid(await scene.good(by_hand=True), quantity=3)
    return bought, await scene.parcel(bought, "picking")


async def _on_its_way(scene: Scene) -> str:
    return await scene.parcel(await scene.paid())


@makes("POST /v1/shipments/{shipment_id}/dispatch")
async def dispatch(scene: Scene) -> Ask:
    _, parcel = await _on_the_shelf(scene)
    return _word(scene, parcel, "dispatch")


@makes("POST /v1/shipments/{shipment_id}/split")
async def split(scene: Scene) -> Ask:
    bought, parcel = await _on_the_shelf(scene)
    return _word(scene, parcel, "split", items=_lines(bought.good, 1))


@makes("POST /v1/shipments/{shipment_id}/give-up")
async def give_up(scene: Scene) -> Ask:
    good = await scene.good(1)
    path = f"/v1/inventory/levels/{good.warehouses[0]}/{good.sku_id}/selling-ahead"
    await scene.put(path, {"policy": "backorder", "limit": 5, "within_days": 14}, 0)
    await scene.ordered(good, quantity=1)
    return _word(scene, await scene.parcel(await scene.paid(good), "waiting"), "give-up", why="it will not come")


@makes("POST /v1/shipments/{shipment_id}/sign-off")
async def sign_off(scene: Scene) -> Ask:
    return _word(scene, await _on_its_way(scene), "sign-off", proof="left with the porter")


@makes("POST /v1/shipments/{shipment_id}/exceptions")
async def report_exception(scene: Scene) -> Ask:
    return _word(scene, await _on_its_way(scene), "exceptions", kind="lost")


@makes("POST /v1/shipments/{shipment_id}/decide")
async def decide_exception(scene: Scene) -> Ask:
    parcel = await _on_its_way(scene)
    await scene.about(parcel, "exceptions", kind="lost")
    return _word(scene, parcel, "decide", decision="refund")


@makes("POST /v1/shipments/{shipment_id}/receive-back")
async def receive_back(scene: Scene) -> Ask:
    bought = await scene.paid()
    parcel = await scene.parcel(bought)
    await scene.about(parcel, "exceptions", kind="refused")
    await scene.parcel(bought, "returning")
    return _word(scene, parcel, "receive-back")
