"""What an e-mail address and a phone number look like, and how they are masked."""

import pytest

from models.users.errors import ContactMalformed
from models.users.rules import masked, parse_contact


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Anna.Meier+shop@Example.COM", "email", "anna.meier+shop@example.com"),
        ("  anna@example.com ", "email", "anna@example.com"),
        ("anna@exämple.com", "email", "anna@xn--exmple-cua.com"),
        ("13800138000", "phone", "+8613800138000"),
        ("138-0013-8000", "phone", "+8613800138000"),
        ("+86 138 0013 8000", "phone", "+8613800138000"),
        ("+1 (415) 555-2671", "phone", "+14155552671"),
    ],
)
def test_a_contact_has_one_canonical_form(text: str, kind: str, value: str) -> None:
    contact = parse_contact(text)
    assert (contact.kind, contact.value) == (kind, value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "@example.com",
        "anna@",
        "anna@localhost",
        "anna@@example.com",
        "an na@example.com",
        ".anna@example.com",
        "anna@exa_mple.com",
        "anna@-example.com",
        "anna@example..com",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 64}.com",
        "anna@example.com\nbcc: all@example.com",
        "12345",
        "0013800138000",
        "+0123456789",
        "+1234567890123456",
        "DROP TABLE users",
        "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660\u0661",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ContactMalformed):
        parse_contact(text)


def test_parsing_a_canonical_contact_changes_nothing() -> None:
    for text in ("anna@xn--exmple-cua.com", "+8613800138000"):
        assert parse_contact(text).value == text


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        ("anna@example.com", "a***@example.com"),
        ("+8613800138000", "+86138****8000"),
        ("+123456789", "****89"),
        (None, None),
    ],
)
def test_a_masked_contact_is_known_to_its_owner_only(contact: str | None, shown: str | None) -> None:
    assert masked(contact) == shown
