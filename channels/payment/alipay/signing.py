"""RSA2 as Alipay composes it.

Requests: all parameters that are not empty, sorted, `k=v` joined by `&`, before any URL encoding. Notices: the same without
`sign` and `sign_type`. Answers: the JSON text of the answer's node, byte for byte.
"""

import json
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from channels.payment import keys


def signed_parameters(key: RSAPrivateKey, parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters with their `sign`."""
    given = {name: value for name, value in parameters.items() if value}
    return {**given, "sign": keys.sign(key, _joined(given))}


def notice_is_genuine(public_keys: Sequence[RSAPublicKey], parameters: Mapping[str, str]) -> bool:
    """Whether Alipay signed these parameters of a notice."""
    told = {name: value for name, value in parameters.items() if name not in ("sign", "sign_type")}
    return _any_signed(public_keys, _joined(told), parameters.get("sign", ""))


def genuine_answer(public_keys: Sequence[RSAPublicKey], text: str, node: str) -> str | None:
    """The JSON text of the node if Alipay signed it, else None. Read that text only: what stands around it is unsigned."""
    try:
        whole = json.loads(text)
        start = text.index(f'"{node}"') + len(node) + 2
        start = text.index(":", start) + 1
        start += len(text[start:]) - len(text[start:].lstrip())
        _, end = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return None
    signature = whole.get("sign") if isinstance(whole, dict) else None
    signed = text[start:end]
    if not isinstance(signature, str) or not _any_signed(public_keys, signed.encode(), signature):
        return None
    return signed


def _joined(parameters: Mapping[str, str]) -> bytes:
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters)).encode()


def _any_signed(public_keys: Sequence[RSAPublicKey], text: bytes, signature: str) -> bool:
    return any(keys.is_signed(key, text, signature) for key in public_keys)
