"""One-time passwords against the vectors of the RFCs."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from models.users.one_time_passwords import enrolment_uri, hotp, matching_step, secret_text, step_at

SECRET = b"12345678901234567890"
NOW = datetime(2026, 11, 22, 10, 0, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("counter", "otp"),
    list(
        enumerate(["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"])
    ),
)
def test_rfc_4226_appendix_d(counter: int, otp: str) -> None:
    assert hotp(SECRET, counter) == otp


_RFC_6238 = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("seconds", "sha1", "sha256", "sha512"), _RFC_6238)
def test_rfc_6238_appendix_b(seconds: int, sha1: str, sha256: str, sha512: str) -> None:
    step = step_at(datetime.fromtimestamp(seconds, UTC))
    assert hotp(SECRET, step, 8, "sha1") == sha1
    assert hotp((SECRET * 2)[:32], step, 8, "sha256") == sha256
    assert hotp((SECRET * 4)[:64], step, 8, "sha512") == sha512


@pytest.mark.parametrize(("off", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_phone_may_be_one_step_off(off: int, good: bool) -> None:
    then = step_at(NOW + timedelta(seconds=off))
    assert matching_step(SECRET, hotp(SECRET, then), NOW) == (then if good else None)


@pytest.mark.parametrize("otp", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_anything_else_matches_no_step(otp: str) -> None:
    assert matching_step(SECRET, otp, NOW) is None


def test_the_enrolment_address_is_what_authenticator_apps_read() -> None:
    uri = enrolment_uri(SECRET, "anna@example.com", "Hanse")
    assert uri == (
        "otpauth://totp/Hanse%3Aanna%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=Hanse&algorithm=SHA1&digits=6&period=30"
    )
    assert base64.b32decode(secret_text(SECRET)) == SECRET
