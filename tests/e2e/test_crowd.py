"""Many at once: nobody gets what is not there, nobody gets it twice."""

import asyncio
from collections import Counter

import pytest

from tests.e2e.calls import Operator
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop


@pytest.mark.proof
async def test_two_hundred_buyers_share_fifty_units_and_the_others_hear_what_is_left(
    shop: RunningShop, shelves: Shelves, operator: Operator
) -> None:
    good = await shelves.good(20, 17, 13)
    buyers = await shop.buyers(200)
    asking = (buyer.insist("POST", "/orders", {"basket": buyer.basket(good.sku_id)}, within=100) for buyer in buyers)
    answers = await asyncio.gather(*asking)
    assert Counter(answer.status_code for answer in answers) == {201: 50, 409: 150}, Counter(
        answer.text[:200] for answer in answers if answer.status_code not in (201, 409)
    )
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["code"] for problem in refused} == {"sold_out"}
    assert all(line["left"] < line["asked"] for problem in refused for line in problem["lines"])
    assert await operator.available(good.sku_id) == 0
    standing = {answer.json()["order_id"] for answer in answers if answer.status_code == 201}
    assert len(standing) == 50
    found = [await operator.order(order_id) for order_id in standing]
    assert {order["status"] for order in found} == {"pending_payment"}
    await shop.audit_is_clean()


async def test_fifty_requests_at_once_under_one_key_are_one_order_with_one_answer(
    shop: RunningShop, shelves: Shelves, operator: Operator
) -> None:
    good = await shelves.good(100)
    buyer = await shop.buyer()
    ask = {"basket": buyer.basket(good.sku_id)}
    answers = await asyncio.gather(*(buyer.post("/orders", ask, key="the-same-key") for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"idempotency_key_in_flight"}
    again = await buyer.post("/orders", ask, key="the-same-key")
    assert {answer.content for answer in answers if answer.status_code == 201} == {again.content}
    assert await operator.available(good.sku_id) == 99
    mine = await buyer.read("/v1/orders")
    assert [order["order_id"] for order in mine["items"]] == [again.json()["order_id"]]
    await shop.audit_is_clean()


@pytest.mark.proof
async def test_a_cancel_that_races_its_payment_gives_stock_and_money_back_once(
    shop: RunningShop, shelves: Shelves, operator: Operator
) -> None:
    good = await shelves.good(20, 5, outbound="manual")
    buyers = await shop.buyers(20)
    placed = await asyncio.gather(*(buyer.placed(good.sku_id) for buyer in buyers))
    tries = await asyncio.gather(*(b.try_to_pay(p["order_id"]) for b, p in zip(buyers, placed, strict=True)))
    pressed = [buyer.press_pay(attempt) for buyer, attempt in zip(buyers, tries, strict=True)]
    cancelled = [buyer.cancel(order["order_id"]) for buyer, order in zip(buyers, placed, strict=True)]
    mixed = [one for pair in zip(pressed, cancelled, strict=True) for one in pair]
    answers = await asyncio.gather(*mixed)
    assert {answer.status_code for answer in answers[1::2]} == {200}, [a.text for a in answers[1::2]]
    for buyer, order in zip(buyers, placed, strict=True):
        await buyer.until(order["order_id"], "cancelled")
    await shop.books_agree([order["order_id"] for order in placed])
    assert await operator.available(good.sku_id) == 25
    await shop.audit_is_clean()


async def test_of_two_refunds_that_together_are_too_much_one_goes_through(
    shop: RunningShop, shelves: Shelves, operator: Operator
) -> None:
    good = await shelves.good(30, price=10_000)
    buyers = await shop.buyers(10)
    orders = await asyncio.gather(*(buyer.placed(good.sku_id) for buyer in buyers))
    await asyncio.gather(*(b.pay(o["order_id"]) for b, o in zip(buyers, orders, strict=True)))
    paid = [await b.until(o["order_id"], "paid") for b, o in zip(buyers, orders, strict=True)]
    racing = [operator.refund(order, 6_000) for order in paid for _ in range(2)]
    answers = await asyncio.gather(*racing)
    pairs = [sorted(a.status_code for a in answers[at : at + 2]) for at in range(0, len(answers), 2)]
    assert pairs == [[201, 409]] * len(paid)
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"refund_exceeds_rest"}
    await shop.books_agree([order["order_id"] for order in paid])
    assert [(await operator.order(order["order_id"]))["refunded"]["minor"] for order in paid] == [6_000] * len(paid)
    await shop.audit_is_clean()
