"""Keys derived from the token key, one for each purpose, and what they protect."""

import hmac
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.keys import derived_key
from models.shared.ids import UserId
from models.users.types import CodePurpose, Contact

_NONCE_BYTES = 12


class AccountKeys:
    """Hashes verification codes and seals second-factor secrets, so that a copy of the database gives neither away."""

    def __init__(self, token_key: bytes) -> None:
        self._codes = derived_key(token_key, b"hanse verification codes")
        self._seal = AESGCM(derived_key(token_key, b"hanse second factors"))

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
