"""The chapters in which things are bought: the first order goes well, the others do not end as they began."""

from collections.abc import Mapping
from typing import Any

from cli.registering import register
from cli.story.telling import Story, money

_ADDRESS = {
    "recipient": "Lin Yue",
    "phone": "+8613900139000",
    "region": "Zhejiang",
    "city": "Hangzhou",
    "line": "3 West Lake Road",
    "postal_code": "310000",
}
FIRST, FORGOTTEN, REGRETTED, CANCELLED = (
    "the first order",
    "the forgotten order",
    "the regretted order",
    "the called-off order",
)


async def arrive(story: Story) -> str:
    """Somebody registers and gives an address; its id."""
    story.chapter("Somebody comes in")
    await register(story.shop, story.buyer, "Lin Yue")
    story.step("Lin Yue registers with a code that came by e-mail, and is logged in.", story.buyer.contact)
    address: Mapping[str, str] = await story.buy("POST", "/v1/addresses", _ADDRESS)
    story.step("She writes her address into the address book.", address["id"])
    return address["id"]


async def find(story: Story) -> Mapping[str, Any]:
    """A product is found and put into the cart; the SKU."""
    cards = (await story.shop.ask("GET", "/v1/products?limit=5&text=green+tea")).body["items"]
    cards = cards or (await story.shop.ask("GET", "/v1/products?limit=5")).body["items"]
    product = (await story.shop.ask("GET", f"/v1/products/{cards[0]['spu_id']}")).body
    sku: Mapping[str, Any] = next(sku for sku in product["skus"] if sku["in_stock"])
    found = f"{product['title']}: {money(sku['price'])}, {sku['available']} in stock"
    story.step("She looks for green tea, and finds some.", found)
    cart = await story.buy("POST", "/v1/cart/lines", {"sku_id": sku["sku_id"], "quantity": 2})
    story.same(
        "lines in the cart", [(line["sku_id"], line["quantity"]) for line in cart["lines"]], [(sku["sku_id"], 2)]
    )
    story.step("Two of them go into her cart, which prices them on trial.", money(cart["sums"][0]["total"]))
    return sku


async def buy_well(story: Story, sku: Mapping[str, Any], address_id: str) -> None:
    """Hold, place, pay, shipped, signed, confirmed."""
    story.chapter("An order that goes well")
    basket = {"lines": [{"sku_id": sku["sku_id"], "quantity": 2}], "address_id": address_id}
    held = await story.buy("POST", "/orders/prepare", basket, "story/first/hold")
    left = (await story.shop.ask("GET", f"/v1/inventory/skus/{sku['sku_id']}")).body["available"]
    story.same("units left for others", left, sku["available"] - 2)
    story.step(
        "POST /orders/prepare: the server prices the basket and holds the stock for five minutes.",
        f"{money(held['quote']['total'])}; others can now buy {left}",
    )
    ask = {"order_id": held["order_id"], "expected_total": held["quote"]["total"]}
    placed = await story.buy("POST", "/orders", ask, "story/first/place")
    story.orders[FIRST] = placed["order_id"]
    story.step("POST /orders: it is an order now and waits for its money.", placed["order_id"])
    again = await story.buy("POST", "/orders", ask, "story/first/place")
    story.same("the order of the repeated request", again["order_id"], placed["order_id"])
    story.step("The same request once more, as after a lost answer: the same order, not a second one.")
    await pay(story, FIRST)
    order = await story.order_is(FIRST, status="paid", payment_status="paid")
    story.step("She pays at the sandbox's cashier; its signed callback completes the order.", money(order["total"]))


async def receive(story: Story) -> None:
    """The parcel of the first order arrives, and the buyer says so."""
    await story.parcels.send(story.orders[FIRST])
    parcel = (await story.buy("GET", f"/v1/orders/{story.orders[FIRST]}/shipments"))[0]
    await story.order_is(FIRST, fulfillment_status="shipped")
    story.step("The warehouse packs it, the carrier takes it.", f"waybill {parcel['waybill']}")
    await story.parcels.deliver(story.orders[FIRST])
    await story.order_is(FIRST, fulfillment_status="delivered")
    story.step("The parcel arrives and is signed for.")
    await story.buy("POST", f"/v1/orders/{story.orders[FIRST]}/confirm", key="story/first/confirm")
    await story.order_is(FIRST, status="completed")
    story.step("She confirms that all is well: the order is completed.")


