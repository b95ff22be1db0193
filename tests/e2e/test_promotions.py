"""Promotions, coupons, points and purchase limits on the whole running shop: what is promised before an order is what it costs,
and what an order takes it gives back once."""

import asyncio
from collections import Counter
from dataclasses import dataclass

import pytest

from tests.e2e.calls import JSON, Buyer, Operator, eventually, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.offers import Offers, balance, claimed, coupon, spend, yuan
from tests.e2e.running import RunningShop

POINTS = 500


@dataclass
class Sale:
    """A shelf with a threshold promotion and a coupon on it, and how a buyer fills a basket from it: 320 yuan, less 50 for
    reaching 300, less 10 with the coupon, less 5 in points."""

    offers: Offers
    tea: Good
    pot: Good
    promotion_id: str
    template_id: str

    COSTS = 32_000 - 5_000 - 1_000 - POINTS

    async def buyer(self, shop: RunningShop, api_url: str | None = None) -> tuple[Buyer, str]:
        """Somebody with a coupon and twice as many points as they spend."""
        buyer = await shop.buyer(api_url)
        await self.offers.give_points(buyer, 2 * POINTS)
        return buyer, await claimed(buyer, self.template_id)

    def basket(self, buyer: Buyer, coupon_id: str) -> JSON:
        """Two teas and a pot, with all that makes them cheaper."""
        lines = [{"sku_id": self.tea.sku_id, "quantity": 2}, {"sku_id": self.pot.sku_id, "quantity": 1}]
        return {"lines": lines, "address_id": buyer.address_id, "coupons": [coupon_id], "points": POINTS}

    async def ordered(self, buyer: Buyer, coupon_id: str) -> JSON:
        """The order."""
        return said(await buyer.post("/orders", {"basket": self.basket(buyer, coupon_id)}), 201)


@pytest.fixture
async def sale(shelves: Shelves, operator: Operator) -> Sale:
    tea, pot = [await shelves.good(50, price=price, outbound="manual") for price in (10_000, 12_000)]
    offers = Offers(operator, tea, pot)
    return Sale(
        offers,
        tea,
        pot,
        await offers.promotion(spend(300, 50), budget=yuan(10_000), per_user_limit=5),
        await offers.template(spend(100, 10), give_back="on_whole_refund"),
    )


def reductions(priced: JSON) -> list[list[tuple[str, int]]]:
    """What was taken off each line, and by which rule."""
    return [[(cut["rule_id"], cut["amount"]["minor"]) for cut in line["adjustments"]] for line in priced["lines"]]


async def test_cart_quote_order_and_receipt_say_the_same_to_the_fen(sale: Sale, shop: RunningShop) -> None:
    buyer, coupon_id = await sale.buyer(shop)
    basket = sale.basket(buyer, coupon_id)
    for line in basket["lines"]:
        said(await buyer.post("/v1/cart/lines", line), 200)
    tried = said(await buyer.post("/v1/coupons/validate", {"lines": basket["lines"], "coupon_id": coupon_id}), 200)
    assert [(one["applies"], one["saves"]["minor"]) for one in tried["coupons"]] == [(True, 1_000)]
    cart = await buyer.read(f"/v1/cart?coupon={coupon_id}&points={POINTS}")
    held = said(await buyer.post("/orders/prepare", basket), 200)
    ask = {"order_id": held["order_id"], "expected_total": cart["sums"][0]["total"]}
    order_id = said(await buyer.post("/orders", ask), 201)["order_id"]
    assert await coupon(buyer, coupon_id) == ("locked", order_id)
    await buyer.pay(order_id)
    receipt = await buyer.until(order_id, "paid")
    assert [found["total"]["minor"] for found in (cart["sums"][0], held["quote"], receipt)] == [sale.COSTS] * 3
    assert reductions(cart) == reductions(held["quote"]) == reductions(receipt)
    assert cart["sums"][0]["applied"] == held["quote"]["applied"]
    assert receipt["points"] == POINTS
    assert await coupon(buyer, coupon_id) == ("redeemed", order_id)
    assert await sale.offers.used(sale.promotion_id) == (1, 5_000)
    assert await balance(buyer) == POINTS
    await shop.books_agree([order_id])
    await shop.audit_is_clean()


