"""Carts as visitors and buyers meet them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis

from models.orders.types import ShippingRate
from models.shared import Money
from models.shared.ids import CartId, SkuId
from stores.cart import CartStore
from stores.fulfillment import FulfillmentStore
from stores.inventory import InventoryStore
from tests.conftest import OpenDatabase
from tests.homes import HOME
from tests.integration.inventory.shop import Shop as Stock
from tests.integration.pricing import pricing_on
from tests.integration.products.catalogue import HOUR, NOW, YUAN, Catalogue, open_catalogue
from tests.integration.users.shop import Person, open_shop
from tests.integration.users.shop import Shop as AccountsShop

NOBODYS_CART = CartId.derive(NOW, "nobody")
NOTHING = SkuId.derive(NOW, "nothing")
INVALID = (422, "validation_failed")


@dataclass
class Front:
    """The api with accounts, a catalogue, stock and carts."""

    accounts: AccountsShop
    catalogue: Catalogue
    stock: Stock
    rates: FulfillmentStore

    async def on_sale(self, code: str = "shirt", units: int = 50) -> SkuId:
        """A SKU at 199 yuan, with so many in stock."""
        product = await self.catalogue.on_sale(code)
        merchant = self.catalogue.merchant.merchant_id
        house = await self.stock.warehouse(f"house-{code}", merchant)
        if units:
            await self.stock.stock(house, product.skus[0].sku_id, units)
        return product.skus[0].sku_id

    def visitor(self) -> Person:
        return self.accounts.stranger()


@pytest.fixture
async def front(database: OpenDatabase, redis_url: str, tmp_path: Path, api: FastAPI) -> AsyncIterator[Front]:
    catalogue = await open_catalogue(await database("products"), tmp_path)
    users, inventory = await database("users"), await database("inventory")
    store, rates = InventoryStore(inventory), FulfillmentStore(await database("orders"))
    async with (
        open_shop(api, users, await database("ops"), redis_url, tmp_path) as accounts,
        Redis.from_url(redis_url) as redis,
    ):
        accounts.clock.now = NOW + HOUR
        services = api.state.services
        services.products, services.inventory, services.fulfillment = catalogue.products, store, rates
        services.carts = CartStore.on(users, redis)
        services.pricing = pricing_on(await database("promotions"), catalogue.products, rates)
        yield Front(accounts, catalogue, Stock(store, inventory), rates)


async def ask(who: Person, method: str, path: str = "", body: Any = None, **query: Any) -> Any:
    """What a request that is granted answers."""
    answer = await who.http.request(method, f"/v1/cart{path}", json=body, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def add(who: Person, sku_id: SkuId, quantity: int = 1) -> Any:
    """Add to the cart; a visitor's client sends the id of the cart from then on."""
    cart = await ask(who, "POST", "/lines", {"sku_id": sku_id, "quantity": quantity})
    if cart["cart_id"] is not None:
        who.http.headers["x-cart-id"] = cart["cart_id"]
    return cart


