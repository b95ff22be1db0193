"""Input that no client of ours sends never becomes a failure of ours."""

import json

import pytest

from tests.integration.users.shop import PASSWORD, Shop

HOSTILE = [
    "\u0000",
    "a\u0000b@example.com",
    "\ud800",
    "'; DROP TABLE users; --",
    "\u202etxt.exe",
    "x" * 5000,
    "💣" * 100,
]


REGISTRATION = {"contact": "anna@example.com", "password": PASSWORD, "display_name": "Anna", "code": "123456"}


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_in_any_field_is_refused_or_kept_as_text(shop: Shop, text: str) -> None:
    admin = await shop.operator("administrator")
    asked = [
        *[("POST", "/v1/users/register", REGISTRATION | {field: text}) for field in REGISTRATION],
        ("POST", "/v1/users/login", {"contact": "anna@example.com", "password": text}),
        ("POST", "/v1/sessions/refresh", {"refresh_token": text}),
        ("PUT", "/v1/users/me/password", {"current_password": text, "new_password": PASSWORD}),
        ("PUT", "/v1/users/me/password", {"current_password": PASSWORD, "new_password": text}),
        ("PATCH", "/v1/users/me", {"display_name": text}),
        ("PATCH", "/v1/users/me", {text: "Anna"}),
    ]
    for method, path, body in asked:
        answer = await admin.http.request(
            method, path, content=json.dumps(body), headers={"content-type": "application/json"}
        )
        assert answer.status_code < 500, (path, body, answer.text)


@pytest.mark.parametrize("text", [text for text in HOSTILE if text != "\ud800"])
async def test_hostile_text_in_queries_and_headers_is_refused_or_finds_nothing(shop: Shop, text: str) -> None:
    admin = await shop.operator("administrator")
    answers = [
        await admin.http.get("/v1/operators/audit-log", params={"subject": text}),
        await admin.http.get("/v1/operators/audit-log", params={"operator_id": text}),
        await admin.http.get("/v1/operators/accounts", params={"contact": text}),
        await admin.http.get("/v1/operators/accounts", params={"cursor": text}),
        await admin.http.get("/v1/dev/outbox", params={"to": text}),
        await admin.http.get("/v1/sessions", headers=[(b"user-agent", text[:200].encode("utf-8"))]),
    ]
    assert all(answer.status_code < 500 for answer in answers), [(a.request.url.path, a.text) for a in answers]
