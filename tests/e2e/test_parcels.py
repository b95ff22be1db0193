"""Orders from the shelf to the buyer's door and back, over HTTP on the running shop, to the fen and to the unit."""

from typing import Any

import pytest

from tests.e2e.calls import JSON, Buyer, Operator, eventually, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.running import RunningShop


async def parcel_of(buyer: Buyer, order_id: str, status: str) -> JSON:
    """The order's only parcel, once it is so."""

    async def reached() -> JSON | None:
        found = await buyer.read(f"/v1/orders/{order_id}/shipments")
        return found[0] if found and found[0]["status"] == status else None

    parcel: JSON = await eventually(f"the parcel of {order_id} is {status}", reached)
    return parcel


async def bought(buyer: Buyer, good: Good, quantity: int = 1) -> str:
    """A paid order."""
    order_id = str((await buyer.placed(good.sku_id, quantity=quantity))["order_id"])
    await buyer.pay(order_id)
    await buyer.until(order_id, "paid")
    return order_id


async def about(operator: Operator, parcel: JSON, what: str, **body: Any) -> JSON:
    """An operator's word on a parcel, granted."""
    return said(await operator.post(f"/v1/shipments/{parcel['shipment_id']}/{what}", body), 200)


async def refunded(buyer: Buyer, order_id: str, minor: int) -> JSON:
    """The order, once so much went back."""

    async def went_back() -> JSON | None:
        order = await buyer.order(order_id)
        return order if order["refunded"]["minor"] == minor else None

    order: JSON = await eventually(f"{minor} went back for {order_id}", went_back)
    return order


@pytest.fixture
async def by_hand(shelves: Shelves) -> Good:
    """Ten units in a warehouse that lets parcels out by hand."""
    return await shelves.good(10, outbound="manual")


