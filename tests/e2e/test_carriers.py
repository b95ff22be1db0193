"""Parcels through the sandbox carriers, on the running shop: what carriers push, and what becomes of orders they stumble with."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.carrier.sandbox.wire import EventBody
from channels.sandbox_signing import CALLBACK_HEADER, sign_callback
from tests.e2e.calls import JSON, Buyer, Caller, Operator, eventually, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.running import RunningShop
from tests.e2e.test_parcels import about, bought, parcel_of, refunded, timeline


async def moves(shop: RunningShop, parcel: JSON, *codes: str) -> None:
    """The carrier moves a parcel; its pushes come when they come."""
    for code in codes:
        url = f"{shop.settings.sandbox_carrier_url}/parcels/{parcel['waybill']}/moves"
        (await shop.http.post(url, json={"code": code})).raise_for_status()


async def faults(shop: RunningShop, *rules: JSON) -> None:
    """What goes wrong at the carriers from now on."""
    url = f"{shop.settings.sandbox_carrier_url}/faults"
    (await shop.http.post(url, json={"rules": list(rules)})).raise_for_status()


async def parcels_of(buyer: Caller, order_id: str, *statuses: str) -> dict[str, JSON]:
    """The order's parcels by their warehouse, once each is in one of these states."""

    async def reached() -> list[JSON] | None:
        found: list[JSON] = await buyer.read(f"/v1/orders/{order_id}/shipments")
        return found if found and all(parcel["status"] in statuses for parcel in found) else None

    found = await eventually(f"the parcels of {order_id} are {statuses}", reached)
    return {parcel["warehouse_id"]: parcel for parcel in found}


async def is_now(buyer: Caller, parcel: JSON, status: str) -> JSON:
    """One parcel, once it is so."""

    async def reached() -> JSON | None:
        found: JSON = await buyer.read(f"/v1/shipments/{parcel['shipment_id']}")
        return found if found["status"] == status else None

    found: JSON = await eventually(f"{parcel['shipment_id']} is {status}", reached)
    return found


async def test_one_order_of_three_merchants_whose_five_parcels_fail_each_in_its_own_way(
    shop: RunningShop, buyer: Buyer, operator: Operator
) -> None:
    a, b, c = (Shelves(operator) for _ in range(3))
    well, lost, refused, astray = [await of.good(5, price=1_000 * n) for n, of in enumerate((a, b, b, c), 1)]
    short = await a.good(5, price=7_000, outbound="manual")
    goods = (well, short, lost, refused, astray)
    order_id = str((await buyer.placed(*(good.sku_id for good in goods), quantity=2))["order_id"])
    await buyer.pay(order_id)
    await buyer.until(order_id, "paid")
    at = await parcels_of(buyer, order_id, "picking", "shipped")
    assert len(at) == 5
    parcel = {good.code: at[good.warehouses[0]] for good in goods}

    await faults(shop, {"fault": "doubled", "value": 3}, {"fault": "forged", "on": "signed"})
    await about(operator, parcel[short.code], "dispatch", picked=[{"sku_id": short.sku_id, "quantity": 1}])
    parcel[short.code] = await is_now(buyer, parcel[short.code], "shipped")
    parcel = {code: await is_now(buyer, one, "shipped") for code, one in parcel.items()}
    await moves(shop, parcel[well.code], "picked_up", "in_transit", "out_for_delivery", "delivered", "signed")
    await moves(shop, parcel[short.code], "picked_up", "damaged")
    await moves(shop, parcel[lost.code], "picked_up", "lost")
    await moves(shop, parcel[refused.code], "picked_up", "refused")
    await moves(shop, parcel[astray.code], "picked_up", "address_problem")

    await is_now(buyer, parcel[well.code], "signed")
    await is_now(buyer, parcel[short.code], "exception")
    await about(operator, parcel[short.code], "decide", decision="reship")
    again = await is_now(buyer, parcel[short.code], "picking")
    await about(operator, again, "dispatch")
    again = await is_now(buyer, again, "shipped")
    assert again["waybill"] != parcel[short.code]["waybill"]
    await moves(shop, again, "signed")
    await is_now(buyer, parcel[lost.code], "exception")
    await about(operator, parcel[lost.code], "decide", decision="refund")
    await is_now(buyer, parcel[refused.code], "returning")
    await about(operator, parcel[refused.code], "receive-back")
    await is_now(buyer, parcel[astray.code], "exception")
    said(await buyer.send("PUT", f"/v1/orders/{order_id}/address", {"address_id": buyer.address_id}), 200)
    await is_now(buyer, parcel[astray.code], "shipped")
    await moves(shop, parcel[astray.code], "signed")

    ends = {code: await is_now(buyer, one, end) for code, one, end in (
        (well.code, parcel[well.code], "signed"),
        (short.code, again, "signed"),
        (lost.code, parcel[lost.code], "stopped"),
        (refused.code, parcel[refused.code], "returned"),
        (astray.code, parcel[astray.code], "signed"),
    )}  # fmt: skip
    assert [event["status"] for event in ends[well.code]["tracking"]] == [
        *("collected", "in_transit", "out_for_delivery", "delivered", "signed")
    ]
    said(await buyer.post(f"/v1/orders/{order_id}/confirm"), 200)
    order = await buyer.until(order_id, "completed")
    assert order["aftersale_until"] > order["completed_at"]
    await refunded(buyer, order_id, short.price + 2 * lost.price + 2 * refused.price)
    left = {"well": 3, "short": 2, "lost": 3, "refused": 5, "astray": 3}  # of the damaged one two were packed

    async def on_the_shelf() -> bool:
        found = [await operator.available(good.sku_id) for good in goods]
        return found == [left[name] for name in ("well", "short", "lost", "refused", "astray")]

    await eventually("what came back is on the shelf", on_the_shelf)
    await faults(shop)
    await shop.books_agree([order_id])
    await shop.audit_is_clean()


