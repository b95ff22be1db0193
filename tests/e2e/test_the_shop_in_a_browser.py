"""Storefront and console, tried as a person would: pages, forms and buttons in a real browser."""

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browsing import add_address, open_page, register
from tests.e2e.calls import Buyer, Operator, eventually, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.offers import Offers, spend
from tests.e2e.running import RunningShop

pytestmark = pytest.mark.timeout(180)
PASSWORD = "a harbour full of tea"


def new_contact() -> str:
    return f"anna-{secrets.token_hex(6)}@hanse.example"


async def put_into_cart(page: Page, shop: RunningShop, good: Good, units: int = 1) -> None:
    """From the first page: search the product, open it, and put so many into the cart."""

    async def is_found() -> bool:
        found = (await shop.http.get(f"{shop.settings.api_url}/v1/search", params={"q": good.code})).json()
        return good.spu_id in [hit["spu_id"] for hit in found["items"]]

    await eventually("the index follows the catalogue", is_found)
    await page.goto(f"{shop.settings.api_url}/")
    await page.fill("#q", good.code)
    await page.press("#q", "Enter")
    await page.click(f'.card a[href$="{good.spu_id}"]')
    await page.fill(".offer .stepper input", str(units))
    await page.press(".offer .stepper input", "Tab")
    await page.click(".offer .button.main")
    await expect(page.locator(".cart-link .count")).to_have_text(str(units))


async def check_out_as_somebody_new(page: Page) -> None:
    """From the cart to the confirmed quote, registering and adding an address on the way."""
    await page.click(".cart-link")
    await page.click(".panel a.button.main")
    await page.click('a[href^="/shop/register"]')
    await register(page, new_contact(), PASSWORD)
    await add_address(page)
    await page.click("form:has(textarea) button[type=submit]")


@pytest.mark.parametrize(("language", "width"), [("en-GB", 1280), pytest.param("zh-CN", 390, marks=pytest.mark.proof)])
async def test_a_visitor_finds_something_registers_orders_and_pays(
    shop: RunningShop, shelves: Shelves, operator: Operator, language: str, width: int
) -> None:
    good = await shelves.good(5, price=26_800)
    async with open_page(language, width) as page:
        await put_into_cart(page, shop, good, units=2)
        await check_out_as_somebody_new(page)
        await expect(page.locator(".sums dd.total")).to_contain_text("536.00")
        await page.click("#place")
        await page.click("form:has(input[name=channel]) button[type=submit]")
        await page.click("button[value=pay]")
        await expect(page.locator("#state")).to_have_attribute("data-payment", "paid")
        order_id = page.url.split("?")[0].rsplit("/", 1)[1]
        await expect(page.locator(".cart-link .count")).to_have_count(0)
    order = await operator.order(order_id)
    assert order["total"] == {"minor": 53_600, "currency": "CNY"}
    assert await operator.available(good.sku_id) == 3


@pytest.mark.proof
async def test_a_buyer_claims_a_coupon_chooses_it_in_the_cart_and_reads_what_everything_saved(
    shop: RunningShop, shelves: Shelves, operator: Operator
) -> None:
    good = await shelves.good(5, price=20_000)
    offers = Offers(operator, good)
    await offers.promotion(spend(300, 50), label="满300减50 Save 50 from 300")
    await offers.template(spend(100, 10), label=f"好券 Good coupon {good.code}")
    async with open_page("en-GB") as page:
        await page.goto(f"{shop.settings.api_url}/shop/register")
        await register(page, new_contact(), PASSWORD)
        await page.wait_for_selector('a[href="/shop/account"]')
        await page.goto(f"{shop.settings.api_url}/shop/coupons")
        await page.get_by_role("button", name=f"Claim: Good coupon {good.code}").click()
        await expect(page.locator("#wallet .ticket")).to_have_count(1)
        await put_into_cart(page, shop, good)
        await page.click(".cart-link")
        await expect(page.locator(".missed")).to_have_text("Add ¥100.00 for “Save 50 from 300”.")
        await page.click(".stepper button:last-child")
        await page.check(".coupon-choice input")
        await expect(page.locator(".sums dd.total")).to_have_text("¥340.00")
        await page.click("a.button.main.wide")
        await add_address(page)
        await page.click("form:has(textarea) button[type=submit]")
        await page.click("#place")
        await page.wait_for_selector("input[name=channel]")
        await expect(page.locator(".sums dd.saved")).to_have_text(["−¥50.00", "−¥10.00"])
        await expect(page.locator(".sums dd.total")).to_have_text("¥340.00")


