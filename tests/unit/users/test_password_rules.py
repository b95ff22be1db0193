"""Which passwords are refused, and how failures slow log-ins."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.users.errors import PasswordTooWeak
from models.users.rules import LOCK, LONGEST_PASSWORD, canonical_password, check_password, login_delay, parse_contact

ANNA = parse_contact("anna.meier@example.com")
PHONE = parse_contact("13800138000")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "x7#kQ2!pLm",
        "密码很长很难猜测哦",
        "a" * 60 + "bcd",
        "only lower case words",
        " leading and trailing ",
        "anna.meier has a long password",
    ],
)
def test_a_long_or_unusual_password_of_any_characters_is_good(password: str) -> None:
    check_password(password, ANNA, PHONE)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short12", "fewer than 8"),
        ("", "fewer than 8"),
        ("x1y2" * 65, "more than 256"),
        ("password", "leaked"),
        ("PassWord1", "leaked"),
        ("qwertyuiop", "leaked"),
        ("aaaaaaaaaaaa", "few different"),
        ("anna.meier", "e-mail"),
        ("anna.meier1", "e-mail"),
        ("anna.meier@example.com", "e-mail"),
        ("13800138000", "phone"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, why: str) -> None:
    with pytest.raises(PasswordTooWeak) as refused:
        check_password(password, ANNA, PHONE)
    assert why in refused.value.fields["reason"]


def test_the_longest_password_is_good() -> None:
    check_password("abcd efg" * (LONGEST_PASSWORD // 8))


def test_the_same_password_from_another_keyboard_is_the_same() -> None:
    assert canonical_password("e\u0301tude d'hiver") == canonical_password("\u00e9tude d'hiver")


@given(st.integers(min_value=0, max_value=1000))
def test_one_failure_more_never_shortens_the_wait(failures: int) -> None:
    assert login_delay(failures) <= login_delay(failures + 1) <= LOCK


def test_the_first_two_failures_cost_nothing_and_the_tenth_locks() -> None:
    assert [login_delay(n).total_seconds() for n in range(5)] == [0, 0, 0, 2, 4]
    assert login_delay(9) < LOCK == login_delay(10) == timedelta(minutes=15)
