"""An order for more than is there, over HTTP on the running shop: its goods come, or the buyer thinks better of it."""

from tests.e2e.calls import JSON, Buyer, Operator, eventually, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.running import RunningShop


async def _on_back_order(operator: Operator, good: Good, limit: int) -> None:
    path = f"/v1/inventory/levels/{good.warehouses[0]}/{good.sku_id}/selling-ahead"
    setting = {"policy": "backorder", "limit": limit, "within_days": 14}
    said(await operator.send("PUT", path, json=setting, headers={"if-match": '"0"'}), 200)


async def _parcels(buyer: Buyer, order_id: str, *statuses: str) -> list[JSON]:
    async def reached() -> list[JSON] | None:
        found = await buyer.read(f"/v1/orders/{order_id}/shipments")
        return found if sorted(parcel["status"] for parcel in found) == sorted(statuses) else None

    parcels: list[JSON] = await eventually(f"the parcels of {order_id} are {statuses}", reached)
    return parcels


async def test_what_is_there_leaves_at_once_and_the_rest_when_it_comes_or_never(
    shop: RunningShop, shelves: Shelves, operator: Operator
) -> None:
    good = await shelves.good(2)
    await _on_back_order(operator, good, limit=5)
    buyer, other = await shop.buyer(), await shop.buyer()

    placed = await buyer.placed(good.sku_id, quantity=5)
    assert [(late["quantity"], late["policy"]) for late in placed["late"]] == [(3, "backorder")]
    order_id = placed["order_id"]
    await buyer.pay(order_id)
    await _parcels(buyer, order_id, "shipped", "waiting")
    waits = [parcel["waits"] for parcel in (await buyer.order(order_id))["parcels"] if parcel["waits"]]
    assert [wait["ships_by"] for wait in waits] == [placed["late"][0]["ships_by"]]

    late = await other.placed(good.sku_id, quantity=2)
    await other.pay(late["order_id"])
    await _parcels(other, late["order_id"], "waiting")
    assert (await other.place(good.sku_id)).json()["code"] == "sold_out"  # three and two wait: the limit

    said(await other.post(f"/orders/{late['order_id']}/cancel", {"why": "too late"}), 200)

    async def paid_back() -> bool:
        return bool((await other.order(late["order_id"]))["refunded"]["minor"] == 2 * good.price)

    await eventually("the price of goods that never came goes back", paid_back)
    receipt = {"warehouse_id": good.warehouses[0], "sku_id": good.sku_id, "quantity": 4}
    said(await operator.post("/v1/inventory/receive", receipt), 200)
    await _parcels(buyer, order_id, "shipped", "shipped")
    assert await operator.available(good.sku_id) == 1 + 5  # one lies there, five may be sold ahead again
    level = (await operator.read(f"/v1/inventory/levels?sku_id={good.sku_id}"))["items"][0]
    assert (level["on_hand"], level["reserved"], level["claimed"]) == (1, 0, 0)
