"""`/openapi.json` is the application's own document, though another process writes it."""

import asyncio

from tests.e2e.running import RunningShop
from tests.openapi import document


async def test_all_who_ask_at_once_are_given_the_applications_document(whole_shop: RunningShop) -> None:
    address = f"{whole_shop.settings.api_url}/openapi.json"
    answers = await asyncio.gather(*(whole_shop.http.get(address, timeout=110) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json() == document() for answer in answers] == [True, True, True]
