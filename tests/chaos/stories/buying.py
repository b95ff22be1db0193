"""From a basket to a completed order, and every way out of it."""

import asyncio

import httpx

from tests.chaos.stage import PRICE, Stage, story
from tests.e2e.calls import JSON, said
from tests.e2e.offers import Offers, balance, claimed, coupon, spend, yuan
from tests.e2e.running import HASTY_WINDOW

POINTS = 500
LESS = 2 * PRICE - 500


@story
async def bought(stage: Stage) -> None:
    """Prepared, placed, paid, sent, confirmed, completed."""
    good = await stage.shelf.good()
    prepared = said(await stage.buyer.post("/orders/prepare", stage.buyer.basket(good.sku_id)), 200)
    order_id = str(said(await stage.buyer.post("/orders", {"order_id": prepared["order_id"]}), 201)["order_id"])
    stage.orders.append(order_id)
    await stage.buyer.pay(order_id)
    await stage.parcel(order_id, "shipped")
    await stage.confirmed(order_id)
    stage.sold(good, 1)


@story
async def cancelled_before_payment(stage: Stage) -> None:
    """Everything is free again."""
    order_id = await stage.placed(await stage.shelf.good(), 2)
    said(await stage.buyer.cancel(order_id), 200)
    await stage.buyer.until(order_id, "cancelled")


@story
async def never_paid(stage: Stage) -> None:
    """Its window closes by itself, at the channel too."""
    order_id = await stage.placed(await stage.shelf.good(), hasty=True)
    await stage.attempted(order_id)
    order = await stage.buyer.until(order_id, "cancelled")
    assert order["cancel_reason"] == "payment_timeout", order


@story
async def held_and_left(stage: Stage) -> None:
    """Prepared and not placed in time: the hold ends, and no order was ever there. While no worker lived the buyer may still
    have been in time; then the order lapses with its window."""
    good = await stage.shelf.good()
    prepared = said(await stage.hasty.post("/orders/prepare", stage.buyer.basket(good.sku_id, quantity=3)), 200)

    await asyncio.sleep(HASTY_WINDOW / 2 + 1)
    late = await stage.hasty.post("/orders", {"order_id": prepared["order_id"]})
    if late.status_code == 201:
        await stage.buyer.until(prepared["order_id"], "cancelled")
        return
    assert late.status_code == 409, late.text
    assert (await stage.buyer.get(f"/orders/{prepared['order_id']}")).status_code == 404


@story
async def paid_too_late(stage: Stage) -> None:
    """Money that came after the window goes back."""
    order_id = await stage.placed(await stage.shelf.good(), hasty=True)
    attempt = await stage.attempted(order_id)
    order = await stage.buyer.until(order_id, "cancelled")
    if attempt is None:
        return
    said(await stage.buyer.press_pay(attempt, "paid_although_closed"), 200)

    async def back() -> bool:
        return [refund["state"] for refund in await stage.operator.refunds_of(order)] == ["succeeded"]

    await stage.holds(f"late money of {order_id} went back", back)


@story
async def paid_unheard_until_the_end(stage: Stage) -> None:
    """Nobody tells of the money; when the window ends the channel is asked, and the order is paid."""
    good = await stage.shelf.good("manual")
    order_id = await stage.placed(good, hasty=True)
    attempt = await stage.attempted(order_id)
    if attempt is None:
        await stage.buyer.until(order_id, "cancelled")
        return
    pressed = await stage.buyer.press_pay(attempt, "lost")
    if pressed.status_code != 200:  # closed at its channel first
        await stage.buyer.until(order_id, "cancelled")
        return
    await stage.buyer.until(order_id, "paid")
    stage.sold(good, 1)


@story
async def paid_twice(stage: Stage) -> None:
    """One payment stays, one goes back."""
    good = await stage.shelf.good()
    order_id = await stage.placed(good)
    attempts = [await stage.buyer.try_to_pay(order_id) for _ in range(2)]
    pressed = await asyncio.gather(*(stage.buyer.press_pay(attempt) for attempt in attempts))
    assert {answer.status_code for answer in pressed} <= {200, 409}
    order = await stage.buyer.until(order_id, "paid")
    if [answer.status_code for answer in pressed] == [200, 200]:

        async def back() -> bool:
            return [refund["state"] for refund in await stage.operator.refunds_of(order)] == ["succeeded"]

        await stage.holds(f"the second payment of {order_id} went back", back)
    stage.sold(good, 1)


@story
async def paid_at_another_price(stage: Stage) -> None:
    """An operator asks less while a try to pay stands open: that one is closed, and the lower price is paid."""
    good = await stage.shelf.good()
    order_id = await stage.placed(good, 2)
    await stage.buyer.try_to_pay(order_id)

    async def lowered() -> bool:
        order = await stage.operator.order(order_id)
        return bool(order["total"]["minor"] == LESS) or (await _asks_less(stage, order)).status_code == 200

    await stage.holds(f"{order_id} costs less", lowered)
    await stage.buyer.pay(order_id)
    assert await _paid_what_it_costs(stage, order_id) == LESS
    stage.sold(good, 2)


