"""A real browser, for tests that read and press what a person does."""

import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright

from tests.homes import HOME

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """Where a Chromium is on this machine; skips the test aloud when there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    pytest.skip("no chromium on this machine (Debian: apt-get install chromium): the pages were not tried in a browser")


@asynccontextmanager
async def open_page(language: str, width: int = 1280) -> AsyncIterator[Page]:
    """A page of a new browser without any past. Whatever the page itself complained about fails the test at the end."""
    path, complaints = chromium(), list[str]()
    async with async_playwright() as playwright:
        with tempfile.TemporaryDirectory(prefix="hanse-browser-", ignore_cleanup_errors=True) as past:
            browser = await playwright.chromium.launch_persistent_context(
                past, executable_path=path, args=_QUIET, locale=language, viewport={"width": width, "height": 900}
            )
            try:
                page = browser.pages[0]
                page.set_default_timeout(20_000)
                page.on("pageerror", lambda error: complaints.append(str(error)))
                page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
                yield page
            finally:
                await browser.close()
    expected = re.compile(
        r"the server responded with a status of 4\d\d"
    )  # refusals, which the page tells in its own words
    assert not [text for text in complaints if not expected.search(text)]


async def register(page: Page, contact: str, password: str = "a harbour full of tea") -> None:
    """Fill in the registration form that the page shows, with the code from the development mail box."""
    await page.fill("input[name=display_name]", "Anna")
    await page.fill("input[name=contact]", contact)
    await page.click(".with-button button")
    letter = await page.text_content(".mailbox")
    code = re.search(r"\b\d{6}\b", letter or "")
    assert code is not None, letter
    await page.fill("input[name=code]", code[0])
    await page.fill("input[name=password]", password)
    await page.click("form button[type=submit].main")


async def add_address(page: Page) -> None:
    """Fill in and save the address form that the page shows."""
    for name in ("recipient", "phone", "line", "city", "region"):
        await page.fill(f"input[name={name}]", getattr(HOME, name))
    await page.click("form:has(input[name=recipient]) button[type=submit]")
