"""Amounts of money as people write them in files: `199.00` with the decimals of the currency (ISO 4217)."""

import re

from models.products.errors import AmountInvalid
from models.shared.money import MAX_MINOR, Currency, Money

_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
"""Where a currency has not two decimals."""
_AMOUNT = re.compile(r"^(\d{1,16})(?:\.(\d{1,3}))?$", re.ASCII)


def parse_amount(text: str, currency: Currency) -> Money:
    """`199`, `199.5` or `199.00` as money; more decimals than the currency has are refused, never rounded."""
    decimals = _EXPONENTS.get(currency, 2)
    match = _AMOUNT.match(text)
    if match is None or len(match[2] or "") > decimals:
        raise AmountInvalid(
            f"{text[:30]!r} is not an amount in {currency}; write digits with at most {decimals} decimals after a point, like"
            f" {'199' if decimals == 0 else '199.' + '0' * decimals}."
        )
    minor = int(match[1] + (match[2] or "").ljust(decimals, "0"))
    if minor > MAX_MINOR:
        raise AmountInvalid(f"{text[:30]!r} is larger than any price may be.")
    return Money(minor=minor, currency=currency)


def format_amount(money: Money) -> str:
    """The number that `parse_amount` reads back; the currency stands beside it."""
    decimals = _EXPONENTS.get(money.currency, 2)
    digits = str(money.minor).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
