"""Parcels as operators and buyers see them: exceptions, labels, picking lists, and the way to the door, in a real browser."""

import os
import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browsing import add_address, open_page, register
from tests.e2e.calls import Operator
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop
from tests.e2e.test_carriers import is_now, moves, parcels_of
from tests.e2e.test_parcels import about
from tests.e2e.test_the_shop_in_a_browser import PASSWORD, new_contact, operator_with_password

pytestmark = pytest.mark.timeout(240)
SHOTS = os.environ.get("HANSE_TEST_SHOTS")


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.wait_for_timeout(500)
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


async def test_parcels_are_followed_labelled_and_decided_about(
    shop: RunningShop, shelves: Shelves, operator: Operator
) -> None:
    url = shop.settings.api_url
    good, slow = await shelves.good(5, price=26_800), await shelves.good(5, price=1_000, outbound="manual")
    async with open_page("en-GB") as page:
        await page.goto(f"{url}/shop/register")
        contact = new_contact()
        await register(page, contact, PASSWORD)
        await page.wait_for_selector('a[href="/shop/account"]')
        for one in (good, slow):
            await page.goto(f"{url}/shop/products/{one.spu_id}")
            await page.fill(".offer .stepper input", "2")
            await page.press(".offer .stepper input", "Tab")
            await page.click(".offer .button.main")
        await page.click(".cart-link")
        await page.click("a.button.main.wide")
        await add_address(page)
        await page.click("form:has(textarea) button[type=submit]")
        await page.click("#place")
        await page.click("form:has(input[name=channel]) button[type=submit]")
        await page.click("button[value=pay]")
        await expect(page.locator("#state")).to_have_attribute("data-payment", "paid")
        order_id = page.url.split("?")[0].rsplit("/", 1)[1]
        at = await parcels_of(operator, order_id, "shipped", "picking")
        parcel, waiting = at[good.warehouses[0]], at[slow.warehouses[0]]
        parcel = await is_now(operator, parcel, "shipped")
        await moves(shop, parcel, "picked_up", "in_transit", "out_for_delivery", "lost")
        await is_now(operator, parcel, "exception")
        await page.goto(f"{url}/shop/orders/{order_id}")
        way = page.locator(".parcel .timeline li b")
        await expect(way).to_have_text(["Lost", "Out for delivery", "In transit", "Picked up by the carrier"])
        await expect(page.locator(".arrival")).to_contain_text("Expected on")
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
