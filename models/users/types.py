"""Values of the users domain: accounts, contacts, sessions, addresses, roles."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from models.shared import Frozen, Instant
from models.shared.ids import AddressId, SessionId, UserId


class Permission(StrEnum):
    """What an operator may do; a buyer has none."""

    CATALOGUE = "catalogue"
    STOCK = "stock"
    ORDERS = "orders"
    FINANCE = "finance"
    SERVICE = "service"
    OPS = "ops"
    ACCOUNTS = "accounts"
    PROMOTIONS = "promotions"


Permissions = frozenset[Permission]
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("only printable characters on one line")
    return text


def _line(longest: int) -> object:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


ShortLine = Annotated[str, _line(60), AfterValidator(_one_line)]
LongLine = Annotated[str, _line(200), AfterValidator(_one_line)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9][0-9 \-]{4,23}$")]
"""A phone number as a carrier may print it. Not verified; the phone of an account is a `Contact`."""
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""An ISO 3166-1 alpha-2 code."""


class Contact(Frozen):
    """Where a person is reached and what they log in with, in canonical form (see `rules.parse_contact`)."""

    kind: Literal["email", "phone"]
    value: str


class AccountStatus(StrEnum):
    """A disabled account keeps its data but has no session and cannot log in."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Account(Frozen):
    """A person with an account. `version` counts operator edits and guards them (If-Match)."""

    id: UserId
    email: str | None
    phone: str | None
    display_name: str
    status: AccountStatus
    roles: tuple[RoleName, ...]
    permissions: Permissions
    second_factor: bool
    created_at: Instant
    version: int


class Credentials(Frozen):
    """What proves that someone is the account's owner. Never leaves the server, never logged."""

    user_id: UserId
    password_hash: Annotated[str, Field(repr=False)]
    active: bool
    totp_secret: Annotated[bytes | None, Field(repr=False)]
    """Sealed; None while the second factor is off."""


class Identity(Frozen):
    """Who a request is from: an account, one of its sessions, and what it may do."""

    user_id: UserId
    session_id: SessionId
    roles: tuple[RoleName, ...] = ()
    permissions: Permissions = frozenset()


class Device(Frozen):
    """Where a log-in came from, as the request told."""

    address: str
    agent: Annotated[str, StringConstraints(max_length=200)]


class EndReason(StrEnum):
    """Why a session ended."""

    LOGGED_OUT = "logged_out"
    REVOKED = "revoked"
    TOKEN_REUSED = "token_reused"
    PASSWORD_CHANGED = "password_changed"
    ROLES_CHANGED = "roles_changed"
    ACCOUNT_DISABLED = "account_disabled"


class Session(Frozen):
    """One log-in of one account on one device; it ends at `expires_at`, which each refresh moves on, or before."""

    id: SessionId
    user_id: UserId
    device: Device
    created_at: Instant
    last_used_at: Instant
    expires_at: Instant


class CodePurpose(StrEnum):
    """What a verification code is good for; a code for one purpose is worthless for another."""

    REGISTER = "register"
    RESET_PASSWORD = "reset_password"
    CHANGE_CONTACT = "change_contact"


class LoginOutcome(StrEnum):
    """How a try to log in to an existing account ended."""

    SUCCEEDED = "succeeded"
    WRONG_PASSWORD = "wrong_password"
    SECOND_FACTOR_MISSING = "second_factor_missing"
    SECOND_FACTOR_WRONG = "second_factor_wrong"
    ACCOUNT_DISABLED = "account_disabled"


class LoginAttempt(Frozen):
    """An entry of the login history its account's owner can read."""

    id: int
    at: Instant
    outcome: LoginOutcome
    device: Device


class PostalAddress(Frozen):
    """Where a parcel goes and who takes it."""

    recipient: ShortLine
    phone: Phone
    country: Country = "CN"
    region: ShortLine
    """Province, state or the like."""
    city: ShortLine
    line: LongLine
    """Street, number, building, room."""
    postal_code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9 \-]{0,12}$")] = ""


class Address(Frozen):
    """An entry of a user's address book. At most one entry of a book is the default."""

    id: AddressId
    postal: PostalAddress
    is_default: bool
    created_at: Instant
    updated_at: Instant


class Role(Frozen):
    """A named set of permissions. `version` guards edits (If-Match)."""

    name: RoleName
    title: ShortLine
    permissions: Permissions
    version: int