async def test_a_completed_order_earns_points_on_what_was_paid(
    shelves: Shelves, shop: RunningShop, operator: Operator
) -> None:
    good, buyer = await shelves.good(5, price=10_000), await shop.buyer()
    await Offers(operator, good).promotion({"kind": "direct_cut", "off": yuan(20)})
    order_id = (await buyer.placed(good.sku_id))["order_id"]
    await buyer.pay(order_id)

    async def confirmed() -> bool:
        return (await buyer.post(f"/v1/orders/{order_id}/confirm")).status_code == 200

    await eventually("the parcel is there", confirmed)
    await buyer.until(order_id, "completed")

    async def earned() -> bool:
        return await balance(buyer) == 80

    await eventually("80 points for 80 yuan", earned)
    await shop.audit_is_clean()


async def test_twenty_orders_at_once_with_one_coupon_are_one_order_with_it(sale: Sale, shop: RunningShop) -> None:
    buyer, coupon_id = await sale.buyer(shop)
    basket = {**sale.basket(buyer, coupon_id), "points": 0}
    answers = await asyncio.gather(*(buyer.post("/orders", {"basket": basket}) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}, [a.text[:200] for a in answers]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"coupon_locked"}
    (order_id,) = [answer.json()["order_id"] for answer in answers if answer.status_code == 201]
    assert await coupon(buyer, coupon_id) == ("locked", order_id)
    mine = await buyer.read("/v1/orders")
    assert [order["order_id"] for order in mine["items"]] == [order_id]
    assert await sale.offers.used(sale.promotion_id) == (1, 5_000)

    async def only_one_is_held() -> bool:
        return await shop.operator.available(sale.tea.sku_id) == 48

    await eventually("the refused orders hold no stock", only_one_is_held)
    await shop.audit_is_clean()


async def test_who_is_on_a_black_list_is_not_told_why_and_holds_nothing(
    sale: Sale, shop: RunningShop, operator: Operator
) -> None:
    buyer, coupon_id = await sale.buyer(shop)
    me = await buyer.read("/v1/users/me")
    entry = {"kind": "black", "subject": "user", "value": me["id"], "reason": "Card testing"}
    said(await operator.post("/v1/operators/list-entries", {**entry, "starts_at": "2020-01-01T00:00:00Z"}), 201)
    answer = await buyer.post("/orders", {"basket": sale.basket(buyer, coupon_id)})
    assert (answer.status_code, answer.json()["code"]) == (403, "buyer_blocked")
    assert "Card testing" not in answer.text
    assert (await coupon(buyer, coupon_id), await balance(buyer)) == (("claimed", None), 2 * POINTS)
    assert await sale.offers.used(sale.promotion_id) == (0, 0)


async def test_a_coupon_named_twice_counts_once_even_if_nothing_excludes_it(sale: Sale, shop: RunningShop) -> None:
    buyer, _ = await sale.buyer(shop)
    coupon_id = await claimed(buyer, await sale.offers.template(spend(100, 10), group=None))
    basket = {**sale.basket(buyer, coupon_id), "coupons": [coupon_id, coupon_id]}
    placed = said(await buyer.post("/orders", {"basket": basket}), 201)
    assert placed["total"]["minor"] == sale.COSTS
    assert [one["amount"]["minor"] for one in placed["quote"]["applied"] if one["source"] == "coupon"] == [1_000]
    assert await coupon(buyer, coupon_id) == ("locked", placed["order_id"])


