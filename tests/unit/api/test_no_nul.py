"""A text with NUL is refused wherever it stands and however the body is cut up; six harmless letters are not."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from api.edge import problems
from api.edge.no_nul import NoNul

APP = FastAPI()
APP.add_middleware(NoNul)
problems.install(APP)


@APP.post("/said")
async def said(request: Request) -> int:
    """How many bytes came in."""
    return len(await request.body())


@APP.post("/parsed")
async def parsed(body: dict[str, object]) -> int:
    """How many fields came in."""
    return len(body)


@APP.get("/named/{name}")
async def named(name: str, q: str = "") -> str:
    """What was asked for."""
    return name + q


async def post(*parts: bytes, path: str = "/said", kind: str = "application/json") -> httpx.Response:
    async def body() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    transport = httpx.ASGITransport(APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
        return await http.post(path, content=body(), headers={"content-type": kind})


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\\\x00", "\\\\\x00\\"])
@pytest.mark.parametrize("path", ["/said", "/parsed"])
async def test_nul_in_a_text_is_refused_wherever_the_body_is_cut(text: str, path: str) -> None:
    for body in ({"note": text}, {text: 1}, {"deep": [{"er": text}]}):
        sent = json.dumps(body).encode()
        for cut in range(len(sent)):
            answer = await post(sent[:cut], sent[cut:], path=path)
            assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed"), (sent, cut)
        single = await post(*(sent[at : at + 1] for at in range(len(sent))), path=path)
        assert single.status_code == 400


@pytest.mark.parametrize("text", ["\\u0000", "u0000", "\\\\u0000", "\\u000", "💣", "\u0001"])
async def test_letters_that_only_look_like_it_are_taken(text: str) -> None:
    sent = json.dumps({"note": text}).encode()
    for cut in range(len(sent)):
        answer = await post(sent[:cut], sent[cut:])
        assert (answer.status_code, answer.json()) == (200, len(sent)), (sent, cut)


@pytest.mark.parametrize("kind", ["text/csv", "multipart/form-data; boundary=x"])
async def test_what_is_no_json_is_left_alone(kind: str) -> None:
    assert (await post(b"a,\\u0000", kind=kind)).status_code == 200


@pytest.mark.parametrize("url", ["/named/a%00b", "/named/a?q=%00", "/named/a?%00=1"])
async def test_nul_in_an_address_is_refused(url: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://shop") as http:
        answer = await http.get(url)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
        assert (await http.get("/named/a%2500?q=%2500")).json() == "a%00%00"