@pytest.mark.proof
async def test_who_comes_late_is_told_what_is_left_and_can_take_it(
    shop: RunningShop, shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    good = await shelves.good(3, price=1_000)
    async with open_page("en-GB") as page:
        await put_into_cart(page, shop, good, units=3)
        await buyer.placed(good.sku_id, quantity=2)
        await page.click(".cart-link")
        await expect(page.locator(".marked")).to_have_text("Only 1 left")
        await page.click(".line .button:not(.bare)")
        await check_out_as_somebody_new(page)
        await page.click("#place")
        await page.wait_for_selector("input[name=channel]")
    assert await operator.available(good.sku_id) == 0


@pytest.mark.proof
async def test_stock_that_goes_between_cart_and_checkout_is_refused_kindly(
    shop: RunningShop, shelves: Shelves, buyer: Buyer
) -> None:
    good = await shelves.good(3, price=1_000)
    async with open_page("en-GB") as page:
        await put_into_cart(page, shop, good, units=3)
        await page.click(".cart-link")
        await page.click(".panel a.button.main")
        await page.click('a[href^="/shop/register"]')
        await register(page, new_contact(), PASSWORD)
        await add_address(page)
        await page.wait_for_selector("form:has(textarea)")
        await buyer.placed(good.sku_id, quantity=1)
        await page.click("form:has(textarea) button[type=submit]")
        await expect(page.locator(".mend")).to_contain_text("you asked for 3, 2 left")
        await page.click(".mend button")
        await page.click("form:has(textarea) button[type=submit]")
        await expect(page.locator(".sums dd.total")).to_contain_text("20.00")


async def operator_with_password(shop: RunningShop, operator: Operator) -> str:
    """The contact of a new operator who may do everything and logs in with PASSWORD."""
    contact, url = new_contact(), shop.settings.api_url
    await shop.http.post(f"{url}/v1/verification-codes", json={"contact": contact, "purpose": "register"})
    letters = (await shop.http.get(f"{url}/v1/dev/outbox", params={"to": contact})).json()
    code = next(word.strip(".,:") for word in letters[0]["text"].split() if word.strip(".,:").isdigit())
    asked = {"contact": contact, "code": code, "password": PASSWORD, "display_name": "Harbour master"}
    account = said(await shop.http.post(f"{url}/v1/users/register", json=asked), 201)
    path = f"/v1/operators/accounts/{account['user_id']}"
    version = (await operator.get(path)).headers["etag"]
    said(await operator.send("PUT", f"{path}/roles", {"roles": ["administrator"]}, headers={"if-match": version}), 200)
    return contact


async def test_an_operator_finds_an_order_reads_its_story_and_gives_money_back(
    shop: RunningShop, shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    good = await shelves.good(5, price=26_800)
    order = await buyer.placed(good.sku_id)
    await buyer.pay(order["order_id"])
    await buyer.until(order["order_id"], "paid")
    contact = await operator_with_password(shop, operator)
    async with open_page("en-GB", 1360) as page:
        await page.goto(f"{shop.settings.api_url}/console")
        await page.fill("input[name=contact]", contact)
        await page.fill("input[name=password]", PASSWORD)
        await page.click("form button[type=submit]")
        await page.fill("input[name=find]", order["order_id"])
        await page.press("input[name=find]", "Enter")
        await page.click(f'a[href="/console/orders/{order["order_id"]}"]')
        for lane in ("saga", "money", "stock", "parcel"):
            await expect(page.locator(f"#story li.{lane}").first).to_be_visible()
        run = page.locator(f'aside a[href$="/checkout%2F{order["order_id"]}"]')
        assert (await run.get_attribute("href") or "").startswith(shop.settings.temporal_ui_url)
        await page.get_by_role("button", name="Give money back").click()
        await page.fill("dialog input[name=amount]", "68.00")
        await page.click("dialog button[type=submit]")
        await expect(page.locator("dialog")).to_have_count(0)
        await expect(page.locator("#money")).to_contain_text("¥68.00")
        await page.get_by_role("button", name="Book a chargeback").click()
        await page.fill("dialog input[name=amount]", "150.00")
        await page.fill("dialog input[name=reference]", "CB-2291")
        await page.fill("dialog input[name=reason]", "The bank wrote to us.")
        await page.click("dialog button[type=submit]")
        await expect(page.locator("dialog")).to_have_count(0)
        await expect(page.locator("#money")).to_contain_text("¥150.00")
        await page.fill("textarea[name=text]", "The lid was chipped.")
        await page.get_by_role("button", name="Add the note").click()
        await expect(page.locator(".plain-list").last).to_contain_text("The lid was chipped.")
        await page.goto(f"{shop.settings.api_url}/console/audit?subject={order['payment_id']}")
        await expect(page.locator("tbody")).to_contain_text("payments.refund")

    async def refunded() -> bool:
        return bool((await operator.order(order["order_id"]))["refunded"]["minor"] == 6_800)

    await eventually("the refund is booked", refunded)


@pytest.mark.proof
async def test_an_operator_reconciles_a_day_reads_what_was_repaired_and_takes_it_along(
    shop: RunningShop, shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    good = await shelves.good(5, price=12_345)
    order_id = (await buyer.placed(good.sku_id))["order_id"]
    attempt = await buyer.try_to_pay(order_id, "sandbox_voucher")
    said(await buyer.press_pay(attempt, "lost"), 200)
    contact = await operator_with_password(shop, operator)
    async with open_page("en-GB", 1360) as page:
        await page.goto(f"{shop.settings.api_url}/console/reconciliations")
        await page.fill("input[name=contact]", contact)
        await page.fill("input[name=password]", PASSWORD)
        await page.click("form button[type=submit]")
        await page.select_option("select[name=channel]", "sandbox_voucher")
        await page.fill("input[name=day]", datetime.now(UTC).date().isoformat())
        await page.get_by_role("button", name="Reconcile a day").click()
        await expect(page.locator("h1")).to_contain_text("sandbox_voucher")
        row = page.locator("tr", has=page.locator(f'a[href="/console/orders/{order_id}"]'))
        await expect(row).to_contain_text("Payment missing here")
        await expect(row).to_contain_text("¥123.45")
        await expect(row).to_contain_text("Payment told to its order")
        async with page.expect_download() as taken:
            await page.get_by_role("button", name="Differences as CSV").click()
        csv = await asyncio.to_thread(Path(await (await taken.value).path()).read_text, "utf-8")
        assert attempt["attempt_id"] in csv
        await buyer.until(order_id, "paid")
        await page.goto(f"{shop.settings.api_url}/console/money")
        await expect(page.locator("#balance")).to_contain_text("Owed by sandbox_voucher")
        await expect(page.locator("#balance")).to_contain_text("Debits equal credits.")
        await page.fill("input[name=at]", "2020-01-01T00:00")
        await page.get_by_role("button", name="Show").click()
        await expect(page.locator("#balance tbody tr")).to_have_count(0)


@pytest.mark.proof
async def test_a_buyer_who_logs_in_to_the_console_is_told_so(shop: RunningShop) -> None:
    contact = new_contact()
    async with open_page("en-GB") as page:
        await page.goto(f"{shop.settings.api_url}/shop/register")
        await register(page, contact, PASSWORD)
        await page.wait_for_selector('a[href="/shop/account"]')
        await page.goto(f"{shop.settings.api_url}/console")
        await page.fill("input[name=contact]", contact)
        await page.fill("input[name=password]", PASSWORD)
        await page.click("form button[type=submit]")
        await expect(page.locator(".callout")).to_contain_text("no operator's permissions")
