"""Keys for one purpose each, derived from a secret, so that none of them gives another away."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LISTS = b"hanse black and white lists"
"""What digests of phones and addresses on lists are keyed with; with another token key old entries match no more."""
WEBHOOKS = b"hanse outgoing webhooks"
"""What seals the secrets of webhook endpoints; with another token key they must be rotated."""


def derived_key(secret: bytes, purpose: bytes) -> bytes:
    """32 bytes (HKDF-SHA256)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
