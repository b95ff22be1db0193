"""What an access token proves, and every way in which one is no good."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from api.credentials.tokens import AccessTokens
from models.shared.ids import SessionId, UserId
from models.users.errors import NotAuthenticated
from models.users.types import Identity, Permission

KEY = b"a key of the tests, 32 bytes long"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
WHO = Identity(
    user_id=UserId.mint(NOW, secrets.token_bytes(10)),
    session_id=SessionId.mint(NOW, secrets.token_bytes(10)),
    roles=("service",),
    permissions=frozenset({Permission.SERVICE, Permission.ORDERS}),
)
TOKENS = AccessTokens(KEY, timedelta(minutes=10))


def _forged(key: Any = KEY, algorithm: str | None = "HS256", typ: str = "at+jwt", **changed: Any) -> str:
    claims = jwt.decode(TOKENS.issue(WHO, NOW, "t1"), options={"verify_signature": False}) | changed
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"typ": typ})


def test_a_token_says_who_in_which_session_with_which_permissions() -> None:
    assert TOKENS.read(TOKENS.issue(WHO, NOW, "t1"), NOW) == WHO
    assert TOKENS.read(_forged(), NOW) == WHO  # so the refusals below are about what they change


def test_a_token_is_an_rfc_9068_access_token() -> None:
    token = TOKENS.issue(WHO, NOW, "t1")
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "at+jwt"}
    without_clock: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    claims = jwt.decode(token, KEY, algorithms=["HS256"], audience="hanse-api", options=without_clock)
    assert claims["exp"] - claims["iat"] == 600
    assert set(claims) == {"iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti", "roles", "entitlements"}


@pytest.mark.parametrize("minutes", [-1, 10, 11, 60 * 24 * 365])
def test_a_token_is_good_for_ten_minutes(minutes: int) -> None:
    with pytest.raises(NotAuthenticated):
        TOKENS.read(TOKENS.issue(WHO, NOW, "t1"), NOW + timedelta(minutes=minutes))


def test_a_token_that_was_read_before_expires_all_the_same() -> None:
    token = TOKENS.issue(WHO, NOW, "t1")
    assert TOKENS.read(token, NOW) == TOKENS.read(token, NOW) == WHO
    with pytest.raises(NotAuthenticated):
        TOKENS.read(token, NOW + timedelta(minutes=10))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "someone else"},
        {"aud": "another-api"},
        {"sub": str(WHO.session_id)},
        {"sub": None},
        {"sid": None},
        {"exp": None},
        {"nbf": None},
        {"exp": "later"},
        {"entitlements": ["everything"]},
        {"admin": True},
    ],
)
def test_a_token_with_claims_that_are_not_ours_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        TOKENS.read(_forged(**changed), NOW)


def test_a_token_of_another_type_key_or_algorithm_is_refused() -> None:
    another_key = secrets.token_bytes(64)
    for forged in (
        _forged(typ="JWT"),
        _forged(key=another_key),
        _forged(key=KEY * 2, algorithm="HS512"),
        _forged(algorithm="none", key=None),
    ):
        with pytest.raises(NotAuthenticated):
            TOKENS.read(forged, NOW)


def test_a_changed_signature_is_refused() -> None:
    token = TOKENS.issue(WHO, NOW, "t1")
    head, body, signature = token.split(".")
    turned = ("A" if signature[0] != "A" else "B") + signature[1:]
    with pytest.raises(NotAuthenticated):
        TOKENS.read(f"{head}.{body}.{turned}", NOW)


def test_a_short_key_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="HANSE_TOKEN_KEY"):
        AccessTokens(b"short", timedelta(minutes=10))
