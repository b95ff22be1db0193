"""Personal data and secrets never reach a log, a dead letter or a trace: they are masked by their name or by their look."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

MASK = "***"

_SECRET_NAME = re.compile(
    r"passw(or)?d|passphrase|secret|token|authorization|cookie|api_?(v3_?)?key|private_?key|payload_keys|credential|signature"
    r"|verification_?code|card_?(no|number)|(^|_)(otp|cvv|cvc|pan|iban|id_?card)(_|$)",
    re.IGNORECASE,
)
_PERSONAL_NAME = re.compile(
    r"(^|_)(phone|mobile|e?mail|address|street|receiver|recipient|consignee|contact|real_name|full_name|birthday)"
    r"(_|$|number|no$)",
    re.IGNORECASE,
)

_DSN_PASSWORD = re.compile(r"(?P<start>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+(?=@)", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"\b(?P<scheme>Bearer|Basic|Digest)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(\.[A-Za-z0-9_-]*)?")
_NAMED_SECRET = re.compile(
    r"(?P<name>[\"']?\b[\w-]*(?:passw(?:or)?d|passphrase|secret|token|authorization|cookie|api[_-]?key|\bcvv|\bcvc|\botp)[\w-]*[\"']?"
    r"\s*[=:]\s*)(?P<value>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|(?:(?:Bearer|Basic|Digest)\s+)?[^\s,;&}\])]+)",
    re.IGNORECASE,
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----.*?(?:-----END (?:[A-Z]+ )?PRIVATE KEY-----|\Z)", re.DOTALL
)
_STRIPE_SECRET = re.compile(r"\b(?:(?:sk|rk)_(?:live|test)|whsec)_[A-Za-z0-9_]+")
_EMAIL = re.compile(r"(?<![\w.+-])(?P<first>[\w+-])[\w.+-]*@(?P<domain>[\w-]+(?:\.[\w-]+)+)")
_ID_CARD = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
_CARD = re.compile(r"(?<![0-9A-Za-z_.+-])[2-6](?:[ -]?\d){12,17}\d(?![0-9A-Za-z])")  # 14 to 19 digits; a barcode has 13
_CHINESE_MOBILE = re.compile(
    r"(?<![0-9A-Za-z_.])(?P<head>(?:\+?86[ -]?)?1[3-9]\d)[ -]?\d{4}[ -]?(?P<tail>\d{4})(?![0-9A-Za-z])"
)
_INTERNATIONAL_PHONE = re.compile(r"(?<![0-9A-Za-z])\+[1-9](?:[ -]?\d){5,12}(?P<tail>\d{2})(?![0-9A-Za-z:])")


_SECRET_WORDS = ("passw", "passphrase", "secret", "token", "authorization", "cookie", "api", "cvv", "cvc", "otp")
_MANY_DIGITS = re.compile(r"\d(?:[ -]?\d){6}")
_plain: set[str] = set()
"""Short texts that were looked through and have nothing to hide: ids and names come again and again."""
_PLAIN_LENGTH, _PLAIN_MOST = 80, 4_096


def mask_text(text: str) -> str:
    """The same text with passwords, tokens, card numbers, e-mail addresses and phone numbers made unreadable.

    Cheap questions come before costly patterns: every log line passes here, and most have nothing to hide.
    """
    if text in _plain:
        return text
    masked = _looked_through(text)
    if masked == text and len(text) <= _PLAIN_LENGTH:
        if len(_plain) >= _PLAIN_MOST:
            _plain.clear()
        _plain.add(text)
    return masked


def _looked_through(text: str) -> str:
    lowered = text.lower()
    if any(word in lowered for word in _SECRET_WORDS):
        text = _NAMED_SECRET.sub(rf"\g<name>{MASK}", text)
    if "bearer " in lowered or "basic " in lowered or "digest " in lowered:
        text = _AUTHORIZATION.sub(rf"\g<scheme> {MASK}", text)
    if "eyJ" in text:
        text = _JWT.sub(MASK, text)
    if "PRIVATE KEY-----" in text:
        text = _PRIVATE_KEY.sub(MASK, text)
    if "whsec_" in text or "k_live_" in text or "k_test_" in text:
        text = _STRIPE_SECRET.sub(MASK, text)
    if "@" in text:
        text = _DSN_PASSWORD.sub(rf"\g<start>{MASK}", text)
        text = _EMAIL.sub(rf"\g<first>{MASK}@\g<domain>", text)
    return _mask_numbers(text) if _MANY_DIGITS.search(text) else text


def _mask_numbers(text: str) -> str:
    text = _ID_CARD.sub(MASK, text)
    text = _CARD.sub(_card, text)
    text = _CHINESE_MOBILE.sub(r"\g<head>****\g<tail>", text)
    return _INTERNATIONAL_PHONE.sub(r"+****\g<tail>", text)


def mask_value(name: str, value: Any) -> Any:
    """A named value, masked whole when its name says it is secret or personal, else by its look, however deep."""
    if value is None or isinstance(value, bool):
        return value
    hides = _what_it_hides(name)
    if hides == "secret":
        return MASK
    if hides == "personal" and isinstance(value, str):
        masked = mask_text(value)
        return masked if masked != value else MASK
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {key: mask_value(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_value(name, inner) for inner in value]
    if isinstance(value, int | float):
        return value
    return mask_text(str(value))


@lru_cache(maxsize=1024)
def _what_it_hides(name: str) -> Literal["secret", "personal", "nothing"]:
    """By its name. Remembered: log lines have few names, and each has to be looked at twice."""
    if _SECRET_NAME.search(name):
        return "secret"
    return "personal" if _PERSONAL_NAME.search(name) else "nothing"


def _card(match: re.Match[str]) -> str:
    digits = [int(character) for character in match.group() if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return f"****{match.group()[-4:]}" if sum(doubled) % 10 == 0 else match.group()
