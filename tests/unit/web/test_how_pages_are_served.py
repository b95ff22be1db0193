"""Pages and their files: headers that browsers act on."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from hanse.settings import Settings
from web.app import build


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """One for all tests, which only read: a new application puts its routes together anew."""
    app = build(Settings(environment="test", temporal_ui_url="http://127.0.0.1:8243", rate_limits=False))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.test") as client:
        yield client


PAGES = ("/", "/shop/cart", "/shop/products/spu_01", "/console", "/console/orders/ord_01")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_runs_nothing_but_files_of_this_origin(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert answer.status_code == 200
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_has_nothing_inline_that_the_policy_would_block(browser: httpx.AsyncClient, path: str) -> None:
    html = (await browser.get(path)).text
    assert not re.search(r"<style|\sstyle=|\son\w+=", html)
    assert all(" src=" in tag for tag in re.findall(r"<script[^>]*>", html))


async def test_a_page_is_asked_for_each_time_and_its_files_are_kept(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    assert page.headers["cache-control"] == "no-cache"
    files = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text)
    assert len(files) > 10
    for path in files:
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_file_is_packed_for_browsers_that_unpack(browser: httpx.AsyncClient) -> None:
    path = re.findall(r'href="(/assets/[^"]+/shop\.css)"', (await browser.get("/")).text)[0]
    packed = await browser.get(path)
    plain = await browser.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert "Accept-Encoding" in packed.headers["vary"]


@pytest.mark.parametrize("name", ["shop.css", "nothing.js", "..%2fpages.py", "shop.html"])
async def test_a_file_of_another_version_or_none_of_ours_is_not_there(browser: httpx.AsyncClient, name: str) -> None:
    answer = await browser.get(f"/assets/0123456789abcdef/{name}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_the_console_knows_where_temporal_shows_its_runs(browser: httpx.AsyncClient) -> None:
    runs = "http://127.0.0.1:8243/namespaces/default/workflows"
    assert f'<meta name="temporal-runs" content="{runs}">' in (await browser.get("/console")).text
    assert runs not in (await browser.get("/")).text
