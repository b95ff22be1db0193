"""What a buyer sees of WeChat Pay: a code to scan on a computer, WeChat's own question inside WeChat."""

import json

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browsing import open_page
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop
from tests.e2e.test_the_shop_in_a_browser import check_out_as_somebody_new, put_into_cart

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]
CANCELS_THEN_PAYS = """
window.told = [];
window.WeixinJSBridge = {invoke: (what, signed, answer) => {
  window.told.push([what, signed]);
  answer({err_msg: `get_brand_wcpay_request:${window.told.length === 1 ? "cancel" : "ok"}`});
}};
"""
"""WeChat around the page: the buyer changes their mind first, and pays then."""


async def order_to_pay(page: Page, shop: RunningShop, shelves: Shelves) -> str:
    """Somebody new, at the cashier with an order."""
    await put_into_cart(page, shop, await shelves.good(5, price=26_800))
    await check_out_as_somebody_new(page)
    await page.click("#place")
    await page.wait_for_selector("input[value=wechat_pay]")
    return page.url.split("?")[0].rsplit("/", 1)[1]


async def choose(page: Page, channel: str) -> None:
    await page.check(f"input[value={channel}]")
    await page.click("form:has(input[name=channel]) button[type=submit]")


async def test_a_code_is_scanned_and_the_page_goes_on_by_itself(shop: RunningShop, shelves: Shelves) -> None:
    async with open_page("zh-CN", 390) as page:
        order_id = await order_to_pay(page, shop, shelves)
        await expect(page.locator("form:has(input[name=channel])")).not_to_contain_text("微信内")
        await choose(page, "wechat_pay")
        code = page.locator("img.code")
        await expect(code).to_have_js_property("complete", True)
        assert await code.evaluate("picture => picture.naturalWidth") > 200
        await expect(page.locator("main")).to_contain_text("¥268.00")
        shop.wechat_pay.pay(page.url.rsplit("/", 1)[1])
        await page.wait_for_url(f"**/shop/orders/{order_id}")
        await expect(page.locator("#state")).to_have_attribute("data-payment", "paid")


async def test_inside_wechat_the_page_hands_over_what_the_shop_signed(shop: RunningShop, shelves: Shelves) -> None:
    async with open_page("en-GB") as page:
        order_id = await order_to_pay(page, shop, shelves)
        await page.goto(f"{shop.settings.api_url}/shop/pay/{order_id}?payer_id=openid-of-anna")
        await page.add_init_script(CANCELS_THEN_PAYS)
        await choose(page, "wechat_pay_jsapi")
        await expect(page.locator("main .callout")).to_contain_text("You did not pay")
        what, signed = json.loads(await page.evaluate("JSON.stringify(window.told[0])"))
        assert (what, signed["appId"], signed["signType"]) == ("getBrandWCPayRequest", shop.wechat_pay.appid, "RSA")
        assert signed["package"].startswith("prepay_id=")
        await page.click("#pay")
        await page.wait_for_url(f"**/shop/orders/{order_id}")
        await page.goto(f"{shop.settings.api_url}/shop/pay/{order_id}/wechat")
        await expect(page.locator("main .callout")).to_contain_text("nothing to pay on this page")