async def pay(story: Story, name: str) -> None:
    """Pay all of an order by card."""
    ask = {"order_id": story.orders[name], "channel": "sandbox_card"}
    attempt = await story.buy("POST", "/payments", ask, f"story/{name.replace(' ', '-')}/pay")
    await story.shop.ask("POST", f"{attempt['cashier_url']}/pay")


async def place(story: Story, name: str, sku: Mapping[str, Any], address_id: str) -> Mapping[str, Any]:
    """Order one of it in a single request."""
    basket = {"lines": [{"sku_id": sku["sku_id"], "quantity": 1}], "address_id": address_id}
    placed: Mapping[str, Any] = await story.buy(
        "POST", "/orders", {"basket": basket}, f"story/{name.replace(' ', '-')}"
    )
    story.orders[name] = placed["order_id"]
    return placed


async def forget(story: Story, sku: Mapping[str, Any], address_id: str) -> None:
    """An order that is left alone; `expired` tells how it ends."""
    story.chapter("An order that is forgotten")
    placed = await place(story, FORGOTTEN, sku, address_id)
    due = placed["payment_due_at"][11:19]
    story.step("She places another order and leaves it alone.", f"to be paid until {due} UTC: this shop is in a hurry")


async def expired(story: Story, sku: Mapping[str, Any]) -> None:
    """The forgotten order is over, and its stock is back."""
    story.chapter("What became of the forgotten order")
    before = (await story.shop.ask("GET", f"/v1/inventory/skus/{sku['sku_id']}")).body["available"]
    await story.order_is(FORGOTTEN, status="cancelled", cancel_reason="payment_timeout")
    after = (await story.shop.ask("GET", f"/v1/inventory/skus/{sku['sku_id']}")).body["available"]
    story.step("Nobody paid: the workflow closed it and gave the stock back.", f"{after} in stock, {before} before")


async def call_off(story: Story, sku: Mapping[str, Any], address_id: str) -> None:
    """An order that is cancelled before it is paid."""
    story.chapter("An order that is called off")
    await place(story, CANCELLED, sku, address_id)
    await story.buy("POST", f"/orders/{story.orders[CANCELLED]}/cancel", {"why": "changed my mind"}, "story/cancel")
    await story.order_is(CANCELLED, status="cancelled", payment_status="unpaid")
    story.step("She orders once more and cancels before paying: at once, stock back, nothing owed.")


async def regret(story: Story, sku: Mapping[str, Any], address_id: str) -> None:
    """An order that is paid and refunded."""
    story.chapter("An order that is paid, and paid back")
    placed = await place(story, REGRETTED, sku, address_id)
    await pay(story, REGRETTED)
    await story.order_is(REGRETTED, status="paid", payment_status="paid")
    story.step("She orders and pays.", money(placed["total"]))
    refund = await story.operate(
        "POST", f"/payments/{placed['payment_id']}/refund", {"note": "the story wants it"}, "story/refund"
    )
    story.step("An operator gives the money back: held at once, so that nobody can give it twice.", refund["refund_id"])
    order = await story.order_is(REGRETTED, payment_status="refunded")
    story.same("money that went back", order["refunded"], placed["total"])
    story.step("The channel reports that it has gone back.", money(order["refunded"]))


async def be_refused(story: Story, sku: Mapping[str, Any], address_id: str) -> None:
    """More than there is."""
    story.chapter("A refusal")
    basket = {"lines": [{"sku_id": sku["sku_id"], "quantity": sku["max_per_order"]}], "address_id": address_id}
    problem = await story.refusal("POST", "/orders/prepare", basket, "story/too-many", "sold_out")
    story.step(f"She asks for {sku['max_per_order']} of them. The answer is a problem document (RFC 9457):")
    story.show(problem)