@pytest.fixture
async def by_hand(shelves: Shelves) -> Good:
    """Ten units in a warehouse that lets parcels out by hand."""
    return await shelves.good(10, outbound="manual")


async def test_a_parcel_is_picked_from_a_list_split_labelled_and_both_arrive(
    shop: RunningShop, by_hand: Good, buyer: Buyer, operator: Operator
) -> None:
    order_id = await bought(buyer, by_hand, quantity=3)
    parcel = await parcel_of(buyer, order_id, "picking")
    label = f"/v1/operators/shipments/{parcel['shipment_id']}/label"
    early = await operator.get(label)
    assert (early.status_code, early.json()["code"]) == (409, "parcel_not_waiting")
    listed = await operator.read(f"/v1/operators/picking-list?warehouse_id={by_hand.warehouses[0]}")
    assert [(item["sku_id"], item["quantity"]) for item in listed["together"]] == [(by_hand.sku_id, 3)]
    one = [{"sku_id": by_hand.sku_id, "quantity": 1}]
    split = said(await operator.post(f"/v1/shipments/{parcel['shipment_id']}/split", {"items": one}), 200)
    everything = await operator.post(
        f"/v1/shipments/{parcel['shipment_id']}/split", {"items": [{**one[0], "quantity": 2}]}
    )
    assert (everything.status_code, everything.json()["code"]) == (422, "split_invalid")
    new = await buyer.read(f"/v1/shipments/{split['new_shipment_id']}")
    assert new["items"] == one
    for box in (parcel, new):
        await about(operator, box, "dispatch")
        shipped = await is_now(buyer, box, "shipped")
        assert shipped["estimated_at"] is not None
        await moves(shop, shipped, "picked_up", "delivered")
        await is_now(buyer, box, "delivered")
    pdf = await operator.get(label)
    assert (pdf.status_code, pdf.headers["content-type"], pdf.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert (await buyer.get(label)).status_code == 403
    said(await buyer.post(f"/v1/orders/{order_id}/confirm"), 200)
    order = await buyer.until(order_id, "completed")
    assert order["fulfillment_status"] == "delivered"
    assert "parcel_split" in await timeline(buyer, order_id)
    await shop.books_agree([order_id])
    await shop.audit_is_clean()


async def test_pushes_that_no_carrier_sent_move_no_parcel(
    shop: RunningShop, shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    order_id = await bought(buyer, await shelves.good(1))
    parcel = await parcel_of(buyer, order_id, "shipped")
    secret = shop.settings.sandbox_carrier_secret.get_secret_value()
    now = datetime.now(UTC)
    event = EventBody(event_id="evt_1", company="sandbox", waybill=parcel["waybill"], code="signed", at=now, place="x")
    body = event.model_dump_json().encode()

    async def pushed(raw: bytes, *, by: str = secret, age: int = 0, to: str = "sandbox") -> tuple[int, Any]:
        headers = {CALLBACK_HEADER: sign_callback(by, int(now.timestamp()) - age, raw)}
        answer = await shop.http.post(
            f"{shop.settings.api_url}/v1/carriers/{to}/tracking", content=raw, headers=headers
        )
        return answer.status_code, answer.json().get("code")

    nobodys = event.model_copy(update={"waybill": "SBX0000000000000000000"}).model_dump_json().encode()
    assert await pushed(body, by="a secret that somebody made up") == (401, "tracking_forged")
    assert await pushed(body, age=301) == (401, "tracking_stale")
    assert await pushed(body[:40]) == (400, "tracking_malformed")
    assert await pushed(nobodys) == (404, "not_found")
    assert await pushed(b"x" * 70_000) == (413, "body_too_large")
    assert await pushed(body, to="sandbox_relay") == (400, "tracking_malformed")
    assert await pushed(body, to="pigeon") == (422, "carrier_unknown")
    assert (await buyer.read(f"/v1/shipments/{parcel['shipment_id']}"))["status"] == "shipped"
    for _ in range(2):
        assert (await pushed(body))[0] == 202
    found = await is_now(buyer, parcel, "signed")
    assert [entry["event_id"] for entry in found["tracking"]] == ["evt_1"]
