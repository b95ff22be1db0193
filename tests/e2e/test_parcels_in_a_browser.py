"""Parcels as operators and buyers see them: exceptions, labels, picking lists, and the way to the door, in a real browser."""

import os
import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browsing import open_page
from tests.e2e.calls import Buyer, Caller, Operator, said
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop
from tests.e2e.test_carriers import is_now, moves, parcels_of
from tests.e2e.test_parcels import about
from tests.e2e.test_the_shop_in_a_browser import PASSWORD, new_contact, operator_with_password
from tests.homes import HOME

pytestmark = [pytest.mark.proof, pytest.mark.timeout(240)]
SHOTS = os.environ.get("HANSE_TEST_SHOTS")


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.wait_for_timeout(500)
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


async def buyer_with_password(shop: RunningShop) -> tuple[Buyer, str]:
    """A new buyer with an address, and the contact that logs in with PASSWORD."""
    contact, url = new_contact(), shop.settings.api_url
    await shop.http.post(f"{url}/v1/verification-codes", json={"contact": contact, "purpose": "register"})
    letters = (await shop.http.get(f"{url}/v1/dev/outbox", params={"to": contact})).json()
    code = next(word.strip(".,:") for word in letters[0]["text"].split() if word.strip(".,:").isdigit())
    asked = {"contact": contact, "code": code, "password": PASSWORD, "display_name": "Anna"}
    said(await shop.http.post(f"{url}/v1/users/register", json=asked), 201)
    who = {"contact": contact, "password": PASSWORD}
    token = said(await shop.http.post(f"{url}/v1/users/login", json=who), 200)["access_token"]
    address = said(await Caller(shop.http, url, token).post("/v1/addresses", HOME.model_dump()), 201)
    return Buyer(shop.http, url, token, address["id"]), contact


async def test_parcels_are_followed_labelled_and_decided_about(
    shop: RunningShop, shelves: Shelves, operator: Operator
) -> None:
    url = shop.settings.api_url
    good, slow = await shelves.good(5, price=26_800), await shelves.good(5, price=1_000, outbound="manual")
    buyer, contact = await buyer_with_password(shop)
    order_id = str((await buyer.placed(good.sku_id, slow.sku_id, quantity=2))["order_id"])
    await buyer.pay(order_id)
    at = await parcels_of(operator, order_id, "shipped", "picking")
    parcel, waiting = at[good.warehouses[0]], at[slow.warehouses[0]]
    parcel = await is_now(operator, parcel, "shipped")
    async with open_page("en-GB") as page:
        await page.goto(f"{url}/shop/login?then=%2Fshop%2Forders%2F{order_id}")
        await page.fill("input[name=contact]", contact)
        await page.fill("input[name=password]", PASSWORD)
        await page.click("form:has(input[name=password]) button[type=submit].main")
        await page.wait_for_selector("#state")
        await expect(page.locator(".arrival")).to_contain_text("Expected on")
        await moves(shop, parcel, "picked_up", "in_transit", "out_for_delivery", "lost")
        await is_now(operator, parcel, "exception")
        way = page.locator(".parcel .timeline li b")  # the page follows the order by itself
        told = ["Lost", "Out for delivery", "In transit", "Picked up by the carrier"]
        await expect(way).to_have_text(told, timeout=30_000)
        await expect(page.locator(".arrival")).to_have_count(0)
        await shot(page, "buyer-en")
        await page.get_by_role("button", name="中文").first.click()
        await expect(way.first).to_have_text("丢失")
        await shot(page, "buyer-zh")
    async with open_page("zh-CN") as page:
        await page.goto(f"{url}/console")
        await page.fill("input[name=contact]", await operator_with_password(shop, operator))
        await page.fill("input[name=password]", PASSWORD)
        await page.click("form button[type=submit]")
        await page.click('nav a[href="/console/parcels"]')
        row = page.locator("tbody tr", has_text=parcel["waybill"])
        await expect(row).to_have_count(1)
        await row.get_by_role("button", name="物流轨迹").click()
        await expect(page.locator("ol.way li b").first).to_have_text("丢失")
        await shot(page, "console-zh")
        async with page.expect_download() as saving:
            await row.get_by_role("button", name="面单").click()
        assert (await saving.value).suggested_filename == f"{parcel['waybill']}.pdf"
        await row.get_by_role("button", name=re.compile("决定|处理")).click()
        await page.select_option("dialog select[name=decision]", "refund")
        await page.click("dialog button[type=submit]")
        await is_now(operator, parcel, "stopped")
        await page.goto(f"{url}/console/parcels?status=picking&warehouse={waiting['warehouse_id']}")
        await expect(page.locator("#picking-list .picking li").first).to_contain_text("2 ×")
        await shot(page, "picking-zh")
        await page.goto(f"{url}/console/orders/{order_id}")
        await page.wait_for_selector("aside ol.way")
        await shot(page, "order-zh")
    await about(operator, waiting, "dispatch")
    if SHOTS:
        async with open_page("en-GB") as page:
            await page.goto(shop.settings.sandbox_carrier_url)
            await shot(page, "sandbox")
