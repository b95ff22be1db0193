"""Amounts in the units of Alipay and Stripe: exact, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.payment.stripe.amounts import from_stripe, takes_currency, to_stripe
from channels.payment.units import NotInTheseUnits, exponent, from_decimal_text, to_decimal_text
from models.shared import Money


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("CNY", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("BHD", 3), ("CLF", 4), ("MGA", 2)],
)
def test_a_currency_has_its_digits(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (12_345, "CNY", "123.45"),
        (1, "CNY", "0.01"),
        (10_000_000_000, "CNY", "100000000.00"),
        (500, "JPY", "500"),
        (5_120, "KWD", "5.120"),
    ],
)
def test_an_amount_is_written_in_major_units(minor: int, currency: str, text: str) -> None:
    assert to_decimal_text(Money(minor=minor, currency=currency)) == text


@given(st.integers(min_value=-(10**15), max_value=10**15), st.sampled_from(["CNY", "JPY", "KWD", "CLF"]))
def test_writing_and_reading_an_amount_loses_nothing(minor: int, currency: str) -> None:
    money = Money(minor=minor, currency=currency)
    assert from_decimal_text(to_decimal_text(money), currency) == money


@pytest.mark.parametrize("text", ["0.001", "1.005", "", "一", "NaN", "Infinity", "0x1"])
def test_what_is_no_whole_number_of_minor_units_is_refused(text: str) -> None:
    with pytest.raises(NotInTheseUnits):
        from_decimal_text(text, "CNY")


def test_more_zeros_than_needed_are_fine() -> None:
    assert from_decimal_text("-0.01000", "CNY") == Money(minor=-1)


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (1_099, "USD", 1_099),
        (500, "JPY", 500),
        (1_000, "KRW", 1_000),
        (5_120, "KWD", 5_120),
        (5, "ISK", 500),  # Stripe counts aurar, which ISO 4217 no longer knows
        (500, "MGA", 5),  # Stripe counts whole ariary
    ],
)
def test_stripe_is_told_amounts_in_its_own_units(minor: int, currency: str, said: int) -> None:
    money = Money(minor=minor, currency=currency)
    assert to_stripe(money) == said
    assert from_stripe(said, currency.lower()) == money


@pytest.mark.parametrize(("minor", "currency"), [(5_124, "KWD"), (501, "MGA"), (5, "UGX"), (5, "IQD"), (5, "CLF")])
def test_what_stripe_cannot_say_is_refused(minor: int, currency: str) -> None:
    with pytest.raises(NotInTheseUnits):
        to_stripe(Money(minor=minor, currency=currency))


def test_half_a_krona_from_stripe_is_refused() -> None:
    with pytest.raises(NotInTheseUnits):
        from_stripe(550, "isk")


@given(st.integers(min_value=1, max_value=99_999_999), st.sampled_from(["USD", "JPY", "ISK", "EUR", "VND"]))
def test_stripe_and_back_loses_nothing(minor: int, currency: str) -> None:
    money = Money(minor=minor, currency=currency)
    assert takes_currency(currency)
    assert from_stripe(to_stripe(money), currency.lower()) == money
