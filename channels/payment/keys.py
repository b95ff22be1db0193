"""RSA keys as providers hand them out, and the one signature that Alipay (RSA2) and WeChat Pay v3 share: SHA-256, PKCS #1 v1.5."""

import base64
import binascii
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

MIN_KEY_BITS = 2048


class KeyUnusable(ValueError):
    """A key setting that cannot be used. Never quotes the key."""


def private_key(given: str) -> rsa.RSAPrivateKey:
    """From PEM text, from bare base64 (Alipay's key tool writes PKCS #8 or PKCS #1 so) or from a file with either."""
    try:
        key = _private_key(_text(given))
    except (ValueError, TypeError, binascii.Error):
        raise KeyUnusable("it is no RSA private key in PEM or base64, nor a file with one") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < MIN_KEY_BITS:
        raise KeyUnusable(f"it must be an RSA key of at least {MIN_KEY_BITS} bits")
    return key


def public_key(given: str) -> rsa.RSAPublicKey:
    """From PEM text (a public key or a certificate), from bare base64 or from a file with either."""
    try:
        text = _text(given)
        if "BEGIN CERTIFICATE" in text:
            key = x509.load_pem_x509_certificate(text.encode()).public_key()
        elif "-----BEGIN" in text:
            key = serialization.load_pem_public_key(text.encode())  # type: ignore[assignment] # narrowed below
        else:
            key = serialization.load_der_public_key(_der(text))  # type: ignore[assignment] # narrowed below
    except (ValueError, TypeError, binascii.Error):
        raise KeyUnusable("it is no RSA public key or certificate in PEM or base64, nor a file with one") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < MIN_KEY_BITS:
        raise KeyUnusable(f"it must be an RSA key of at least {MIN_KEY_BITS} bits")
    return key


def sign(key: rsa.RSAPrivateKey, text: bytes) -> str:
    """The signature in base64."""
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def is_signed(key: rsa.RSAPublicKey, text: bytes, signature: str) -> bool:
    """Whether the holder of the key signed exactly this text; False for a signature that is not even base64."""
    try:
        key.verify(base64.b64decode(signature, validate=True), text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _private_key(text: str) -> object:
    if "-----BEGIN" in text:
        return serialization.load_pem_private_key(text.encode(), password=None)
    return serialization.load_der_private_key(_der(text), password=None)


def _text(given: str) -> str:
    given = given.strip().replace("\\n", "\n")  # an .env file cannot hold line breaks
    if not given or "-----BEGIN" in given or given.startswith("MI"):
        return given
    try:
        return Path(given).expanduser().read_text().strip()
    except OSError as problem:
        raise KeyUnusable(f"its file cannot be read ({type(problem).__name__})") from None


def _der(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)
