"""Pure rules of accounts: what a contact and a password look like, how failures slow log-ins, what is masked."""

import re
import unicodedata
from datetime import timedelta
from functools import cache
from importlib.resources import files

from models.shared.ids import UserId
from models.users.errors import ContactMalformed, OwnAccess, PasswordTooWeak, PermissionMissing
from models.users.types import Contact, Identity, Permission, Permissions

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
"""In characters. NIST 800-63B and ASVS 6.2.9 ask for at least 64; the cap bounds the hash's work."""

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES = 5
"""A million codes and five tries: one chance in 200,000 for each code sent."""
CODE_PAUSE = timedelta(seconds=60)
CODES_A_DAY = 10
"""Sending costs money and annoys; each contact gets so many in 24 hours."""

FREE_FAILURES = 3
LOCKING_FAILURES = 10
LOCK = timedelta(minutes=15)
FAILURES_FORGOTTEN_AFTER = timedelta(hours=24)

LOGIN_HISTORY = timedelta(days=180)
LONGEST_SESSION = timedelta(days=180)
"""However often it is refreshed, a session ends then (ASVS 7.3.2)."""

ADDRESS_BOOK_SIZE = 20

_EMAIL = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([^\s@.]+(\.[^\s@.]+)+)$")
_LABEL = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")
_E164 = re.compile(r"^\+[1-9][0-9]{6,14}$")
_MAINLAND_MOBILE = re.compile(r"^1[3-9][0-9]{9}$")


@cache
def _common() -> frozenset[str]:
    """Read by the first password that somebody sets: most processes never meet one, and the list takes 1.5 MB."""
    lines = (files("models.users") / "common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def parse_contact(text: str) -> Contact:
    """The canonical form of an e-mail address or phone number.

    E-mail: RFC 5321 dot-atom, at most 254 characters, lower case, an international domain in its ASCII form. Phone: E.164;
    eleven digits that look like a mainland Chinese mobile number get +86. Refuses with `ContactMalformed`.
    """
    text = text.strip()
    contact = _email(text) if "@" in text else _phone(text)
    if contact is None:
        raise ContactMalformed("Give an e-mail address like name@example.com or a phone number like +8613800138000.")
    return contact


def _email(text: str) -> Contact | None:
    match = _EMAIL.match(text)
    if match is None or len(text) > 254 or text.index("@") > 64:
        return None
    try:
        domain = match.group(2).encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    if not all(_LABEL.match(label) for label in domain.split(".")):
        return None
    return Contact(kind="email", value=f"{text[: text.index('@')].lower()}@{domain}")


def _phone(text: str) -> Contact | None:
    digits = re.sub(r"[ \-().]", "", text)
    if _MAINLAND_MOBILE.match(digits):
        digits = f"+86{digits}"
    return Contact(kind="phone", value=digits) if _E164.match(digits) else None


def check_password(password: str, *contacts: Contact) -> None:
    """Refuse a weak password (ASVS 5.0 §6.2): length, leaked lists, repetition, the person's own name; no composition rules."""
    reason = _weakness(password, contacts)
    if reason is not None:
        raise PasswordTooWeak(f"Choose another password: {reason}.", reason=reason)


def _weakness(password: str, contacts: tuple[Contact, ...]) -> str | None:
    plain = canonical_password(password).lower()
    if len(plain) < SHORTEST_PASSWORD:
        return f"it has fewer than {SHORTEST_PASSWORD} characters"
    if len(password) > LONGEST_PASSWORD:
        return f"it has more than {LONGEST_PASSWORD} characters"
    if plain in _common():
        return "it is on lists of leaked passwords"
    if len(set(plain)) < 4:
        return "it repeats too few different characters"
    if any(_is_little_more_than(plain, name) for contact in contacts for name in _names(contact)):
        return "it is little more than your e-mail address or phone number"
    return None


def _names(contact: Contact) -> tuple[str, str]:
    return contact.value, contact.value.split("@")[0].removeprefix("+86").removeprefix("+")


def _is_little_more_than(password: str, name: str) -> bool:
    return len(name) >= 4 and name in password and len(password) - len(name) < 6


def canonical_password(password: str) -> str:
    """NFC, so that the same password typed on another keyboard is the same bytes (NIST 800-63B §5.1.1.2)."""
    return unicodedata.normalize("NFC", password)


def login_delay(failures: int) -> timedelta:
    """How long the next try waits after so many failures in a row: none, then 2, 4, 8 … seconds, then the lock."""
    if failures < FREE_FAILURES:
        return timedelta()
    if failures >= LOCKING_FAILURES:
        return LOCK
    return timedelta(seconds=2 ** (failures - FREE_FAILURES + 1))


def masked(contact: str | None) -> str | None:
    """An e-mail or phone as an operator without `service` sees it: recognisable to its owner, useless to others."""
    if contact is None:
        return None
    if "@" in contact:
        name, domain = contact.split("@", 1)
        return f"{name[0]}***@{domain}"
    return f"{contact[:-8]}****{contact[-4:]}" if len(contact) >= 11 else f"****{contact[-2:]}"


def sees_contacts(permissions: Permissions) -> bool:
    """Whether personal data is shown in the clear: only to those who talk to customers."""
    return Permission.SERVICE in permissions


def check_may_change(who: Identity, target: UserId, *touched: Permissions) -> None:
    """An operator changes other people's access only, and hands out or takes away only what they have themselves.

    Refuses with `OwnAccess` or `PermissionMissing`, so nobody raises themselves, directly or through a role.
    """
    if target == who.user_id:
        raise OwnAccess("Nobody changes their own access; ask another operator with the permission accounts.")
    check_may_grant(who, *touched)


def check_may_grant(who: Identity, *touched: Permissions) -> None:
    """An operator deals in permissions they have themselves; refuses with `PermissionMissing`."""
    beyond = sorted(frozenset[Permission]().union(*touched) - who.permissions)
    if beyond:
        names = ", ".join(beyond)
        raise PermissionMissing(f"This touches {names}, which you do not have yourself.", permission=beyond[0].value)
