"""An order's stream, which Schemathesis leaves out because it takes ten minutes (`make contract`)."""

import json
from typing import Any

import pytest

from tests.e2e.calls import Buyer
from tests.integration.api.belongings import Belongings


async def begins(who: Buyer, order_id: str, **headers: str) -> tuple[int, str, list[str]]:
    """The status, the media type and the first event's lines."""
    sent = {"authorization": f"Bearer {who.token}", **headers}
    url = f"{who.api_url}/v1/orders/{order_id}/events"
    async with who.http.stream("GET", url, headers=sent) as answer:
        if answer.status_code != 200:
            return answer.status_code, answer.headers["content-type"], [json.loads(await answer.aread())["code"]]
        lines: list[str] = []
        async for line in answer.aiter_lines():
            lines.append(line)
            if line.startswith("data:"):
                break
        return 200, answer.headers["content-type"], lines


@pytest.mark.parametrize("last_seen", ["", "0", "-1", "nonsense", "٣"])
async def test_a_stream_begins_with_where_the_order_stands(annas: Belongings, last_seen: str) -> None:
    headers: dict[str, Any] = {"last-event-id": last_seen.encode()} if last_seen else {}
    status, kind, lines = await begins(annas.owner, annas.ids["order_id"], **headers)
    assert (status, kind) == (200, "text/event-stream; charset=utf-8")
    assert lines[0] == "retry: 1000"
    told = json.loads(lines[-1].removeprefix("data: "))
    assert told["order_id"] == annas.ids["order_id"]
    assert [secret for secret in annas.secrets if secret in lines[-1]] == []


async def test_a_stream_that_cannot_begin_is_refused_as_documented(annas: Belongings, eve: Buyer) -> None:
    of_anna, nowhere = annas.ids["order_id"], f"ord_{'7' + 'z' * 25}"
    too_long: dict[str, Any] = {"last-event-id": "1" * 21}
    assert await begins(annas.owner, of_anna, **too_long) == (422, "application/problem+json", ["validation_failed"])
    assert await begins(eve, of_anna) == (404, "application/problem+json", ["not_found"])
    assert await begins(annas.owner, nowhere) == (404, "application/problem+json", ["not_found"])
    assert (await begins(annas.owner, "nonsense"))[0] == 422
