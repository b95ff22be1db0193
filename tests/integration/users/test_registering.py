"""Opening an account with a code that was sent to one's e-mail or phone."""

import asyncio

import pytest

from tests.integration.users.shop import Shop, other_code, registration


@pytest.mark.parametrize("contact", ["anna@example.com", "+8613800138000"])
async def test_a_code_sent_to_the_contact_opens_an_account_that_is_logged_in(shop: Shop, contact: str) -> None:
    anna = await shop.customer(contact)
    me = (await anna.http.get("/v1/users/me")).json()
    assert contact in (me["email"], me["phone"])
    assert me["permissions"] == []


async def test_the_same_phone_written_differently_is_the_same_account(shop: Shop) -> None:
    await shop.customer("+86 138-0013-8000")
    again = shop.stranger("13800138000")
    assert (await again.log_in()).status_code == 200


async def test_twenty_registrations_of_one_email_at_once_make_one_account(shop: Shop) -> None:
    contact = "anna@example.com"
    code = await shop.code_for(contact, "register")
    people = [shop.stranger(contact) for _ in range(20)]
    answers = await asyncio.gather(
        *(person.http.post("/v1/users/register", json=registration(contact, code)) for person in people)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    async with shop.db.reader() as connection:
        assert await connection.fetchval("SELECT count(*) FROM users") == 1


async def test_a_code_is_tried_five_times_and_then_even_the_right_one_is_refused(shop: Shop) -> None:
    contact = "anna@example.com"
    code = await shop.code_for(contact, "register")
    anna = shop.stranger(contact)
    for _ in range(5):
        answer = await anna.http.post("/v1/users/register", json=registration(contact, other_code(code)))
        assert answer.json()["code"] == "verification_code_wrong"
    answer = await anna.http.post("/v1/users/register", json=registration(contact, code))
    assert answer.json()["code"] == "verification_code_wrong"


async def test_thirty_guesses_at_once_use_up_no_more_than_five_tries(shop: Shop) -> None:
    contact = "anna@example.com"
    code = await shop.code_for(contact, "register")
    guesses = [shop.stranger(contact) for _ in range(30)]
    await asyncio.gather(
        *(g.http.post("/v1/users/register", json=registration(contact, other_code(code))) for g in guesses)
    )
    async with shop.db.reader() as connection:
        assert await connection.fetchval("SELECT tries_left FROM verification_codes") == 0


async def test_a_code_is_good_for_ten_minutes(shop: Shop) -> None:
    code = await shop.code_for("anna@example.com", "register")
    shop.clock.advance(minutes=10)
    answer = await shop.stranger().http.post("/v1/users/register", json=registration("anna@example.com", code))
    assert (answer.status_code, answer.json()["code"]) == (422, "verification_code_wrong")


async def test_only_the_newest_code_is_good(shop: Shop) -> None:
    first = await shop.code_for("anna@example.com", "register")
    shop.clock.advance(seconds=61)
    second = await shop.code_for("anna@example.com", "register")
    person = shop.stranger()
    if first != second:
        refused = await person.http.post("/v1/users/register", json=registration("anna@example.com", first))
        assert refused.status_code == 422
    accepted = await person.http.post("/v1/users/register", json=registration("anna@example.com", second))
    assert accepted.status_code == 201


async def test_a_code_for_another_purpose_or_contact_opens_nothing(shop: Shop) -> None:
    reset = await shop.code_for("anna@example.com", "change_contact")
    answer = await shop.stranger().http.post("/v1/users/register", json=registration("anna@example.com", reset))
    assert answer.json()["code"] == "verification_code_wrong"
    code = await shop.code_for("berta@example.com", "register")
    answer = await shop.stranger().http.post("/v1/users/register", json=registration("carla@example.com", code))
    assert answer.json()["code"] == "verification_code_wrong"


async def test_codes_for_one_contact_are_a_minute_apart(shop: Shop) -> None:
    ask = {"contact": "anna@example.com", "purpose": "register"}
    http = shop.stranger().http
    assert (await http.post("/v1/verification-codes", json=ask)).status_code == 202
    shop.clock.advance(seconds=40)
    soon = await http.post("/v1/verification-codes", json=ask)
    assert (soon.status_code, soon.json()["code"]) == (429, "code_sent_recently")
    shop.clock.advance(seconds=int(soon.headers["retry-after"]))
    assert (await http.post("/v1/verification-codes", json=ask)).status_code == 202


async def test_one_contact_gets_ten_codes_a_day(shop: Shop) -> None:
    ask = {"contact": "anna@example.com", "purpose": "register"}
    http = shop.stranger().http
    for _ in range(10):
        assert (await http.post("/v1/verification-codes", json=ask)).status_code == 202
        shop.clock.advance(minutes=2)
    eleventh = await http.post("/v1/verification-codes", json=ask)
    assert eleventh.status_code == 429
    assert int(eleventh.headers["retry-after"]) > 23 * 3600
    shop.clock.advance(seconds=int(eleventh.headers["retry-after"]))
    assert (await http.post("/v1/verification-codes", json=ask)).status_code == 202


async def test_ten_requests_for_a_code_at_once_send_one(shop: Shop) -> None:
    ask = {"contact": "anna@example.com", "purpose": "register"}
    http = shop.stranger().http
    answers = await asyncio.gather(*(http.post("/v1/verification-codes", json=ask) for _ in range(10)))
    assert sorted(a.status_code for a in answers) == [202] + [429] * 9


async def test_asking_for_a_code_does_not_tell_whether_there_is_an_account(shop: Shop) -> None:
    anna = await shop.customer()
    shop.clock.advance(seconds=61)
    http = shop.stranger().http
    for purpose in ("register", "reset_password", "change_contact"):
        known = await http.post("/v1/verification-codes", json={"contact": anna.contact, "purpose": purpose})
        unknown = await http.post(
            "/v1/verification-codes", json={"contact": f"{purpose}@example.com", "purpose": purpose}
        )
        assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
        shop.clock.advance(seconds=61)


async def test_someone_who_has_an_account_is_told_so_in_the_message(shop: Shop) -> None:
    anna = await shop.customer()
    shop.clock.advance(seconds=61)
    await anna.http.post("/v1/verification-codes", json={"contact": anna.contact, "purpose": "register"})
    outbox = await anna.http.get("/v1/dev/outbox", params={"to": anna.contact})
    assert "account with this contact already" in outbox.json()[0]["text"]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"password": "short"}, 422, "password_too_weak"),
        ({"password": "password123"}, 422, "password_too_weak"),
        ({"password": "x" * 300}, 422, "password_too_weak"),
        ({"password": "anna@example.com"}, 422, "password_too_weak"),
        ({"contact": "neither"}, 422, "contact_malformed"),
        ({"display_name": "two\nlines"}, 422, "validation_failed"),
        ({"display_name": "  "}, 422, "validation_failed"),
        ({"roles": ["administrator"]}, 422, "validation_failed"),
        ({"id": "usr_00000000000000000000000000"}, 422, "validation_failed"),
        ({"code": "12345"}, 422, "validation_failed"),
    ],
)
async def test_bad_registrations_are_refused_by_name(
    shop: Shop, changed: dict[str, object], status: int, code: str
) -> None:
    good = registration("anna@example.com", await shop.code_for("anna@example.com", "register"))
    answer = await shop.stranger().http.post("/v1/users/register", json=good | changed)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "password123" not in answer.text


async def test_malformed_json_is_refused(shop: Shop) -> None:
    answer = await shop.stranger().http.post(
        "/v1/users/register", content=b'{"contact": ', headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")


async def test_tokens_are_kept_out_of_caches(shop: Shop) -> None:
    anna = await shop.customer()
    assert (await anna.log_in()).headers["cache-control"] == "no-store"
    assert (await anna.refresh()).headers["cache-control"] == "no-store"
