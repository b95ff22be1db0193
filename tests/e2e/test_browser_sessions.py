"""A browser's session: what a page may hold, and what only the cookie does."""

import secrets

import httpx

from tests.e2e.calls import JSON, said
from tests.e2e.running import RunningShop

PASSWORD = "a harbour full of tea"


async def registered(shop: RunningShop, browser: httpx.AsyncClient) -> httpx.Response:
    """The answer to a registration through the storefront's route."""
    contact = f"anna-{secrets.token_hex(6)}@hanse.example"
    await browser.post("/v1/verification-codes", json={"contact": contact, "purpose": "register"})
    letters = (await browser.get("/v1/dev/outbox", params={"to": contact})).json()
    code = next(word.strip(".,:") for word in letters[0]["text"].split() if word.strip(".,:").isdigit())
    asked = {"contact": contact, "code": code, "password": PASSWORD, "display_name": "Anna"}
    return await browser.post("/web/shop/session/registration", json=asked)


def browser_of(shop: RunningShop) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=shop.settings.api_url, timeout=30)


async def test_the_refresh_token_goes_into_a_cookie_that_no_script_and_no_other_route_sees(shop: RunningShop) -> None:
    async with browser_of(shop) as browser:
        answer = await registered(shop, browser)
        session = said(answer, 201)
        cookie = answer.headers["set-cookie"].lower()
        assert set(session) == {"access_token", "expires_in", "user_id"}
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/web/shop/session" in cookie
        assert answer.headers["cache-control"] == "no-store"


async def test_a_page_that_is_loaded_again_gets_a_new_access_token(shop: RunningShop) -> None:
    async with browser_of(shop) as browser:
        first = said(await registered(shop, browser), 201)
        before = dict(browser.cookies)
        again: JSON = said(await browser.post("/web/shop/session/renewal"), 200)
        assert again["user_id"] == first["user_id"]
        assert dict(browser.cookies) != before
        headers = {"authorization": f"Bearer {again['access_token']}"}
        assert (await browser.get("/v1/users/me", headers=headers)).status_code == 200


async def test_who_is_not_logged_in_gets_no_token_and_no_error(shop: RunningShop) -> None:
    async with browser_of(shop) as browser:
        answer = await browser.post("/web/shop/session/renewal")
        assert answer.status_code == 200
        assert answer.json() is None


async def test_storefront_and_console_are_two_sessions(shop: RunningShop) -> None:
    async with browser_of(shop) as browser:
        await registered(shop, browser)
        assert (await browser.post("/web/console/session/renewal")).json() is None


async def test_a_page_of_another_origin_cannot_use_the_session(shop: RunningShop) -> None:
    async with browser_of(shop) as browser:
        await registered(shop, browser)
        for site in ("same-site", "cross-site"):
            answer = await browser.post("/web/shop/session/renewal", headers={"sec-fetch-site": site})
            assert answer.status_code == 401
        assert (await browser.post("/web/shop/session/renewal", headers={"sec-fetch-site": "same-origin"})).json()


async def test_a_forgotten_session_is_over_for_this_browser(shop: RunningShop) -> None:
    async with browser_of(shop) as browser:
        await registered(shop, browser)
        assert (await browser.delete("/web/shop/session")).status_code == 204
        assert (await browser.post("/web/shop/session/renewal")).json() is None
