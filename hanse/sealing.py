"""Secrets that a database keeps for later use: encrypted, each for its one owner."""

from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class CannotUnseal(RuntimeError):
    """Sealed with another key, or for another owner."""


class Seal:
    """AES-256-GCM with the owner's id as associated data. `key`: 32 bytes for this purpose only (`hanse.keys`)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, owner: str, secret: bytes) -> bytes:
        """The secret, for this owner only."""
        nonce = urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def unseal(self, owner: str, sealed: bytes) -> bytes:
        """The secret again; `CannotUnseal`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode())
        except InvalidTag as fault:
            raise CannotUnseal(
                f"a secret of {owner} cannot be unsealed: HANSE_TOKEN_KEY changed since it was kept"
            ) from fault