@story
async def another_price_races_payment(stage: Stage) -> None:
    """Whoever wins: what was paid is what the order costs, and nothing above it is kept."""
    good = await stage.shelf.good()
    order_id = await stage.placed(good, 2)
    attempt, order = await stage.buyer.try_to_pay(order_id), await stage.operator.order(order_id)
    pressed, changed = await asyncio.gather(stage.buyer.press_pay(attempt), _asks_less(stage, order))
    assert {pressed.status_code, changed.status_code} <= {200, 409}, (pressed.text, changed.text)
    if pressed.status_code == 409:
        await stage.buyer.pay(order_id)
    cost = await _paid_what_it_costs(stage, order_id)
    assert cost == (LESS if changed.status_code == 200 else 2 * PRICE)
    stage.sold(good, 2)


async def _asks_less(stage: Stage, order: JSON) -> httpx.Response:
    body = {"new_total": {"minor": LESS}, "why": "a scratch"}
    version = {"if-match": f'"{order["version"]}"'}
    return await stage.operator.post(f"/v1/operators/orders/{order['order_id']}/price", body, headers=version)


async def _paid_what_it_costs(stage: Stage, order_id: str) -> int:
    order = await stage.buyer.until(order_id, "paid")
    payment = await stage.operator.payment_of(order)
    assert payment["captured"] == payment["amount"] == order["total"], (payment, order)
    return int(order["total"]["minor"])


@story
async def cancelled_after_payment(stage: Stage) -> None:
    """Stock, parcels and money come back once."""
    good = await stage.shelf.good("manual")
    order_id = await stage.paid(good, 2)
    await stage.parcel(order_id, "picking")
    said(await stage.buyer.cancel(order_id), 200)
    await stage.refunded(order_id, 2 * PRICE)
    await stage.parcel(order_id, "stopped")


@story
async def cancel_races_payment(stage: Stage) -> None:
    """Whoever wins: called off, and no money kept."""
    order_id = await stage.placed(await stage.shelf.good("manual"))
    attempt = await stage.buyer.try_to_pay(order_id)
    _, cancelled = await asyncio.gather(stage.buyer.press_pay(attempt), stage.buyer.cancel(order_id))
    assert cancelled.status_code == 200, cancelled.text
    await stage.buyer.until(order_id, "cancelled")


@story
async def sold_out(stage: Stage) -> None:
    """Refused, and everything that was taken for it is free again."""
    good = await stage.shelf.own(3)
    offers = Offers(stage.operator, good)
    await offers.limit(10)
    template_id = await offers.template(spend(100, 10))
    coupon_id = await claimed(stage.buyer, template_id)
    basket = stage.buyer.basket(good.sku_id, quantity=5) | {"coupons": [coupon_id]}
    refused = said(await stage.buyer.post("/orders", {"basket": basket}), 409)
    assert refused["code"] == "sold_out", refused
    assert await stage.operator.available(good.sku_id) == 3
    assert await coupon(stage.buyer, coupon_id) == ("claimed", None)


@story
async def with_coupon_and_points(stage: Stage) -> None:
    """Held, redeemed, and given back with the whole refund; another order with them is cancelled before payment."""
    good = await stage.shelf.own(20, outbound="manual")
    offers = Offers(stage.operator, good)
    await offers.promotion(spend(100, 5), budget=yuan(10_000), per_user_limit=5)
    await offers.limit(10)
    template_id = await offers.template(spend(100, 10), give_back="on_whole_refund")
    await offers.give_points(stage.buyer, 2 * POINTS)
    coupon_id = await claimed(stage.buyer, template_id)

    given_up = await stage.placed(good, 2, coupons=[coupon_id], points=POINTS)
    said(await stage.buyer.cancel(given_up), 200)
    await stage.buyer.until(given_up, "cancelled")
    assert (await coupon(stage.buyer, coupon_id), await balance(stage.buyer)) == (("claimed", None), 2 * POINTS)

    order_id = await stage.paid(good, 2, coupons=[coupon_id], points=POINTS)
    assert (await coupon(stage.buyer, coupon_id), await balance(stage.buyer)) == (("redeemed", order_id), POINTS)
    order = await stage.operator.order(order_id)
    said(await stage.operator.refund(order), 201)
    await stage.refunded(order_id, order["total"]["minor"])

    async def given_back() -> bool:
        return (await coupon(stage.buyer, coupon_id))[0] == "claimed" and await balance(stage.buyer) == 2 * POINTS

    await stage.holds("coupon and points came back", given_back)


@story
async def stock_that_cannot_be_committed(stage: Stage) -> None:
    """A person tries once more, then gives the money back."""
    good = await stage.shelf.own(3)
    order_id = await stage.placed(good, 2)
    said(await stage.operator.post("/inventory/release", {"order_id": order_id}), 200)  # somebody's mistake
    await stage.buyer.pay(order_id)
    for decision in ("retry", "refund"):

        async def decided(decision: str = decision) -> bool:
            answer = await stage.operator.post(f"/v1/orders/{order_id}/decide-commit", {"decision": decision})
            return answer.status_code == 200

        await stage.holds(f"{decision} of {order_id} is heard", decided)
    await stage.buyer.until(order_id, "cancelled")
    assert await stage.operator.available(good.sku_id) == 3
