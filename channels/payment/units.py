"""Amounts in the units of providers: exact, or refused. ISO 4217 says how many digits a currency's minor unit has."""

from decimal import Decimal, InvalidOperation

from models.shared import Money
from models.shared.money import Currency

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {currency: digits for digits, currencies in _DIGITS.items() for currency in currencies.split()}


class NotInTheseUnits(ValueError):
    """An amount that cannot be said in the provider's units without losing something."""


def exponent(currency: Currency) -> int:
    """How many decimal digits the minor unit of the currency stands for: 0 for JPY and KRW, 3 for KWD, 2 for most."""
    return _EXPONENTS.get(currency, 2)


def to_decimal_text(amount: Money) -> str:
    """In major units with all digits, as Alipay writes yuan: 12345 fen are `123.45`."""
    return f"{Decimal(amount.minor).scaleb(-exponent(amount.currency)):f}"


def from_decimal_text(text: str, currency: Currency) -> Money:
    """Back from major units; NotInTheseUnits for what is no number or has a fraction of a minor unit."""
    try:
        minor = Decimal(text.strip().replace(",", "")).scaleb(exponent(currency))
    except InvalidOperation as problem:
        raise NotInTheseUnits(f"{text[:40]!r} is not an amount") from problem
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise NotInTheseUnits(f"{text[:40]!r} is not a whole number of minor units of {currency}")
    return Money(minor=int(minor), currency=currency)
