"""The chapter about paying less: a coupon, promotions and points on one order, and what a refund of a part leaves of them."""

from collections.abc import Mapping
from typing import Any

from cli.settling import looked_at_until
from cli.story.buying import pay
from cli.story.telling import Disagrees, Story, money
from models.shared import Money

SAVED = "the order that cost less"
_WITHIN = 20.0
_WANTED = (("camp-chair", 2), ("dotted-notebook", 2))
"""By code of the demo goods, and how many of each: above the threshold of a promotion as long as both chairs stay."""


async def save(story: Story, address_id: str) -> None:
    """Claim, try in the cart, order, receive, earn points, and give one chair back."""
    story.chapter("Paying less")
    points = await _points_at_least(story, 1)
    story.step("The completed order has earned her points.", f"{points}, worth {_worth(points)}")
    coupon = await _claim(story)
    lines: list[dict[str, Any]] = [
        {"sku_id": await _sku(story, code), "quantity": quantity} for code, quantity in _WANTED
    ]
    tried = await _try(story, lines, address_id, coupon, points)
    basket = {"lines": lines, "address_id": address_id, "coupons": [coupon["coupon_id"]], "points": points}
    placed = await story.buy("POST", "/orders", {"basket": basket, "expected_total": tried["total"]}, "story/saving")
    story.orders[SAVED] = placed["order_id"]
    story.step("She orders with coupon and points, for exactly what the cart said.", money(placed["total"]))
    await pay(story, SAVED)
    await story.order_is(SAVED, status="paid", payment_status="paid")
    await story.parcels.send(story.orders[SAVED])
    await story.parcels.deliver(story.orders[SAVED])
    await story.order_is(SAVED, fulfillment_status="delivered")
    await story.buy("POST", f"/v1/orders/{story.orders[SAVED]}/confirm", key="story/saving/confirm")
    await story.order_is(SAVED, status="completed")
    earned = await _points_at_least(story, 1)
    story.step("Paid, delivered, completed: the coupon is spent, and there are new points.", f"{earned} points")
    await _give_one_back(story, lines[0]["sku_id"], placed["payment_id"])


async def _claim(story: Story) -> Mapping[str, Any]:
    offered = (await story.buy("GET", "/v1/coupons/claimable"))["items"]
    template = next(one for one in offered if one["is_claimable"] and not one["terms"]["members_only"])
    coupon: Mapping[str, Any] = await story.buy(
        "POST", "/coupons/claim", {"template_id": template["template_id"]}, "story/claim"
    )
    story.step("She claims a coupon.", coupon["terms"]["label"])
    return coupon


async def _sku(story: Story, code: str) -> str:
    """The first SKU of a demo product, by the code of the product."""
    products = await story.shop.pages("/v1/catalogue/products", story.operator)
    return str(next(product for product in products if product["code"] == code)["skus"][0]["sku_id"])


async def _try(
    story: Story, lines: list[dict[str, Any]], address_id: str, coupon: Mapping[str, Any], points: int
) -> Mapping[str, Any]:
    """The cart's trial price with everything she means to spend."""
    await story.buy("DELETE", "/v1/cart/lines")
    for line in lines:
        await story.buy("POST", "/v1/cart/lines", line)
    spending = f"address_id={address_id}&coupon={coupon['coupon_id']}&points={points}"
    cart = await story.buy("GET", f"/v1/cart?{spending}")
    priced: Mapping[str, Any] = cart["sums"][0]
    story.step("Her cart tries it all out.", f"{money(priced['goods'])} of goods for {money(priced['total'])}")
    story.step("It says what takes something off,", ", ".join(map(_saved, priced["applied"])))
    if not cart["missed"]:
        raise Disagrees("two notebooks should miss an offer of three")
    nearly = ", ".join(f"{offer['label']}: {offer['hint']}" for offer in cart["missed"])
    story.step("and what nearly would.", nearly)
    return priced


async def _give_one_back(story: Story, sku_id: str, payment_id: str) -> None:
    """One of two chairs: the rest no longer reaches the threshold of a promotion."""
    back = {"lines": [{"sku_id": sku_id, "quantity": 1}]}
    proposal = await story.buy("POST", f"/v1/orders/{story.orders[SAVED]}/refund-proposal", back)
    if not proposal["clawbacks"]:
        raise Disagrees("without one chair a threshold is missed, so something should be taken back")
    lost = ", ".join(f"{money(each['amount'])} of “{each['label']}”" for each in proposal["clawbacks"])
    story.step(
        "One chair shall go back. The proposal: what was paid for it, less what the kept goods no longer earn.",
        f"{money(proposal['paid'])} less {lost} = {money(proposal['amount'])}",
    )
    await story.operate("POST", f"/payments/{payment_id}/refund", back, "story/saving/refund")
    order = await story.order_is(SAVED, payment_status="part_refunded")
    story.same("money that went back for the chair", order["refunded"], proposal["amount"])
    story.step("An operator gives back exactly that; spent points return, earned ones go.", money(order["refunded"]))


async def _points_at_least(story: Story, least: int) -> int:
    async def look() -> int:
        return int((await story.buy("GET", "/v1/points"))["balance"])

    found = await looked_at_until(look, lambda balance: balance >= least, _WITHIN)
    if found < least:
        raise Disagrees(f"a completed order should have earned points, but there are {found}")
    return found


def _saved(offer: Mapping[str, Any]) -> str:
    return f"{offer['label']} −{money(offer['amount'])}"


def _worth(points: int) -> str:
    return str(Money(minor=points, currency="CNY"))
