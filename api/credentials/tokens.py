"""Access tokens: JWTs after RFC 9068 and RFC 8725, signed with one configured key and one algorithm."""

from datetime import datetime, timedelta
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
        claims = self._claims(token)
        at = now.timestamp()
        if claims.nbf - _CLOCK_DRIFT_SECONDS > at or claims.exp <= at:
            raise NotAuthenticated("The access token has expired; trade the refresh token for a new one.")
        return Identity(user_id=claims.sub, session_id=claims.sid, roles=claims.roles, permissions=claims.entitlements)

    def _claims(self, token: str) -> _Claims:
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
            return _Claims.model_validate(parsed["payload"])
        except (jwt.InvalidTokenError, ValidationError) as fault:
            raise NotAuthenticated("The access token is not one of ours; log in again.") from fault
