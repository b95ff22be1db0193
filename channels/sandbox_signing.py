"""How the shop and its sandboxes (payment and carrier) prove to each other who speaks.

Requests of the merchant are signed over timestamp, nonce, method, path and body, a line each (after WeChat Pay APIv3, with HMAC
instead of RSA). Callbacks are signed like Stripe's: `Sandbox-Signature: t=<unix>,v1=<hex>` over `"{t}.{raw body}"`.
"""

import hashlib
import hmac
import re
from typing import NamedTuple

TIMESTAMP_HEADER = "Sandbox-Timestamp"
NONCE_HEADER = "Sandbox-Nonce"
REQUEST_SIGNATURE_HEADER = "Sandbox-Request-Signature"
CALLBACK_HEADER = "Sandbox-Signature"
TOLERANCE_SECONDS = 300

_CALLBACK_PART = re.compile(r"(t|v1)=([0-9a-f]{1,64})")


class CallbackSignature(NamedTuple):
    """A callback's signature header, taken apart. Several `v1` mean that the secret is being rotated."""

    timestamp: int
    signatures: list[str]


def sign_request(secret: str, timestamp: str, nonce: str, method: str, path: str, body: bytes) -> str:
    """The signature of a merchant's request; `path` includes the query."""
    text = f"{timestamp}\n{nonce}\n{method.upper()}\n{path}\n".encode() + body + b"\n"
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def sign_callback(secret: str, timestamp: int, raw_body: bytes) -> str:
    """The value of the signature header of a callback."""
    return f"t={timestamp},v1={_callback_mac(secret, timestamp, raw_body)}"


def read_callback_header(header: str) -> CallbackSignature | None:
    """Take a signature header apart; None if it has no timestamp or no `v1`. Other schemes in it are passed over."""
    parts = [match for match in map(_CALLBACK_PART.fullmatch, header.split(",")) if match]
    stamps = [match[2] for match in parts if match[1] == "t" and match[2].isdecimal()]
    signatures = [match[2] for match in parts if match[1] == "v1"]
    if len(stamps) != 1 or not signatures:
        return None
    return CallbackSignature(int(stamps[0]), signatures)


def callback_is_genuine(secret: str, signature: CallbackSignature, raw_body: bytes) -> bool:
    """Whether any of the signatures fits, compared in constant time. Says nothing about freshness."""
    expected = _callback_mac(secret, signature.timestamp, raw_body)
    return any(hmac.compare_digest(expected, given) for given in signature.signatures)


def same_signature(expected: str, given: str) -> bool:
    """Compare two signatures in constant time; anything that is not ASCII differs."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def _callback_mac(secret: str, timestamp: int, raw_body: bytes) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + raw_body, hashlib.sha256).hexdigest()
