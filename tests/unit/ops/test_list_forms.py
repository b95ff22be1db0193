"""One form for what people write in many ways, and who is kept out."""

from datetime import UTC, datetime

import pytest

from models.ops.lists import (
    EntryTerms,
    ListEntry,
    ListKind,
    ListSubject,
    Origin,
    address_form,
    address_text,
    blocking,
    network_form,
    phone_form,
    shown_form,
    value_form,
)
from models.shared.ids import ListEntryId, UserId
from models.shared.refusals import InvalidRequest

AT = datetime(2026, 11, 22, tzinfo=UTC)
OLGA = UserId.derive(AT, "olga")


@pytest.mark.parametrize(
    "written", ["13800138000", "+8613800138000", "+86 138-0013-8000", "0086 138 0013 8000", "8613800138000", "１３８００１３８０００"]
)  # fmt: skip
def test_a_phone_number_has_one_form(written: str) -> None:
    assert phone_form(written) == "+8613800138000"
    assert phone_form("+49 30 1234567") == phone_form("004930 1234567") == "+49301234567"


def test_an_address_has_one_form_whatever_its_spaces_width_and_punctuation() -> None:
    spaced = address_text("上海市", "上海市", "浦东新区世纪大道 100 号，2 楼")
    assert address_form(spaced) == address_form("上海市浦东新区世纪大道１００号2楼")
    assert address_form("12 High St., Flat B") == address_form("12 high st flat-b")
    assert address_form("世纪大道 100 号") != address_form("世纪大道 101 号")


@pytest.mark.parametrize(
    ("written", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("203.0.113.7/24", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("::ffff:203.0.113.7/120", "203.0.113.0/24"),
        ("2001:db8::1/48", "2001:db8::/48"),
    ],
)
def test_an_entry_names_a_network(written: str, network: str) -> None:
    assert str(network_form(written)) == network


@pytest.mark.parametrize(
    ("subject", "value"),
    [
        (ListSubject.USER, "anna"),
        (ListSubject.PHONE, "none"),
        (ListSubject.ADDRESS, "...!"),
        (ListSubject.IP, "203.0.113.7.9"),
        (ListSubject.IP, "203.0.113.0/99"),
        (ListSubject.IP, "fe80::1%eth0"),
        (ListSubject.IP, "fe80::1%eth0/64"),
    ],
)
def test_a_value_that_is_nothing_of_its_kind_is_refused(subject: ListSubject, value: str) -> None:
    with pytest.raises(InvalidRequest):
        value_form(subject, value)


def test_personal_values_are_shown_masked() -> None:
    assert shown_form(ListSubject.PHONE, phone_form("13800138000")) == "***00"
    assert "世纪大道" not in shown_form(ListSubject.ADDRESS, address_form("上海市浦东新区世纪大道 100 号"))
    assert shown_form(ListSubject.IP, "203.0.113.0/24") == "203.0.113.0/24"


def test_an_origin_without_a_real_address_has_none() -> None:
    assert Origin(ip="testclient").ip is Origin(ip="fe80::1%eth0").ip is None
    assert Origin(ip="::ffff:203.0.113.7").ip == "203.0.113.7"


def entry(kind: ListKind, name: str) -> ListEntry:
    terms = EntryTerms(reason="because", starts_at=AT)
    return ListEntry(
        entry_id=ListEntryId.derive(AT, name), version=1, kind=kind, subject=ListSubject.IP, shown="", terms=terms,
        added_by=OLGA, added_at=AT, changed_by=OLGA, changed_at=AT,
    )  # fmt: skip


def test_white_beats_black_and_silence_lets_in() -> None:
    black, white = entry(ListKind.BLACK, "b"), entry(ListKind.WHITE, "w")
    assert blocking([]) is None
    assert blocking([black]) == black
    assert blocking([black, white]) is blocking([white, black]) is blocking([white]) is None
