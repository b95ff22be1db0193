"""Sessions: seeing them, ending them, and refresh tokens that are good once."""

import asyncio

import pytest
from redis.asyncio import Redis

from models.users.types import EndReason
from stores.users.liveness import LIVE_FOR
from tests.integration.users.shop import PASSWORD, Person, Shop, told


async def _second_device(shop: Shop, person: Person) -> Person:
    shop.clock.advance(seconds=1)
    device = shop.stranger(person.contact)
    assert (await device.log_in()).status_code == 200
    return device


async def test_a_refresh_token_is_traded_for_new_tokens_of_the_same_session(shop: Shop) -> None:
    anna = await shop.customer()
    before = anna.tokens
    shop.clock.advance(minutes=11)
    assert not await anna.is_let_in()
    anna.take((await anna.refresh()).json())
    assert anna.tokens["session_id"] == before["session_id"]
    assert anna.tokens["refresh_token"] != before["refresh_token"]
    assert await anna.is_let_in()


async def test_a_refresh_token_used_twice_ends_its_session(shop: Shop) -> None:
    anna = await shop.customer()
    stolen = anna.tokens
    anna.take((await anna.refresh()).json())
    thief = shop.stranger().take(stolen)
    answer = await thief.refresh()
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_token_reused")
    assert not await anna.is_let_in()
    assert (await anna.refresh()).json()["code"] == "refresh_token_wrong"


async def test_ten_uses_of_one_refresh_token_at_once_end_the_session(shop: Shop) -> None:
    anna = await shop.customer()
    answers = await asyncio.gather(*(anna.refresh() for _ in range(10)))
    winners = [answer for answer in answers if answer.status_code == 200]
    assert len(winners) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code != 200} <= {
        "refresh_token_reused",
        "refresh_token_wrong",
    }
    anna.take(winners[0].json())
    assert not await anna.is_let_in()
    assert (await anna.refresh()).status_code == 401


async def test_reuse_on_one_device_leaves_the_others_alone(shop: Shop) -> None:
    anna = await shop.customer()
    phone = await _second_device(shop, anna)
    await anna.refresh()
    await anna.refresh()
    assert not await anna.is_let_in()
    assert await phone.is_let_in()


async def test_a_session_ends_thirty_days_after_its_last_use_and_after_180_days_at_most(shop: Shop) -> None:
    idle, busy = await shop.customer(), await shop.customer()
    for _ in range(8):
        shop.clock.advance(days=20)
        busy.take((await busy.refresh()).json())
    assert (await idle.refresh()).status_code == 401
    shop.clock.advance(days=21)
    assert (await busy.refresh()).json()["code"] == "refresh_token_wrong"


async def test_a_made_up_refresh_token_is_refused(shop: Shop) -> None:
    answer = await shop.stranger().http.post("/v1/sessions/refresh", json={"refresh_token": "x" * 43})
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_token_wrong")


async def test_refresh_tokens_are_not_stored_in_the_clear(shop: Shop) -> None:
    anna = await shop.customer()
    async with shop.db.reader() as connection:
        rows = await connection.fetch("SELECT hash FROM refresh_tokens")
    assert all(anna.tokens["refresh_token"].encode() not in row["hash"] for row in rows)
    assert [len(row["hash"]) for row in rows] == [32]


async def test_a_person_sees_their_sessions_and_revokes_one(shop: Shop) -> None:
    anna = await shop.customer()
    phone = await _second_device(shop, anna)
    listed = (await anna.http.get("/v1/sessions")).json()
    assert [(s["id"], s["current"]) for s in listed] == [
        (phone.tokens["session_id"], False),
        (anna.tokens["session_id"], True),
    ]
    assert await phone.is_let_in()
    revoked = await anna.http.delete(f"/v1/sessions/{phone.tokens['session_id']}")
    assert revoked.status_code == 204
    assert not await phone.is_let_in()
    assert (await phone.refresh()).status_code == 401
    assert await anna.is_let_in()


async def test_another_persons_session_cannot_be_told_from_none(shop: Shop) -> None:
    anna, berta = await shop.customer(), await shop.customer()
    theirs = await anna.http.delete(f"/v1/sessions/{berta.tokens['session_id']}")
    nobodys = await anna.http.delete("/v1/sessions/ses_00000000000000000000000000")
    assert theirs.status_code == 404
    assert told(theirs) == told(nobodys)
    assert await berta.is_let_in()


async def test_logging_out_stops_the_access_token_at_once(shop: Shop) -> None:
    anna = await shop.customer()
    phone = await _second_device(shop, anna)
    assert await anna.is_let_in()
    assert (await anna.http.delete("/v1/sessions/current")).status_code == 204
    assert not await anna.is_let_in()
    assert await phone.is_let_in()


async def test_logging_out_everywhere_stops_every_device_at_once(shop: Shop) -> None:
    anna = await shop.customer()
    phone = await _second_device(shop, anna)
    assert await phone.is_let_in()
    assert (await anna.http.delete("/v1/sessions")).json() == {"ended": 2}
    assert not await anna.is_let_in()
    assert not await phone.is_let_in()


async def test_a_live_session_asks_postgresql_once_in_a_while_and_not_at_each_request(shop: Shop) -> None:
    anna = await shop.customer()
    assert await anna.is_let_in()
    async with shop.db.reader() as connection:  # PostgreSQL forgets; Redis still knows, so PostgreSQL is not asked
        await connection.execute("UPDATE sessions SET ended_at = now(), end_reason = 'revoked'")
    assert await shop.users.sessions.is_live(anna.tokens["session_id"], shop.clock())


async def test_redis_believes_a_live_mark_for_half_a_minute_at_most(shop: Shop, redis_url: str) -> None:
    anna = await shop.customer()
    assert await anna.is_let_in()
    async with Redis.from_url(redis_url) as redis:
        left = await redis.pttl(f"users:session:{anna.tokens['session_id']}")
    assert 0 < left <= LIVE_FOR.total_seconds() * 1000


async def test_a_slow_reader_cannot_revive_an_ended_session(shop: Shop) -> None:
    anna = await shop.customer()
    sessions = shop.users.sessions
    session_id = anna.tokens["session_id"]
    await sessions.end(anna.id, session_id, EndReason.REVOKED, shop.clock())
    await sessions._liveness.remember_live(session_id)  # what a request does that read `live` just before
    assert not await sessions.is_live(session_id, shop.clock())


@pytest.mark.parametrize(
    "header",
    [
        "Basic YTpi",
        "Bearer",
        "Bearer ",
        "Bearer x.y.z",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "nonsense",
        "Bearer " + "a" * 5000,
    ],
)
async def test_a_token_that_is_no_good_is_refused(shop: Shop, header: str) -> None:
    person = shop.stranger()
    person.http.headers["authorization"] = header
    answer = await person.http.get("/v1/users/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_no_token_is_refused(shop: Shop) -> None:
    assert (await shop.stranger().http.get("/v1/users/me")).status_code == 401


async def test_dead_refresh_tokens_are_dropped_at_the_next_login(shop: Shop) -> None:
    anna = await shop.customer()
    anna.take((await anna.refresh()).json())
    await anna.http.delete("/v1/sessions/current")
    await anna.log_in(PASSWORD)
    async with shop.db.reader() as connection:
        assert await connection.fetchval("SELECT count(*) FROM refresh_tokens") == 1
