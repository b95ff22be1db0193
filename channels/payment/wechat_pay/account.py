"""Who we are to WeChat Pay, and by what we know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

TradeType = Literal["native", "h5", "jsapi"]
"""How the buyer pays: scans a code; is sent from the browser of a phone to WeChat; is in WeChat already."""


@dataclass(frozen=True)
class WechatPayAccount:
    """One direct merchant."""

    url: str
    mchid: str
    appid: str
    certificate_serial: str
    """Of the merchant's API certificate, whose private key signs our requests."""
    private_key: RSAPrivateKey = field(repr=False)
    platform_keys: Mapping[str, RSAPublicKey] = field(repr=False)
    """WeChat Pay's keys by serial (`PUB_KEY_ID_…`, or of a platform certificate). The first is asked for in answers; several
    while they change."""
    api_v3_keys: tuple[bytes, ...] = field(repr=False)
    """What callbacks are encrypted with, newest first."""
