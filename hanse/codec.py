"""What Temporal stores is encrypted: AES-256-GCM around every payload, with keys that can be rotated.

An encrypted payload has two metadata entries, `encoding` = `aes` and `k` = the key's id, and as data a 12-byte nonce and
the ciphertext of one flag byte and the original payload, deflated when that makes it smaller: workflow histories are
paid for by the byte. Temporal's own headers (trace context) and search attributes are not payloads in this sense and
stay readable, so nothing personal may go into them.
"""

import base64
import binascii
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

ENCODING = b"aes"
_KEY_ID = "k"
_NONCE_BYTES = 12
_PLAIN, _DEFLATED = b"\x00", b"\x01"
_WORTH_DEFLATING = 120
"""Bytes; below this, deflating costs time and saves nothing."""
_SMALL, _SMALL_WINDOW, _SMALL_MEMORY = 4_096, 12, 6
"""A payload that fits into a window of 4 KB is deflated within one: as small as with zlib's usual window of 32 KB, whose 256 KB of
memory take longer than the deflating (76 against 10 µs) whenever they have to be got from the system."""


class PayloadKeysMissing(ValueError):
    """No usable keys are set; the message says which setting to make and how."""


class UnknownPayloadKey(LookupError):
    """A payload was encrypted with a key this process does not have."""


class PayloadDamaged(ValueError):
    """A payload's ciphertext does not fit its key: altered, cut, or encrypted by another key of the same id."""


@dataclass(frozen=True)
class PayloadKeys:
    """AES-256 keys by id: the first encrypts, all decrypt. To rotate, put a new one in front and keep the old ones as long
    as workflows written with them are retained."""

    ids: tuple[str, ...]
    ciphers: tuple[AESGCM, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `HANSE_PAYLOAD_KEYS`: `id:base64key[,id:base64key…]`. Raises PayloadKeysMissing; never repeats a key."""
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        if not entries:
            raise PayloadKeysMissing(
                "HANSE_PAYLOAD_KEYS is empty, and workflow payloads are never written in the clear. `hanse up` generates a key "
                "into secrets.env of the data folder; without it, set HANSE_PAYLOAD_KEYS to id:key, the key being 32 random "
                "bytes in base64 (`openssl rand -base64 32`)"
            )
        keys = dict(_parse_entry(number, entry) for number, entry in enumerate(entries, 1))
        if len(keys) != len(entries):
            raise PayloadKeysMissing("HANSE_PAYLOAD_KEYS names the same key id twice")
        return cls(tuple(keys), tuple(AESGCM(key) for key in keys.values()))

    def cipher(self, key_id: str) -> AESGCM:
        """The cipher of one key. Raises UnknownPayloadKey."""
        try:
            return self.ciphers[self.ids.index(key_id)]
        except ValueError:
            raise UnknownPayloadKey(
                f"a payload was encrypted with key {key_id!r}; this process has {', '.join(self.ids)}. Add the old key at the "
                "end of HANSE_PAYLOAD_KEYS"
            ) from None


def _parse_entry(number: int, entry: str) -> tuple[str, bytes]:
    key_id, _, encoded = entry.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if not key_id or len(key) != 32:
        raise PayloadKeysMissing(f"entry {number} of HANSE_PAYLOAD_KEYS is not id:key with 32 bytes in base64")
    return key_id, key


class EncryptingCodec(PayloadCodec):
    """Encrypts with the first key; decrypts with the key a payload names; leaves payloads that are not encrypted alone."""

    def __init__(self, keys: PayloadKeys) -> None:
        self._keys = keys

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload encrypted, whatever it is."""
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload as it was before `encode`. Raises UnknownPayloadKey or PayloadDamaged."""
        return [self._decrypt(payload) if is_encrypted(payload) else payload for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        key_id = self._keys.ids[0].encode()
        sealed = self._keys.ciphers[0].encrypt(nonce, _pack(payload.SerializeToString()), key_id)
        return Payload(metadata={"encoding": ENCODING, _KEY_ID: key_id}, data=nonce + sealed)

    def _decrypt(self, payload: Payload) -> Payload:
        key_id = payload.metadata[_KEY_ID]
        cipher = self._keys.cipher(key_id.decode())
        try:
            opened = cipher.decrypt(payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:], key_id)
        except (InvalidTag, ValueError):
            raise PayloadDamaged(f"a payload encrypted with key {key_id.decode()!r} cannot be opened") from None
        return Payload.FromString(_unpack(opened))


def is_encrypted(payload: Payload) -> bool:
    """Whether this codec wrote the payload."""
    return payload.metadata.get("encoding") == ENCODING


def _pack(plain: bytes) -> bytes:
    if len(plain) >= _WORTH_DEFLATING:
        small = len(plain) <= _SMALL
        deflater = zlib.compressobj(
            wbits=-_SMALL_WINDOW if small else -zlib.MAX_WBITS, memLevel=_SMALL_MEMORY if small else zlib.DEF_MEM_LEVEL
        )
        smaller = deflater.compress(plain) + deflater.flush()
        if len(smaller) < len(plain):
            return _DEFLATED + smaller
    return _PLAIN + plain


def _unpack(packed: bytes) -> bytes:
    flag, body = packed[:1], packed[1:]
    return zlib.decompress(body, wbits=-zlib.MAX_WBITS) if flag == _DEFLATED else body
