"""Changing a password one knows, resetting one that was forgotten, moving to another contact."""

import asyncio

from tests.integration.users.shop import PASSWORD, Shop, other_code, told

NEW = "battery horse correct"


async def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(shop: Shop) -> None:
    anna = await shop.customer()
    phone = shop.stranger(anna.contact)
    await phone.log_in()
    changed = await anna.http.put("/v1/users/me/password", json={"current_password": PASSWORD, "new_password": NEW})
    assert changed.status_code == 204
    assert await anna.is_let_in()
    assert not await phone.is_let_in()
    assert (await phone.log_in(PASSWORD)).status_code == 401
    assert (await phone.log_in(NEW)).status_code == 200


async def test_a_password_change_takes_the_present_password_and_counts_wrong_ones(shop: Shop) -> None:
    anna = await shop.customer()
    ask = {"current_password": "not the password", "new_password": NEW}
    answers = [await anna.http.put("/v1/users/me/password", json=ask) for _ in range(4)]
    assert [answer.json()["code"] for answer in answers] == ["credentials_wrong"] * 3 + ["login_blocked"]


async def test_a_weak_new_password_is_refused_and_the_old_one_stays(shop: Shop) -> None:
    anna = await shop.customer()
    ask = {"current_password": PASSWORD, "new_password": "iloveyou"}
    answer = await anna.http.put("/v1/users/me/password", json=ask)
    assert (answer.status_code, answer.json()["code"]) == (422, "password_too_weak")
    assert (await anna.log_in()).status_code == 200


async def test_a_code_resets_a_forgotten_password_ends_every_session_and_lifts_the_lock(shop: Shop) -> None:
    anna = await shop.customer()
    stranger = shop.stranger(anna.contact)
    for _ in range(3):
        await stranger.log_in("not the password")
    assert (await stranger.log_in()).status_code == 429
    shop.clock.advance(seconds=61)
    code = await shop.code_for(anna.contact, "reset_password")
    for _ in range(3):
        await stranger.log_in("not the password")
    reset = {"contact": anna.contact, "code": code, "new_password": NEW}
    assert (await stranger.http.post("/v1/users/password-reset", json=reset)).status_code == 204
    assert not await anna.is_let_in()
    assert (await stranger.log_in(NEW)).status_code == 200


async def test_a_reset_by_phone_lifts_the_lock_of_the_email_too(shop: Shop) -> None:
    anna = await shop.customer()
    code = await shop.code_for("+8613800138000", "change_contact")
    await anna.http.put("/v1/users/me/contact", json={"contact": "+8613800138000", "code": code, "password": PASSWORD})
    for _ in range(3):
        await anna.log_in("not the password")
    shop.clock.advance(seconds=0.5)
    assert (await anna.log_in()).status_code == 429
    shop.clock.advance(seconds=61)
    code = await shop.code_for("+8613800138000", "reset_password")
    for _ in range(2):
        await anna.log_in("not the password")
    reset = {"contact": "+8613800138000", "code": code, "new_password": NEW}
    assert (await anna.http.post("/v1/users/password-reset", json=reset)).status_code == 204
    assert (await anna.log_in(NEW)).status_code == 200


async def test_a_reset_code_is_good_once_of_ten_uses_at_once(shop: Shop) -> None:
    anna = await shop.customer()
    shop.clock.advance(seconds=61)
    code = await shop.code_for(anna.contact, "reset_password")
    answers = await asyncio.gather(
        *(
            anna.http.post(
                "/v1/users/password-reset",
                json={"contact": anna.contact, "code": code, "new_password": f"{NEW} {i}"},
            )
            for i in range(10)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204] + [422] * 9


async def test_a_reset_with_a_wrong_code_or_for_nobody_answers_alike(shop: Shop) -> None:
    anna = await shop.customer()
    shop.clock.advance(seconds=61)
    code = await shop.code_for(anna.contact, "reset_password")
    ask = {"code": other_code(code), "new_password": NEW}
    wrong = await anna.http.post("/v1/users/password-reset", json=ask | {"contact": anna.contact})
    nobody = await anna.http.post("/v1/users/password-reset", json=ask | {"contact": "nobody@example.com"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "verification_code_wrong")
    assert told(wrong) == told(nobody)


async def test_an_account_moves_to_a_new_phone_with_a_code_and_the_password(shop: Shop) -> None:
    anna = await shop.customer()
    code = await shop.code_for("+8613800138000", "change_contact")
    ask = {"contact": "13800138000", "code": code, "password": PASSWORD}
    without = await anna.http.put("/v1/users/me/contact", json=ask | {"password": "not the password"})
    assert without.json()["code"] == "credentials_wrong"
    moved = await anna.http.put("/v1/users/me/contact", json=ask)
    assert (moved.json()["phone"], moved.json()["email"]) == ("+8613800138000", anna.contact)
    assert (await shop.stranger("13800138000").log_in()).status_code == 200


async def test_a_contact_of_another_account_is_refused_even_with_its_code(shop: Shop) -> None:
    anna = await shop.customer()
    code = await shop.code_for("berta@example.com", "change_contact")
    shop.clock.advance(seconds=61)
    await shop.customer("berta@example.com")
    ask = {"contact": "berta@example.com", "code": code, "password": PASSWORD}
    answer = await anna.http.put("/v1/users/me/contact", json=ask)
    assert (answer.status_code, answer.json()["code"]) == (409, "user_exists")


async def test_a_profile_change_changes_the_name_and_nothing_else(shop: Shop) -> None:
    anna = await shop.customer()
    changed = await anna.http.patch("/v1/users/me", json={"display_name": "Anna K."})
    assert changed.json()["display_name"] == "Anna K."
    for field in ("roles", "permissions", "status", "email", "second_factor"):
        answer = await anna.http.patch("/v1/users/me", json={"display_name": "Anna", field: "x"})
        assert answer.status_code == 422