@pytest.mark.parametrize("end", ["expires", "is cancelled before payment", "is cancelled after payment"])
async def test_an_order_that_ends_gives_back_what_it_took_once(sale: Sale, shop: RunningShop, end: str) -> None:
    await sale.offers.limit(2)
    buyer, coupon_id = await sale.buyer(shop, shop.hasty_url if end == "expires" else None)
    order_id = (await sale.ordered(buyer, coupon_id))["order_id"]
    assert await balance(buyer) == POINTS
    again = await buyer.post("/orders", {"basket": {**sale.basket(buyer, coupon_id), "coupons": [], "points": 0}})
    assert again.json()["code"] == "purchase_limit_reached", again.text
    if end.endswith("after payment"):
        await buyer.pay(order_id)
        await buyer.until(order_id, "paid")
    if end != "expires":
        said(await buyer.cancel(order_id), 200)
    await buyer.until(order_id, "cancelled")

    async def back() -> bool:
        stands = await coupon(buyer, coupon_id), await balance(buyer), await sale.offers.used(sale.promotion_id)
        return stands == (("claimed", None), 2 * POINTS, (0, 0))

    await eventually("coupon, points and budget are back", back)
    entries = (await buyer.read("/v1/points/entries"))["items"]
    assert [(entry["kind"], entry["delta"]) for entry in entries] == [
        ("returned", POINTS),
        ("spent", -POINTS),
        ("adjusted", 2 * POINTS),
    ]

    async def bought_again() -> JSON | None:
        answer = await buyer.post("/orders", {"basket": sale.basket(buyer, coupon_id)})
        return answer.json() if answer.status_code == 201 else None

    second = await eventually("what was counted may be bought again", bought_again)
    assert await coupon(buyer, coupon_id) == ("locked", second["order_id"])
    assert await sale.offers.used(sale.promotion_id) == (1, 5_000)
    said(await buyer.cancel(second["order_id"]), 200)
    await shop.books_agree([order_id])
    await shop.audit_is_clean()


async def test_refunds_by_parts_give_back_exactly_what_was_paid(
    sale: Sale, shop: RunningShop, operator: Operator
) -> None:
    buyer, coupon_id = await sale.buyer(shop)
    order_id = (await sale.ordered(buyer, coupon_id))["order_id"]
    await buyer.pay(order_id)
    order = await buyer.until(order_id, "paid")
    before = 0
    pot = {"lines": [{"sku_id": sale.pot.sku_id, "quantity": 1}]}
    proposal = said(await buyer.post(f"/v1/orders/{order_id}/refund-proposal", pot), 200)
    # The teas stay. They were 200 less their shares of what was given for 320 (31.25 of the promotion, 6.25 of the coupon);
    # by themselves they would have been 200 less the whole coupon.
    (lost,) = proposal["clawbacks"]
    assert (lost["rule_id"], lost["amount"]["minor"]) == (sale.promotion_id, 19_000 - (20_000 - 3_125 - 625))
    assert proposal["amount"]["minor"] == proposal["paid"]["minor"] - lost["amount"]["minor"]

    async def refunded(body: JSON, minor: int, points: int) -> None:
        answer = said(await operator.post(f"/payments/{order['payment_id']}/refund", body), 201)
        assert answer["amount"]["minor"] == minor

        async def settled() -> bool:
            went_back = (await buyer.order(order_id))["refunded"]["minor"]
            return (went_back - before, await balance(buyer)) == (minor, points)

        await eventually(f"{minor} went back", settled)

    await refunded(pot, proposal["amount"]["minor"], POINTS + proposal["points"])
    before = proposal["amount"]["minor"]
    rest = {"lines": [{"sku_id": sale.tea.sku_id, "quantity": 2}]}
    left = said(await buyer.post(f"/v1/orders/{order_id}/refund-proposal", rest), 200)
    assert (left["clawbacks"], left["whole"]) == ([], True)
    assert left["amount"]["minor"] == sale.COSTS - before
    await refunded(rest, sale.COSTS - before, 2 * POINTS)
    assert (await buyer.order(order_id))["payment_status"] == "refunded"

    async def coupon_is_back() -> bool:
        return await coupon(buyer, coupon_id) == ("claimed", None)

    await eventually("nothing is left of the order, so the coupon is back", coupon_is_back)
    nothing = await buyer.post(f"/v1/orders/{order_id}/refund-proposal", rest)
    assert (nothing.status_code, nothing.json()["code"]) == (422, "invalid_request")
    await shop.books_agree([order_id])
    await shop.audit_is_clean()
