"""What happens to parcels between shelf and door."""

from tests.chaos.stage import PRICE, Stage, story
from tests.e2e.calls import JSON, said
from tests.e2e.goods import Good


async def _on_its_way(stage: Stage, good: Good, quantity: int = 1) -> tuple[str, JSON]:
    """An order that a carrier has: its id and its parcel."""
    order_id = await stage.paid(good, quantity)
    return order_id, await stage.parcel(order_id, "shipped")


async def _on_the_shelf(stage: Stage, good: Good) -> tuple[str, JSON]:
    """Three units that wait to be let out by hand: the order's id and its parcel."""
    order_id = await stage.paid(good, 3)
    return order_id, await stage.parcel(order_id, "picking")


async def _sold_ahead(stage: Stage) -> Good:
    """A good of which there is one, and which is sold beyond that."""
    good = await stage.shelf.own(1)
    path = f"/v1/inventory/levels/{good.warehouses[0]}/{good.sku_id}/selling-ahead"
    setting = {"policy": "backorder", "limit": 5, "within_days": 14}
    answer = await stage.operator.send("PUT", path, setting, headers={"if-match": '"0"'})
    assert answer.status_code in (200, 412), answer.text
    return good


@story
async def followed_to_the_door(stage: Stage) -> None:
    """Every report of the carrier is heard, the last one ends it."""
    good = await stage.shelf.good()
    _, parcel = await _on_its_way(stage, good)
    await stage.moves(parcel, "picked_up", "in_transit", "delivered")
    await stage.is_now(parcel, "delivered")
    await stage.moves(parcel, "signed")
    await stage.is_now(parcel, "signed")
    stage.sold(good, 1)


@story
async def short_picked(stage: Stage) -> None:
    """What was not found is paid back, the rest is sent."""
    good = await stage.shelf.good("manual")
    order_id, parcel = await _on_the_shelf(stage, good)
    await stage.about(parcel, "dispatch", picked=[{"sku_id": good.sku_id, "quantity": 2}])
    await stage.is_now(parcel, "shipped")
    await stage.refunded(order_id, PRICE)
    stage.sold(good, 3)


@story
async def split_in_two(stage: Stage) -> None:
    """Both parcels arrive."""
    good = await stage.shelf.good("manual")
    order_id, parcel = await _on_the_shelf(stage, good)
    one = [{"sku_id": good.sku_id, "quantity": 1}]
    split = await stage.about(parcel, "split", items=one)
    for box in (parcel, {"shipment_id": split["new_shipment_id"]}):
        await stage.about(box, "dispatch")
        shipped = await stage.is_now(box, "shipped")
        await stage.about(shipped, "sign-off", proof="handed over")
        await stage.is_now(box, "signed")
    await stage.confirmed(order_id)
    stage.sold(good, 3)


@story
async def lost_and_sent_again(stage: Stage) -> None:
    """Reserved anew, packed anew; then that one is damaged and paid back."""
    good = await stage.shelf.good()
    order_id, parcel = await _on_its_way(stage, good)
    await stage.about(parcel, "exceptions", kind="lost", detail="the carrier closed its search")
    await stage.about(parcel, "decide", decision="reship")
    again = await stage.is_now(parcel, "shipped")
    assert again["waybill"] != parcel["waybill"]
    await stage.about(parcel, "exceptions", kind="damaged")
    await stage.about(parcel, "decide", decision="refund")
    await stage.refunded(order_id, PRICE)
    stage.sold(good, 2)


@story
async def refused_at_the_door(stage: Stage) -> None:
    """Back to the shelf, and the money to the buyer."""
    good = await stage.shelf.own(5)
    order_id, parcel = await _on_its_way(stage, good, 2)
    await stage.about(parcel, "exceptions", kind="refused")
    await stage.is_now(parcel, "returning")
    await stage.about(parcel, "receive-back")
    await stage.refunded(order_id, 2 * PRICE)

    async def restocked() -> bool:
        return await stage.operator.available(good.sku_id) == 5

    await stage.holds("the goods are on the shelf again", restocked)


@story
async def refused_as_the_carrier_says(stage: Stage) -> None:
    """The carrier's own word: back to the shelf, and the money to the buyer."""
    good = await stage.shelf.own(5)
    order_id, parcel = await _on_its_way(stage, good, 2)
    await stage.moves(parcel, "picked_up", "refused")
    await stage.is_now(parcel, "returning")
    await stage.about(parcel, "receive-back")
    await stage.refunded(order_id, 2 * PRICE)


@story
async def sent_astray(stage: Stage) -> None:
    """The buyer corrects the address, the carrier is told."""
    good = await stage.shelf.good()
    order_id, parcel = await _on_its_way(stage, good)
    await stage.about(parcel, "exceptions", kind="address_error", detail="no such house")
    address = {"address_id": stage.buyer.address_id}
    said(await stage.buyer.send("PUT", f"/v1/orders/{order_id}/address", address), 200)
    await stage.is_now(parcel, "shipped")
    await stage.about(parcel, "sign-off", proof="found it")
    await stage.is_now(parcel, "signed")
    stage.sold(good, 1)


@story
async def exchange_lost_on_its_way(stage: Stage) -> None:
    """The replacement never comes: back on the shelf it cannot be, so the money goes back."""
    good = await stage.shelf.own(5)
    order_id = await stage.arrived(good)
    case = await stage.applied(order_id, good, "exchange")
    await stage.sends_back(case)
    await stage.inspects(case, good, accepted=1)
    sent = await stage.case_is(case, "replacement_sent")
    parcel = await stage.is_now({"shipment_id": sent["shipment_id"]}, "shipped")
    await stage.about(parcel, "exceptions", kind="refused")
    await stage.is_now(parcel, "returning")
    await stage.about(parcel, "receive-back")
    await stage.case_is(case, "refunded")


@story
async def bought_ahead_of_stock(stage: Stage) -> None:
    """What is there leaves, the rest leaves when it comes; another order is called off, and its claim given up."""
    good = await _sold_ahead(stage)
    order_id = await stage.paid(good, 2)
    await stage.parcel(order_id, "shipped")
    await stage.parcel(order_id, "waiting")
    other = await stage.paid(good, 1)
    await stage.parcel(other, "waiting")
    said(await stage.buyer.cancel(other), 200)
    await stage.refunded(other, PRICE)
    receipt = {"warehouse_id": good.warehouses[0], "sku_id": good.sku_id, "quantity": 1}
    said(await stage.operator.post("/v1/inventory/receive", receipt), 200)

    async def both_left() -> bool:
        found = await stage.buyer.read(f"/v1/orders/{order_id}/shipments")
        return [parcel["status"] for parcel in found] == ["shipped", "shipped"]

    await stage.holds("both parcels have left", both_left)


@story
async def waited_for_in_vain(stage: Stage) -> None:
    """Goods that never come are given up, and paid back."""
    good = await _sold_ahead(stage)
    order_id = await stage.paid(good, 2)
    parcel = await stage.parcel(order_id, "waiting")
    await stage.about(parcel, "give-up", why="the maker has closed")
    await stage.refunded(order_id, PRICE)
