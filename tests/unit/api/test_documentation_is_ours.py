"""The documentation in the browser loads nothing from outside: it works on a machine without any network."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import docs


@pytest.fixture
def browser() -> TestClient:
    app = FastAPI(title="Hanse", docs_url=None, redoc_url=None)
    docs.mount(app)
    return TestClient(app)


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_every_script_and_style_of_a_page_is_served_here(browser: TestClient, page: str) -> None:
    text = browser.get(page).text
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", text) == []
    files = re.findall(r"""(?:src|href)=["'](/docs/assets/[^"']+)""", text)
    assert files
    assert {browser.get(file).status_code for file in files} == {200}
