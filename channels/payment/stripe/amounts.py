"""Stripe's units, which differ from ISO 4217 in places: https://docs.stripe.com/currencies (zero-decimal, three-decimal, special
cases). Exact, or refused."""

from channels.payment.units import NotInTheseUnits, exponent
from models.shared import Money
from models.shared.money import Currency

_ZERO = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THREE = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
_TWO_OUT_OF_NONE = frozenset({"ISK"})
"""No decimals in life, two in Stripe's API, always 00."""
_THREE_STEP = 10
"""Stripe wants the last of three decimals to be 0."""


def takes_currency(currency: Currency) -> bool:
    """Whether we know how Stripe counts it. UGX is left out: Stripe lists it both ways."""
    known = currency in _ZERO or currency in _THREE or currency in _TWO_OUT_OF_NONE
    return known or exponent(currency) == 2


def to_stripe(amount: Money) -> int:
    """The `amount` of Stripe's API; NotInTheseUnits for what Stripe cannot say."""
    shift = _digits(amount.currency) - exponent(amount.currency)
    value, rest = (amount.minor * _ten_to(shift), 0) if shift >= 0 else divmod(amount.minor, _ten_to(-shift))
    if rest or (amount.currency in _THREE and value % _THREE_STEP):
        raise NotInTheseUnits(f"Stripe cannot say {amount.minor} minor units of {amount.currency}")
    return value


def from_stripe(value: int, currency: str) -> Money:
    """Back, from Stripe's `amount` and `currency`."""
    code = currency.upper()
    shift = _digits(code) - exponent(code)
    minor, rest = divmod(value, _ten_to(shift)) if shift >= 0 else (value * _ten_to(-shift), 0)
    if rest:
        raise NotInTheseUnits(f"Stripe says {value} of {code}, which is not a whole number of minor units")
    return Money(minor=minor, currency=code)


def _digits(currency: Currency) -> int:
    if not takes_currency(currency):
        raise NotInTheseUnits(f"it is not settled how Stripe counts {currency}")
    if currency in _ZERO:
        return 0
    return 3 if currency in _THREE else 2


def _ten_to(digits: int) -> int:
    return int("1" + "0" * digits)
