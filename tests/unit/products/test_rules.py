"""Pure rules of products."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.products.amounts import format_amount, parse_amount
from models.products.errors import AmountInvalid, AttributesInvalid, BarcodeInvalid, CategoryCycle, PublicationGap
from models.products.rules import (
    check_attributes,
    check_new_parent,
    gtin,
    is_published,
    options_key,
    publish,
    unpublish,
)
from models.products.types import AttributeDefinition, Publication
from models.shared import Money
from models.shared.ids import CategoryId

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOURS = st.integers(-5, 5).map(lambda hours: NOW + timedelta(hours=hours))


@pytest.mark.parametrize("barcode", ["4006381333931", "96385074", "036000291452", "10614141000415"])
def test_a_gtin_of_every_length_is_taken(barcode: str) -> None:
    assert gtin(barcode) == barcode


@pytest.mark.parametrize(
    "barcode", ["4006381333932", "400638133393", "", "12345", "４００６３８１３３３９３１", "40063813339a1"]
)
def test_what_is_not_a_gtin_is_refused(barcode: str) -> None:
    with pytest.raises(BarcodeInvalid):
        gtin(barcode)


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, change: int) -> None:
    right = next(f"{body}{digit}" for digit in range(10) if _is_gtin(f"{body}{digit}"))
    wrong = right[:place] + str((int(right[place]) + change) % 10) + right[place + 1 :]
    assert not _is_gtin(wrong)


def _is_gtin(text: str) -> bool:
    try:
        return gtin(text) == text
    except BarcodeInvalid:
        return False


def test_options_are_the_same_whatever_their_order_and_case() -> None:
    assert options_key({"Size": "M", "Colour": "Red"}) == options_key({"colour": "RED", "size": "m"})
    assert options_key({"a": "b,c"}) != options_key({"a,b": "c"})


def test_attributes_are_checked_by_kind_and_every_fault_is_named() -> None:
    definitions = [
        AttributeDefinition(code="os", label="OS", kind="enum", choices=("a", "b"), required=True),
        AttributeDefinition(code="screen", label="Screen", kind="number"),
        AttributeDefinition(code="note", label="Note", kind="text"),
    ]
    check_attributes(definitions, {"os": "a", "screen": 6.1, "note": "x"})
    with pytest.raises(AttributesInvalid) as refused:
        check_attributes(definitions, {"screen": "big", "note": 1, "os": "c", "colour": "red"})
    assert len(refused.value.fields["faults"]) == 4


@given(since=st.none() | HOURS, length=st.none() | st.integers(1, 9), at=HOURS, look=HOURS)
def test_publishing_shows_from_then_on_and_unpublishing_hides_from_then_on(
    since: datetime | None, length: int | None, at: datetime, look: datetime
) -> None:
    until = since + timedelta(hours=length) if since and length else None
    window = Publication(since=since, until=until)
    then = max(at, NOW)
    try:
        shown = publish(window, at, NOW)
    except PublicationGap:
        assert is_published(window, NOW)
        assert until is not None
        assert NOW < until < then
    else:
        assert is_published(shown, max(look, then))
        assert is_published(shown, NOW) == (is_published(window, NOW) or then == NOW)
    hidden = unpublish(window, at, NOW)
    assert not is_published(hidden, max(look, then))
    assert hidden.since is None or hidden.until is None or hidden.since < hidden.until


def test_a_category_may_not_move_below_itself() -> None:
    one, two = CategoryId.derive(NOW, "1"), CategoryId.derive(NOW, "2")
    check_new_parent(two, 1, [one])
    with pytest.raises(CategoryCycle):
        check_new_parent(one, 2, [one, two])


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("199", "CNY", 19900), ("199.5", "CNY", 19950), ("0.01", "CNY", 1), ("500", "JPY", 500), ("1.234", "KWD", 1234)],
)
def test_amounts_are_read_with_the_decimals_of_their_currency(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == Money(minor=minor, currency=currency)


@pytest.mark.parametrize("text", ["", "1,50", "-1", "1.005", "1e3", "¥1", "9" * 20, "1.", ".5", "１"])
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(AmountInvalid):
        parse_amount(text, "CNY")


@given(st.integers(0, 10**15), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_a_written_amount_reads_back(minor: int, currency: str) -> None:
    money = Money(minor=minor, currency=currency)
    assert parse_amount(format_amount(money), currency) == money


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_utc_cannot_say_is_refused_like_any_other_wrong_input(moment: str) -> None:
    with pytest.raises(ValidationError, match="years 1 to 9999"):
        Publication.model_validate({"since": moment})
