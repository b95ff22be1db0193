"""The console's order page: an operator changes the price of an order that waits for its payment, and is told why not."""

import pytest
from playwright.async_api import expect

from tests.e2e.browsing import open_page
from tests.e2e.calls import Buyer, Operator
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop
from tests.e2e.test_the_shop_in_a_browser import PASSWORD, operator_with_password

SPOKEN = {"en-GB": ("Change the price", "The price cannot be changed so"), "zh-CN": ("改价", "无法这样改价")}


@pytest.mark.proof
@pytest.mark.parametrize("language", sorted(SPOKEN))
async def test_an_operator_asks_less_and_is_refused_more(
    shop: RunningShop, shelves: Shelves, buyer: Buyer, operator: Operator, language: str
) -> None:
    change, refused = SPOKEN[language]
    good = await shelves.good(5, price=26_800)
    order = await buyer.placed(good.sku_id)
    contact = await operator_with_password(shop, operator)
    async with open_page(language, 1360) as page:
        await page.goto(f"{shop.settings.api_url}/console/orders/{order['order_id']}")
        await page.fill("input[name=contact]", contact)
        await page.fill("input[name=password]", PASSWORD)
        await page.click("form button[type=submit]")
        await page.get_by_role("button", name=change).click()
        await page.fill("dialog input[name=total]", "268.01")
        await page.fill("dialog input[name=why]", "The lid is chipped.")
        await page.click("dialog button[type=submit]")
        await expect(page.locator("dialog")).to_contain_text(refused)
        await page.fill("dialog input[name=total]", "200.00")
        await page.click("dialog button[type=submit]")
        await expect(page.locator("dialog")).to_have_count(0)
        await expect(page.locator("#receipt .sum")).to_contain_text("200.00")
        await expect(page.locator("#receipt")).to_contain_text("The lid is chipped.")
        await expect(page.locator("#money")).to_contain_text("200.00")
    assert (await buyer.order(order["order_id"]))["total"]["minor"] == 20_000
