"""Logging in, and what failures cost."""

import asyncio

import argon2
import pytest

from models.users.rules import login_delay
from models.users.types import AccountStatus
from tests.integration.users.shop import PASSWORD, Shop, told


async def test_the_right_password_opens_a_session(shop: Shop) -> None:
    anna = await shop.customer()
    again = shop.stranger(anna.contact)
    answer = await again.log_in()
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 600
    assert await again.is_let_in()


async def test_unknown_name_wrong_password_and_disabled_account_answer_alike(shop: Shop) -> None:
    anna, berta = await shop.customer(), await shop.customer()
    await shop.users.accounts.set_status(berta.id, AccountStatus.DISABLED, 1, shop.clock())
    wrong = await shop.stranger(anna.contact).log_in("not the password")
    unknown = await shop.stranger("nobody@example.com").log_in()
    disabled = await shop.stranger(berta.contact).log_in()
    assert wrong.status_code == 401
    assert told(wrong) == told(unknown) == told(disabled)
    assert wrong.json()["code"] == "credentials_wrong"


async def test_an_unknown_name_costs_the_same_hash_work_as_a_wrong_password(shop: Shop) -> None:
    anna = await shop.customer()
    await shop.stranger(anna.contact).log_in("not the password")
    await shop.stranger("nobody@example.com").log_in("not the password")
    wrong, unknown = shop.argon.verified
    assert wrong == unknown  # the same algorithm, memory, passes and lanes, once each


@pytest.mark.parametrize("exists", [True, False])
async def test_failures_slow_the_next_tries_down_and_ten_lock_the_name(shop: Shop, exists: bool) -> None:
    person = await shop.customer() if exists else shop.stranger()
    for failures in range(1, 11):
        assert (await person.log_in("not the password")).status_code == 401
        wait = int(login_delay(failures).total_seconds())
        if wait > 0:
            blocked = await person.log_in("not the password")
            assert (blocked.status_code, blocked.json()["code"]) == (429, "login_blocked")
            assert wait <= int(blocked.headers["retry-after"]) <= wait + 1
            shop.clock.advance(seconds=wait)
    assert wait == 15 * 60


async def test_a_blocked_name_is_refused_even_with_the_right_password(shop: Shop) -> None:
    anna = await shop.customer()
    for _ in range(3):
        await anna.log_in("not the password")
    blocked = await anna.log_in()
    assert (blocked.status_code, blocked.json()["code"]) == (429, "login_blocked")
    shop.clock.advance(seconds=int(blocked.headers["retry-after"]))
    assert (await anna.log_in()).status_code == 200


async def test_a_success_forgets_the_failures_before_it(shop: Shop) -> None:
    anna = await shop.customer()
    for _ in range(4):
        await anna.log_in("not the password")
        await anna.log_in("not the password")
        assert (await anna.log_in()).status_code == 200


async def test_fifty_guesses_at_once_are_not_looked_at_more_than_three_times(shop: Shop) -> None:
    anna = await shop.customer()
    guesses = [shop.stranger(anna.contact) for _ in range(50)]
    answers = await asyncio.gather(*(guess.log_in(f"guess number {i}") for i, guess in enumerate(guesses)))
    assert sorted(answer.status_code for answer in answers) == [401] * 3 + [429] * 47
    assert len(shop.argon.verified) == 3


async def test_names_nobody_tried_for_two_days_are_dropped(shop: Shop) -> None:
    for i in range(5):
        await shop.stranger(f"guess{i}@example.com").log_in()
    shop.clock.advance(hours=49)
    await shop.stranger("another@example.com").log_in()
    async with shop.db.reader() as connection:
        assert await connection.fetchval("SELECT count(*) FROM login_guards") == 1


async def test_the_owner_reads_a_login_history_in_pages_and_nobody_elses(shop: Shop) -> None:
    anna, berta = await shop.customer(), await shop.customer()
    await anna.log_in("not the password")
    await anna.log_in()
    first = (await anna.http.get("/v1/users/me/logins", params={"limit": 1})).json()
    second = (await anna.http.get("/v1/users/me/logins", params={"limit": 1, "cursor": first["next"]})).json()
    assert [entry["outcome"] for entry in first["items"] + second["items"]] == ["succeeded", "wrong_password"]
    assert second["next"] is None
    assert first["items"][0]["agent"] == "test"
    assert (await berta.http.get("/v1/users/me/logins")).json()["items"] == []


@pytest.mark.parametrize("cursor", ["!!!!", "bm90IGEgbnVtYmVy", "ééé", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "LTE"])
async def test_a_cursor_that_is_not_ours_is_refused(shop: Shop, cursor: str) -> None:
    anna = await shop.customer()
    answer = await anna.http.get("/v1/users/me/logins", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_password_hashed_with_weaker_parameters_is_hashed_anew_at_login(shop: Shop) -> None:
    anna = await shop.customer()
    async with shop.db.reader() as connection:
        await connection.execute("UPDATE users SET password_hash = $1", _weak_hash())
    assert (await anna.log_in()).status_code == 200
    async with shop.db.reader() as connection:
        stored = await connection.fetchval("SELECT password_hash FROM users")
    assert not shop.argon.check_needs_rehash(stored)
    assert (await anna.log_in()).status_code == 200


def _weak_hash() -> str:
    return argon2.PasswordHasher(1, 8, 1).hash(PASSWORD)


async def test_no_answer_and_no_log_line_carries_the_password(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    anna = await shop.customer()
    with caplog.at_level("DEBUG"):
        answer = await anna.log_in("a secret nobody may read")
    assert "a secret nobody" not in answer.text + caplog.text
    assert anna.contact not in caplog.text
