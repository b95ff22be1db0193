"""Keys derived from the token key, one for each purpose, and what they protect."""

import hmac
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.shared.ids import UserId
from models.users.types import CodePurpose, Contact

_NONCE_BYTES = 12


class AccountKeys:
    """Hashes verification codes and seals second-factor secrets, so that a copy of the database gives neither away."""

    def __init__(self, token_key: bytes) -> None:
        self._codes = _derived(token_key, b"hanse verification codes")
        self._seal = AESGCM(_derived(token_key, b"hanse second factors"))
        self.lists = _derived(token_key, b"hanse black and white lists")
        """What digests of phones and addresses on lists are keyed with; with another token key old entries match no more."""

    def code_hash(self, contact: Contact, purpose: CodePurpose, code: str) -> bytes:
        """32 bytes; keyed, because six digits are quickly tried out against a plain hash."""
        return hmac.digest(self._codes, f"{purpose.value}\x1f{contact.value}\x1f{code}".encode(), "sha256")

    def seal(self, user_id: UserId, secret: bytes) -> bytes:
        """Encrypt a secret for this account only (AES-256-GCM)."""
        nonce = urandom(_NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, secret, user_id.encode())

    def unseal(self, user_id: UserId, sealed: bytes) -> bytes:
        """The secret that was sealed for this account; a fault if the key changed or the bytes were moved."""
        try:
            return self._seal.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], user_id.encode())
        except InvalidTag as fault:
            raise RuntimeError(
                f"the second factor of {user_id} cannot be unsealed: HANSE_TOKEN_KEY changed since it was set up; remove the factor"
            ) from fault


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)