async def test_an_order_is_paid_shipped_confirmed_and_complete(
    shop: RunningShop, shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    good = await shelves.good(10)
    order_id = await bought(buyer, good, quantity=2)
    parcel = await parcel_of(buyer, order_id, "shipped")
    assert parcel["waybill"].startswith("SBX")
    said(await buyer.post(f"/v1/orders/{order_id}/confirm"), 200)
    order = await buyer.until(order_id, "completed")
    assert (order["fulfillment_status"], await operator.available(good.sku_id)) == ("delivered", 8)
    assert [step for step in await timeline(buyer, order_id) if step.startswith("parcel_")] == [
        "parcel_picking",
        "parcel_outbound",
        "parcel_shipped",
        "parcel_signed",
    ]
    await shop.books_agree([order_id])
    await shop.audit_is_clean()


async def timeline(buyer: Buyer, order_id: str) -> list[str]:
    """The steps of an order as its buyer reads them."""
    return [entry["step"] for entry in await buyer.read(f"/v1/orders/{order_id}/timeline")]


async def test_what_an_operator_signs_off_the_buyer_confirms(by_hand: Good, buyer: Buyer, operator: Operator) -> None:
    order_id = await bought(buyer, by_hand)
    parcel = await parcel_of(buyer, order_id, "picking")
    early = await buyer.post(f"/v1/orders/{order_id}/confirm")
    assert (early.status_code, early.json()["code"]) == (409, "parcels_under_way")
    await about(operator, parcel, "dispatch")
    await parcel_of(buyer, order_id, "shipped")
    assert (await about(operator, parcel, "sign-off", proof="left with the porter"))["status"] == "signed"
    said(await buyer.post(f"/v1/orders/{order_id}/confirm"), 200)
    await buyer.until(order_id, "completed")


async def test_cancelled_after_payment_everything_comes_back(
    shop: RunningShop, by_hand: Good, buyer: Buyer, operator: Operator
) -> None:
    order_id = await bought(buyer, by_hand, quantity=3)
    assert await operator.available(by_hand.sku_id) == 7
    said(await buyer.cancel(order_id), 200)
    await refunded(buyer, order_id, 3 * by_hand.price)
    assert await operator.available(by_hand.sku_id) == 10
    await parcel_of(buyer, order_id, "stopped")
    await shop.books_agree([order_id])
    await shop.audit_is_clean()


async def test_what_a_short_pick_lacks_is_refunded_and_the_rest_is_sent(
    shop: RunningShop, by_hand: Good, buyer: Buyer, operator: Operator
) -> None:
    order_id = await bought(buyer, by_hand, quantity=3)
    parcel = await parcel_of(buyer, order_id, "picking")
    await about(operator, parcel, "dispatch", picked=[{"sku_id": by_hand.sku_id, "quantity": 2}])
    await parcel_of(buyer, order_id, "shipped")
    await refunded(buyer, order_id, by_hand.price)
    await shop.books_agree([order_id])
    await shop.audit_is_clean()


async def test_a_lost_parcel_is_sent_again_from_the_shelf(
    shop: RunningShop, shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    good = await shelves.good(2)
    order_id = await bought(buyer, good)
    parcel = await parcel_of(buyer, order_id, "shipped")
    await about(operator, parcel, "exceptions", kind="lost", detail="the carrier closed its search")
    await about(operator, parcel, "decide", decision="reship")
    again = await parcel_of(buyer, order_id, "shipped")
    assert again["waybill"] != parcel["waybill"]
    assert await operator.available(good.sku_id) == 0
    await shop.audit_is_clean()
    await about(operator, parcel, "exceptions", kind="damaged")
    sold_out = await operator.post(f"/v1/shipments/{parcel['shipment_id']}/decide", {"decision": "reship"})
    assert (sold_out.status_code, sold_out.json()["code"]) == (409, "sold_out")
    await about(operator, parcel, "decide", decision="refund")
    await refunded(buyer, order_id, good.price)
    await shop.books_agree([order_id])
    await shop.audit_is_clean()


async def test_a_parcel_refused_at_the_door_comes_back_to_the_shelf_and_the_money_to_the_buyer(
    shop: RunningShop, shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    good = await shelves.good(5)
    order_id = await bought(buyer, good, quantity=2)
    parcel = await parcel_of(buyer, order_id, "shipped")
    await about(operator, parcel, "exceptions", kind="refused")
    await parcel_of(buyer, order_id, "returning")
    await about(operator, parcel, "receive-back")
    await refunded(buyer, order_id, 2 * good.price)

    async def restocked() -> bool:
        return await operator.available(good.sku_id) == 5

    await eventually("the goods are on the shelf again", restocked)
    await shop.books_agree([order_id])
    await shop.audit_is_clean()


async def test_a_corrected_address_sends_a_stray_parcel_on(
    shop: RunningShop, shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    order_id = await bought(buyer, await shelves.good(1))
    parcel = await parcel_of(buyer, order_id, "shipped")
    await about(operator, parcel, "exceptions", kind="address_error", detail="no such house")
    address = {"address_id": buyer.address_id}
    said(await buyer.send("PUT", f"/v1/orders/{order_id}/address", address), 200)
    await parcel_of(buyer, order_id, "shipped")
    said(await buyer.post(f"/v1/orders/{order_id}/confirm"), 200)
    await buyer.until(order_id, "completed")


async def test_a_refund_above_what_is_left_is_refused(
    shop: RunningShop, by_hand: Good, buyer: Buyer, operator: Operator
) -> None:
    order_id = await bought(buyer, by_hand)
    order = await operator.order(order_id)
    said(await operator.refund(order, 1_000), 201)
    too_much = await operator.refund(order, by_hand.price - 999)
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_exceeds_rest")
    assert too_much.json()["left"]["minor"] == by_hand.price - 1_000
    await refunded(buyer, order_id, 1_000)
    await shop.books_agree([order_id])


async def test_money_given_back_before_does_not_keep_cancelled_goods_from_the_shelf(
    shop: RunningShop, by_hand: Good, buyer: Buyer, operator: Operator
) -> None:
    order_id = await bought(buyer, by_hand)
    said(await operator.refund(await operator.order(order_id)), 201)
    await refunded(buyer, order_id, by_hand.price)
    said(await buyer.cancel(order_id), 200)

    async def restocked() -> bool:
        return await operator.available(by_hand.sku_id) == 10

    await eventually("the goods are on the shelf again", restocked)
    await shop.books_agree([order_id])
    await shop.audit_is_clean()


async def test_the_same_key_asks_a_parcel_once(by_hand: Good, buyer: Buyer, operator: Operator) -> None:
    order_id = await bought(buyer, by_hand)
    parcel = await parcel_of(buyer, order_id, "picking")
    path = f"/v1/shipments/{parcel['shipment_id']}/dispatch"
    first, again = [await operator.post(path, {}, key="let-it-out-once") for _ in range(2)]
    assert said(first, 200) == said(again, 200)
    assert again.headers["idempotent-replayed"] == "true"
    later = await operator.post(path, {})
    assert (later.status_code, later.json()["code"]) == (409, "parcel_not_waiting")


async def test_only_operators_of_stock_move_parcels(by_hand: Good, buyer: Buyer, operator: Operator) -> None:
    order_id = await bought(buyer, by_hand)
    parcel = await parcel_of(buyer, order_id, "picking")
    for what in ("dispatch", "sign-off", "receive-back"):
        answer = await buyer.post(f"/v1/shipments/{parcel['shipment_id']}/{what}", {})
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")
    nowhere = await operator.post("/v1/shipments/shp_00000000000000000000000000/dispatch", {})
    assert nowhere.status_code == 404


async def test_reports_of_strangers_about_parcels_are_not_believed(shop: RunningShop, operator: Operator) -> None:
    for name, code, status in (("sandbox", "tracking_malformed", 400), ("nobody", "carrier_unknown", 422)):
        answer = await operator.post(f"/v1/carriers/{name}/tracking", {"waybill": "SBX1", "status": "signed"})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
