"""Access tokens: JWTs after RFC 9068 and RFC 8725, signed with one configured key and one algorithm."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from pydantic import ValidationError

from api.spoken import Spoken
from models.shared.ids import SessionId, UserId
from models.users.errors import NotAuthenticated
from models.users.types import Identity, Permission, RoleName

_ALGORITHM = "HS256"
_TYPE = "at+jwt"
_ISSUER = "hanse"
_AUDIENCE = "hanse-api"
_SHORTEST_KEY = 32
_CLOCK_DRIFT_SECONDS = 30
_AT_HAND = 1_024
"""Tokens whose signature was verified are remembered, about 1 KB each; those that are no good are not."""


class _Claims(Spoken):
    iss: str
    aud: str
    sub: UserId
    sid: SessionId
    iat: int
    nbf: int
    exp: int
    jti: str
    roles: tuple[RoleName, ...]
    entitlements: frozenset[Permission]


class AccessTokens:
    """Issues and reads access tokens. A token says who and what; whether its session goes on is asked elsewhere."""

    def __init__(self, key: bytes, lifetime: timedelta) -> None:
        if len(key) < _SHORTEST_KEY:
            raise ValueError(f"HANSE_TOKEN_KEY has {len(key)} bytes; set it to {_SHORTEST_KEY} or more random ones")
        self._key = key
        self.lifetime = lifetime
        # Limits and the route both ask, and a buyer comes again with the same token: 150 µs each time.
        self._verified = lru_cache(maxsize=_AT_HAND)(self._verify)

    def issue(self, identity: Identity, now: datetime, token_id: str) -> str:
        """A token for this identity, good for `lifetime`; `token_id` is a random value of the caller's."""
        at = int(now.timestamp())
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": str(identity.user_id),
            "sid": str(identity.session_id),
            "iat": at,
            "nbf": at,
            "exp": at + int(self.lifetime.total_seconds()),
            "jti": token_id,
            "roles": list(identity.roles),
            "entitlements": sorted(permission.value for permission in identity.permissions),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"typ": _TYPE})

    def read(self, token: str, now: datetime) -> Identity:
        """Who the token is for; `NotAuthenticated` unless it is ours, of the right type, and good at `now`."""
        identity, good_from, good_until = self._verified(token)
        at = now.timestamp()
        if good_from - _CLOCK_DRIFT_SECONDS > at or good_until <= at:
            raise NotAuthenticated("The access token has expired; trade the refresh token for a new one.")
        return identity

    def _verify(self, token: str) -> tuple[Identity, int, int]:
        """Who signed-for claims are about, and from when until when (Unix time) they are good: the same for a token at any time."""
        # Time is checked against the passed `now`, not the library's clock.
        options: Any = {
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "require": ["exp", "nbf", "iss", "aud"],
        }
        try:
            parsed = jwt.decode_complete(
                token, self._key, algorithms=[_ALGORITHM], audience=_AUDIENCE, issuer=_ISSUER, options=options
            )
            if str(parsed["header"].get("typ", "")).lower() != _TYPE:
                raise NotAuthenticated("This is not an access token.")
            claims = _Claims.model_validate(parsed["payload"])
        except (jwt.InvalidTokenError, ValidationError) as fault:
            raise NotAuthenticated("The access token is not one of ours; log in again.") from fault
        identity = Identity(
            user_id=claims.sub, session_id=claims.sid, roles=claims.roles, permissions=claims.entitlements
        )
        return identity, claims.nbf, claims.exp
