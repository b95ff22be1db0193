"""`Stripe-Signature: t=<unix>,v1=<hex>[,v1=…]`: HMAC-SHA256 over `t.raw body`. Other schemes in it (v0) are passed over."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import NamedTuple

HEADER = "stripe-signature"
_LONGEST = 4096


class Signature(NamedTuple):
    """The header, taken apart. Several `v1` while the endpoint's secret is rolled."""

    timestamp: int
    signatures: tuple[str, ...]


def read_header(header: str) -> Signature | None:
    """None if it has no timestamp or no `v1`, or two timestamps."""
    pairs = [part.strip().partition("=") for part in header[:_LONGEST].split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    signatures = tuple(value for name, _, value in pairs if name == "v1" and value.isascii())
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdecimal() and len(stamps[0]) <= 12):
        return None
    return Signature(int(stamps[0]), signatures) if signatures else None


def is_genuine(secrets: Sequence[str], signature: Signature, raw_body: bytes) -> bool:
    """Whether any signature fits any secret, each compared in constant time. Says nothing about freshness."""
    text = f"{signature.timestamp}.".encode() + raw_body
    expected = [hmac.new(secret.encode(), text, hashlib.sha256).hexdigest() for secret in secrets]
    return any(hmac.compare_digest(mac, given) for mac in expected for given in signature.signatures)