def refused(answer: httpx.Response) -> tuple[int, str]:
    """How a request was refused."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def amounts(cart: Any) -> tuple[Any, ...]:
    (summed,) = cart["sums"]
    return tuple(summed[name] and summed[name]["minor"] for name in ("goods", "discount", "shipping", "total"))


async def test_a_visitors_first_article_starts_a_cart_that_only_its_id_opens(front: Front) -> None:
    sku_id, visitor = await front.on_sale(), front.visitor()
    assert (await ask(visitor, "GET"))["lines"] == []
    started = await add(visitor, sku_id, 2)
    assert CartId(started["cart_id"])
    (line,) = (await ask(visitor, "GET"))["lines"]
    assert (line["sku_id"], line["quantity"], line["title"], line["marks"]) == (sku_id, 2, "Linen shirt 亚麻衬衫", [])
    assert amounts(started) == (39_800, 0, None, 39_800)
    assert started["missed"] == []
    assert (await ask(front.visitor(), "GET"))["cart_id"] is None
    another = await add(front.visitor(), sku_id)
    assert another["cart_id"] != started["cart_id"]


async def test_a_buyer_sees_the_same_cart_on_every_device_and_nobody_elses(front: Front) -> None:
    sku_id, buyer, other = await front.on_sale(), await front.accounts.customer(), await front.accounts.customer()
    cart = await add(buyer, sku_id, 2)
    assert cart["cart_id"] is None
    phone = front.accounts.stranger(buyer.contact)
    await phone.log_in()
    assert await ask(phone, "GET") == await ask(buyer, "GET") == cart
    assert (await ask(other, "GET"))["lines"] == []
    visitor = front.visitor()
    await add(visitor, sku_id)
    other.http.headers["x-cart-id"] = visitor.http.headers["x-cart-id"]
    assert (await ask(other, "GET"))["lines"] == [], "a log-in goes before the id of a visitor's cart"


async def test_every_way_to_change_a_cart_answers_with_the_cart_as_it_is_then(front: Front) -> None:
    shirt, coat = await front.on_sale("shirt"), await front.on_sale("coat")
    for who in (await front.accounts.customer(), front.visitor()):
        await add(who, shirt, 2)
        assert amounts(await add(who, coat)) == (59_700, 0, None, 59_700)
        changed = await ask(who, "PATCH", f"/lines/{shirt}", {"quantity": 5, "selected": False})
        assert amounts(changed) == (19_900, 0, None, 19_900)
        assert amounts(await ask(who, "PUT", "/selection", {"sku_ids": [shirt]})) == (99_500, 0, None, 99_500)
        aside = await ask(who, "POST", f"/lines/{shirt}/save-for-later")
        assert [line["sku_id"] for line in aside["saved"]] == [shirt]
        assert aside["sums"] == []
        assert amounts(await ask(who, "POST", f"/saved/{shirt}/move-to-cart")) == (99_500, 0, None, 99_500)
        assert [line["sku_id"] for line in (await ask(who, "DELETE", f"/lines/{shirt}"))["lines"]] == [coat]
        await ask(who, "POST", f"/lines/{coat}/save-for-later")
        assert (await ask(who, "DELETE", f"/saved/{coat}"))["saved"] == []
        await add(who, coat)
        cleared = await ask(who, "DELETE", "/lines")
        assert cleared["lines"] == []
        assert await ask(who, "GET") == cleared


async def test_what_makes_no_sense_is_refused_and_changes_nothing(front: Front) -> None:
    sku_id, gone = await front.on_sale(), await front.catalogue.product("gone")
    gone = await front.catalogue.sku(gone, "gone-m")
    await front.catalogue.price(gone, YUAN)
    for who in (await front.accounts.customer(), front.visitor()):
        before = await add(who, sku_id)
        wrong_quantities = (0, -1, 10_000, 10**30, 1.5, "many", None)
        attempts: list[tuple[str, str, Any, tuple[int, str]]] = [
            ("POST", "/lines", {"sku_id": NOTHING}, (422, "unknown_sku")),
            ("POST", "/lines", {"sku_id": gone.skus[0].sku_id}, (422, "sku_unpublished")),
            ("POST", "/lines", {"sku_id": sku_id, "quantity": 999}, (422, "quantity_above_limit")),
            *(("POST", "/lines", {"sku_id": sku_id, "quantity": n}, INVALID) for n in wrong_quantities),
            ("POST", "/lines", {"sku_id": "sku_1"}, INVALID),
            ("POST", "/lines", {"sku_id": sku_id, "added_price": 1}, INVALID),
            ("PATCH", f"/lines/{sku_id}", {"quantity": 0}, INVALID),
            ("PATCH", f"/lines/{sku_id}", {"quantity": 1000}, (422, "quantity_above_limit")),
            ("PATCH", f"/lines/{sku_id}", {}, INVALID),
            ("PATCH", f"/lines/{NOTHING}", {"quantity": 1}, (422, "unknown_sku")),
            ("PATCH", f"/lines/{NOTHING}", {"selected": True}, (404, "not_found")),
            ("PUT", "/selection", {"sku_ids": [NOTHING]}, (404, "not_found")),
            ("POST", f"/lines/{NOTHING}/save-for-later", None, (404, "not_found")),
            ("POST", f"/saved/{NOTHING}/move-to-cart", None, (422, "unknown_sku")),
        ]
        for method, path, body, expected in attempts:
            answer = await who.http.request(method, f"/v1/cart{path}", json=body)
            assert refused(answer) == expected, (method, path, body)
        assert await ask(who, "GET") == before


async def test_an_unknown_cart_is_not_found_and_a_malformed_id_no_id(front: Front) -> None:
    sku_id, visitor = await front.on_sale(), front.visitor()
    for method, path, body in (
        ("GET", "", None),
        ("POST", "/lines", {"sku_id": sku_id}),
        ("PATCH", f"/lines/{sku_id}", {"quantity": 1}),
        ("DELETE", f"/lines/{sku_id}", None),
        ("DELETE", "/lines", None),
        ("PUT", "/selection", {"sku_ids": []}),
        ("POST", f"/lines/{sku_id}/save-for-later", None),
        ("POST", f"/saved/{sku_id}/move-to-cart", None),
        ("DELETE", f"/saved/{sku_id}", None),
    ):
        for headers, expected in (
            ({"x-cart-id": NOBODYS_CART}, (404, "not_found")),
            ({"x-cart-id": "crt_1"}, (422, "validation_failed")),
            ({"authorization": "Bearer nonsense"}, (401, "not_authenticated")),
        ):
            answer = await visitor.http.request(method, f"/v1/cart{path}", json=body, headers=headers)
            assert refused(answer) == expected, (method, path, headers)
    assert refused(await visitor.http.delete("/v1/cart/lines")) == (404, "not_found")


async def test_a_hundred_articles_fill_a_cart(front: Front) -> None:
    product = await front.catalogue.on_sale("many")
    skus = [product.skus[0].sku_id]
    for n in range(100):
        product = await front.catalogue.sku(product, f"many-{n}", Size=str(n))
    merchant_skus = [sku for sku in product.skus if sku.sku_id not in skus]
    for sku in merchant_skus:
        priced = await front.catalogue.edits.set_price(
            sku.sku_id, product.version, YUAN, decided_by="test", now=NOW, effective_at=None
        )
        product = priced.product
    buyer = await front.accounts.customer()
    for sku in merchant_skus:
        await add(buyer, sku.sku_id)
    answer = await buyer.http.post("/v1/cart/lines", json={"sku_id": skus[0]})
    assert refused(answer) == (409, "cart_full")


async def test_what_changed_since_it_was_added_is_marked(front: Front) -> None:
    dearer, gone = await front.catalogue.on_sale("dearer"), await front.catalogue.on_sale("gone")
    few, none = await front.on_sale("few", 2), await front.on_sale("none", 0)
    house = await front.stock.warehouse("house", front.catalogue.merchant.merchant_id)
    await front.stock.stock(house, dearer.skus[0].sku_id, 9)
    buyer = await front.accounts.customer()
    for sku_id in (dearer.skus[0].sku_id, gone.skus[0].sku_id, few, none):
        await add(buyer, sku_id, 3)
    await front.catalogue.price(dearer, YUAN * 210)
    await front.catalogue.edits.unpublish(gone.spu_id, gone.version, NOW)
    cart = await ask(buyer, "GET")
    told = {
        line["sku_id"]: [{k: v for k, v in mark.items() if v is not None} for mark in line["marks"]]
        for line in cart["lines"]
    }
    assert told == {
        dearer.skus[0].sku_id: [{"kind": "price_changed", "was": {"minor": 19_900, "currency": "CNY"}}],
        gone.skus[0].sku_id: [{"kind": "unpublished"}],
        few: [{"kind": "only_left", "left": 2}],
        none: [{"kind": "sold_out"}],
    }
    assert cart["sums"][0]["basket"] == [{"sku_id": dearer.skus[0].sku_id, "quantity": 3}]
    assert amounts(cart) == (63_000, 0, None, 63_000)


async def test_shipping_is_priced_for_an_address_of_ones_own(front: Front) -> None:
    sku_id, buyer, other = await front.on_sale(), await front.accounts.customer(), await front.accounts.customer()
    merchant = front.catalogue.merchant.merchant_id
    await front.rates.put_rate(
        ShippingRate(merchant_id=merchant, country="CN", base=YUAN * 8, per_unit=Money(minor=50))
    )
    address = (await buyer.http.post("/v1/addresses", json=HOME.model_dump())).json()["id"]
    visitor = front.visitor()
    for who in (buyer, other, visitor):
        await add(who, sku_id, 2)
    assert amounts(await ask(buyer, "GET", address_id=address)) == (39_800, 0, 900, 40_700)
    assert refused(await other.http.get("/v1/cart", params={"address_id": address})) == (404, "not_found")
    assert refused(await visitor.http.get("/v1/cart", params={"address_id": address})) == (401, "not_authenticated")


async def test_a_visitor_who_logs_in_takes_the_cart_along(front: Front) -> None:
    plenty, few, none = await front.on_sale("plenty"), await front.on_sale("few", 4), await front.on_sale("none", 0)
    buyer, browser = await front.accounts.customer(), front.visitor()
    await add(buyer, few, 3)
    for sku_id, quantity in ((plenty, 2), (few, 2), (none, 1)):
        await add(browser, sku_id, quantity)
    browser.contact = buyer.contact
    await browser.log_in()
    report = await ask(browser, "POST", "/merge")
    told = {line["sku_id"]: (line["outcome"], line["place"], line["now"]) for line in report["lines"]}
    assert told == {plenty: ("whole", "cart", 2), few: ("short", "cart", 4), none: ("sold_out", "saved", 1)}
    cart = await ask(buyer, "GET")
    assert {line["sku_id"]: line["quantity"] for line in cart["lines"]} == {plenty: 2, few: 4}
    assert await ask(browser, "POST", "/merge") == report
    assert await ask(browser, "GET") == cart
    del browser.http.headers["authorization"]
    assert (await ask(browser, "GET"))["lines"] == []
    answer = await browser.http.post("/v1/cart/lines", json={"sku_id": plenty})
    assert refused(answer) == (409, "cart_merged")


async def test_merging_takes_a_log_in_and_a_cart_that_is_there(front: Front) -> None:
    buyer, headers = await front.accounts.customer(), {"x-cart-id": NOBODYS_CART}
    merge = "/v1/cart/merge"
    assert refused(await front.visitor().http.post(merge, headers=headers)) == (401, "not_authenticated")
    assert refused(await buyer.http.post(merge, headers=headers)) == (404, "not_found")
    assert refused(await buyer.http.post(merge)) == (422, "validation_failed")
