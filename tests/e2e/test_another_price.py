"""An operator asks less for an order before it is paid: order, payment and what the buyer pays agree, whoever is first."""

from typing import Any

import httpx

from tests.e2e.calls import JSON, Buyer, Operator, eventually, said
from tests.e2e.goods import Shelves


def asks(operator: Buyer | Operator, order: JSON, minor: int) -> Any:
    """As the console does, with the version that it shows."""
    return operator.post(
        f"/v1/operators/orders/{order['order_id']}/price",
        {"new_total": {"minor": minor}, "why": "a scratch"},
        headers={"if-match": f'"{order["version"]}"'},
    )


async def closed_at_its_channel(buyer: Buyer, attempt: JSON) -> bool:
    answer: httpx.Response = await buyer.press_pay(attempt)
    return answer.status_code == 409


async def test_the_buyer_pays_the_lower_price_and_gets_no_more_back(
    shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    good = await shelves.good(5, price=5_000, outbound="manual")
    order_id = (await buyer.placed(good.sku_id, quantity=2))["order_id"]
    attempt = await buyer.try_to_pay(order_id)
    seen = await operator.order(order_id)
    assert (await asks(buyer, seen, 8_000)).status_code == 403
    for too_much in (0, 10_001):
        assert said(await asks(operator, seen, too_much), 409)["code"] == "price_not_adjustable"

    changed = said(await asks(operator, seen, 8_000), 200)
    assert (changed["total"]["minor"], changed["discount"]["minor"]) == (8_000, 2_000)
    assert said(await asks(operator, seen, 7_000), 412)["code"] == "stale_version"
    assert await closed_at_its_channel(buyer, attempt)
    assert (await buyer.order(order_id))["lines"][0]["adjustments"][-1]["label"] == "a scratch"

    paid = await buyer.pay(order_id)
    assert paid["amount"]["minor"] == 8_000
    order = await buyer.until(order_id, "paid")
    assert said(await asks(operator, order, 7_000), 409)["code"] == "price_not_adjustable"
    assert said(await buyer.cancel(order_id), 200)["refunding"]["minor"] == 8_000

    async def all_is_back() -> bool:
        payment = await operator.payment_of(order)
        return bool(payment["refunded"]["minor"] == payment["captured"]["minor"] == 8_000)

    await eventually("what was paid went back", all_is_back)
    log = (await operator.get("/v1/operators/audit-log", params={"subject": order_id})).json()["items"]
    phases = [entry["phase"] for entry in log if entry["action"] == "orders.adjust_price"]
    assert (phases.count("done"), phases.count("refused")) == (1, 4)


async def test_money_that_nobody_told_of_is_found_and_the_old_price_stays(
    shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    good = await shelves.good(5, price=5_000, outbound="manual")
    order_id = (await buyer.placed(good.sku_id))["order_id"]
    said(await buyer.press_pay(await buyer.try_to_pay(order_id), "lost"), 200)
    refused = said(await asks(operator, await operator.order(order_id), 4_000), 409)
    assert refused["code"] == "price_not_adjustable"
    order = await buyer.until(order_id, "paid")
    payment = await operator.payment_of(order)
    assert order["total"]["minor"] == payment["captured"]["minor"] == payment["amount"]["minor"] == 5_000
