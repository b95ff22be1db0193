"""AEAD_AES_256_GCM, by which WeChat Pay hides what a callback says from whoever carries it."""

import base64
import binascii
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ALGORITHM = "AEAD_AES_256_GCM"


class Undecipherable(ValueError):
    """None of our keys opens it, or somebody changed it."""


def decrypt(api_v3_keys: Sequence[bytes], nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """The plain text, by the first key that fits; the tag proves that it is whole."""
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Undecipherable("it is not base64") from problem
    for key in api_v3_keys:
        try:
            return AESGCM(key).decrypt(nonce.encode(), sealed, associated_data.encode())
        except (InvalidTag, ValueError):  # ValueError: a nonce or a cipher text of no possible length
            continue
    raise Undecipherable("no key opens it")
