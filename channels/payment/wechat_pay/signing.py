"""WECHATPAY2-SHA256-RSA2048: a line each, every line ended, the last as well.

Requests: method, address with query, timestamp, nonce, body. Answers and callbacks: timestamp, nonce, body; their serial says
which of WeChat Pay's keys signed. WeChat sends some with a wrong signature on purpose (`WECHATPAY/SIGNTEST/…`), to see them
refused.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from channels.payment import keys
from channels.payment.wechat_pay.account import WechatPayAccount

SCHEME = "WECHATPAY2-SHA256-RSA2048"


class Stamp(NamedTuple):
    """The signature headers of an answer or a callback."""

    timestamp: int
    nonce: str
    signature: str
    serial: str


def authorization(account: WechatPayAccount, timestamp: int, nonce: str, method: str, target: str, body: bytes) -> str:
    """The value of the Authorization header; `target` is path and query."""
    text = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
    told = {
        "mchid": account.mchid,
        "nonce_str": nonce,
        "timestamp": str(timestamp),
        "serial_no": account.certificate_serial,
        "signature": keys.sign(account.private_key, text),
    }
    return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in told.items())


def read_stamp(headers: Mapping[str, str]) -> Stamp | None:
    """The signature headers; None if one is missing or unreadable."""
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    timestamp, nonce = lower.get("wechatpay-timestamp", ""), lower.get("wechatpay-nonce", "")
    signature, serial = lower.get("wechatpay-signature", ""), lower.get("wechatpay-serial", "")
    plain = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12
    if not plain or not nonce or not signature or not serial:
        return None
    return Stamp(int(timestamp), nonce, signature, serial)


def is_genuine(platform_keys: Mapping[str, RSAPublicKey], stamp: Stamp, body: bytes) -> bool:
    """Whether WeChat Pay signed this body so, with the key of that serial. Says nothing about freshness."""
    key = platform_keys.get(stamp.serial)
    text = f"{stamp.timestamp}\n{stamp.nonce}\n".encode() + body + b"\n"
    return key is not None and keys.is_signed(key, text, stamp.signature)
