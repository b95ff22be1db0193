"""Time-based one-time passwords (RFC 6238 over RFC 4226), as authenticator apps compute them: SHA-1, 30 s, six digits."""

import base64
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""A phone's clock may be one step off in either direction (RFC 6238 §5.2)."""
SECRET_BYTES = 20
"""RFC 4226 §4 recommends 160 bits."""


def hotp(secret: bytes, counter: int, digits: int = 6, algorithm: str = "sha1") -> str:
    """The one-time password of a counter (RFC 4226 §5.3)."""
    digest = hmac.digest(secret, counter.to_bytes(8), algorithm)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def step_at(now: datetime) -> int:
    """The number of the 30-second step that `now` lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, otp: str, now: datetime) -> int | None:
    """The step whose password this is, within the drift; None if none. The caller accepts each step once only."""
    found = None
    for step in range(step_at(now) - DRIFT_STEPS, step_at(now) + DRIFT_STEPS + 1):
        if hmac.compare_digest(hotp(secret, step).encode(), otp.encode()):
            found = step
    return found


def enrolment_uri(secret: bytes, account: str, issuer: str) -> str:
    """The `otpauth://` address that authenticator apps read from a QR code."""
    label = quote(f"{issuer}:{account}")
    query = urlencode(
        {"secret": secret_text(secret), "issuer": issuer, "algorithm": "SHA1", "digits": 6, "period": STEP_SECONDS}
    )
    return f"otpauth://totp/{label}?{query}"


def secret_text(secret: bytes) -> str:
    """The secret as a person types it: base32 without padding."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")
