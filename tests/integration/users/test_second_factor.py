"""The optional authenticator app."""

import asyncio
import base64

from models.users.one_time_passwords import hotp, step_at
from tests.integration.users.shop import PASSWORD, Person, Shop

FACTOR = "/v1/users/me/second-factor"


async def _with_second_factor(shop: Shop) -> tuple[Person, bytes]:
    anna = await shop.customer()
    offer = (await anna.http.post(FACTOR, json={"password": PASSWORD})).json()
    secret = base64.b32decode(offer["secret"])
    confirmed = await anna.http.put(FACTOR, json={"otp": _shown(shop, secret)})
    assert confirmed.status_code == 204, confirmed.text
    shop.clock.advance(seconds=30)
    return anna, secret


def _shown(shop: Shop, secret: bytes) -> str:
    return hotp(secret, step_at(shop.clock()))


async def test_a_login_takes_the_one_time_password_once_the_factor_is_confirmed(shop: Shop) -> None:
    anna, secret = await _with_second_factor(shop)
    without = await anna.log_in()
    assert (without.status_code, without.json()["code"]) == (401, "second_factor_required")
    assert (await anna.log_in(otp=_shown(shop, secret))).status_code == 200
    assert (await anna.http.get("/v1/users/me")).json()["second_factor"] is True


async def test_an_unconfirmed_offer_changes_nothing(shop: Shop) -> None:
    anna = await shop.customer()
    await anna.http.post(FACTOR, json={"password": PASSWORD})
    refused = await anna.http.put(FACTOR, json={"otp": "000000"})
    assert refused.json()["code"] in ("second_factor_wrong",)
    assert (await anna.log_in()).status_code == 200


async def test_a_one_time_password_works_once_of_ten_uses_at_once(shop: Shop) -> None:
    anna, secret = await _with_second_factor(shop)
    now, otp = shop.clock(), _shown(shop, secret)
    step = step_at(now)
    assert otp == hotp(secret, step)
    outcomes = await asyncio.gather(
        *(shop.users.second_factors.use_step_once(anna.id, step) for _ in range(10)), return_exceptions=True
    )
    assert outcomes.count(None) == 1
    assert (await anna.log_in(otp=otp)).json()["code"] == "second_factor_wrong"


async def test_wrong_one_time_passwords_slow_the_next_tries_down(shop: Shop) -> None:
    anna, secret = await _with_second_factor(shop)
    wrong = f"{(int(_shown(shop, secret)) + 1) % 1_000_000:06d}"
    codes = [(await anna.log_in(otp=wrong)).json()["code"] for _ in range(4)]
    assert codes == ["second_factor_wrong"] * 3 + ["login_blocked"]


async def test_a_wrong_password_is_not_told_about_the_second_factor(shop: Shop) -> None:
    anna, _ = await _with_second_factor(shop)
    assert (await anna.log_in("not the password")).json()["code"] == "credentials_wrong"


async def test_switching_it_off_takes_password_and_one_time_password(shop: Shop) -> None:
    anna, secret = await _with_second_factor(shop)
    no = await anna.http.post(f"{FACTOR}/removal", json={"password": PASSWORD, "otp": "000000"})
    assert no.json()["code"] == "second_factor_wrong"
    ask = {"password": PASSWORD, "otp": _shown(shop, secret)}
    assert (await anna.http.post(f"{FACTOR}/removal", json=ask)).status_code == 204
    assert (await anna.log_in()).status_code == 200


async def test_a_second_offer_is_refused_while_one_counts(shop: Shop) -> None:
    anna, _ = await _with_second_factor(shop)
    answer = await anna.http.post(FACTOR, json={"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "second_factor_on")


async def test_the_secret_is_not_stored_in_the_clear(shop: Shop) -> None:
    _, secret = await _with_second_factor(shop)
    async with shop.db.reader() as connection:
        assert secret not in await connection.fetchval("SELECT totp_secret FROM users")
