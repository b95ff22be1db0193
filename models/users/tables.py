"""The schema of database `users` in written form; the migration creates it, a test holds the two together."""

from datetime import datetime

from sqlalchemy import ARRAY, ForeignKey, Index, LargeBinary, MetaData, Text, text
from sqlmodel import Field, SQLModel

from models.shared.columns import moment, whole, words


class UsersTable(SQLModel):
    """The base of every table in database `users`."""

    metadata = MetaData()


class UserTable(UsersTable, table=True):
    """An account. At least one contact; each contact at most once in the shop."""

    __tablename__ = "users"

    id: str = words(key=True)
    email: str | None = Field(sa_type=Text, unique=True)
    phone: str | None = Field(sa_type=Text, unique=True)
    display_name: str = words()
    status: str = words()
    password_hash: str = words()
    totp_secret: bytes | None = Field(sa_type=LargeBinary)
    totp_offered: bytes | None = Field(sa_type=LargeBinary)
    totp_last_step: int | None = whole(nullable=True)
    version: int
    created_at: datetime = moment()
    updated_at: datetime = moment()


class RoleTable(UsersTable, table=True):
    """A named set of permissions for operators."""

    __tablename__ = "roles"

    name: str = words(key=True)
    title: str = words()
    permissions: list[str] = Field(sa_type=ARRAY(Text))
    version: int


class UserRoleTable(UsersTable, table=True):
    """Who has which role."""

    __tablename__ = "user_roles"
    __table_args__ = (Index("user_roles_role", "role"),)

    user_id: str = words(ForeignKey("users.id"), key=True)
    role: str = words(ForeignKey("roles.name"), key=True)


class SessionTable(UsersTable, table=True):
    """A log-in of one account on one device; ended once, for one reason."""

    __tablename__ = "sessions"
    __table_args__ = (Index("sessions_user", "user_id", "id"),)

    id: str = words(key=True)
    user_id: str = words(ForeignKey("users.id"))
    device_address: str = words()
    device_agent: str = words()
    created_at: datetime = moment()
    last_used_at: datetime = moment()
    expires_at: datetime = moment()
    ended_at: datetime | None = moment(nullable=True)
    end_reason: str | None = words(nullable=True)


class RefreshTokenTable(UsersTable, table=True):
    """Every refresh token a live session ever had, as a SHA-256 hash, so that a used one is recognised."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("refresh_tokens_one_usable", "session_id", unique=True, postgresql_where=text("used_at IS NULL")),
        Index("refresh_tokens_session", "session_id"),
    )

    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    session_id: str = words(ForeignKey("sessions.id"))
    issued_at: datetime = moment()
    used_at: datetime | None = moment(nullable=True)


class VerificationCodeTable(UsersTable, table=True):
    """A code that was sent somewhere; only the newest of a contact and purpose is good."""

    __tablename__ = "verification_codes"
    __table_args__ = (
        Index("verification_codes_contact", "contact", "purpose", "id"),
        Index("verification_codes_created", "created_at"),
    )

    id: int = whole(key=True)
    contact: str = words()
    purpose: str = words()
    code_hash: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    tries_left: int
    used_at: datetime | None = moment(nullable=True)


class LoginGuardTable(UsersTable, table=True):
    """Failures in a row for one name, existing or not, under the SHA-256 of that name."""

    __tablename__ = "login_guards"
    __table_args__ = (Index("login_guards_last_try", "last_try_at"),)

    subject: bytes = Field(sa_type=LargeBinary, primary_key=True)
    failures: int
    blocked_until: datetime = moment()
    last_try_at: datetime = moment()


class LoginAttemptTable(UsersTable, table=True):
    """The login history of an account."""

    __tablename__ = "login_attempts"
    __table_args__ = (Index("login_attempts_user", "user_id", "id"),)

    id: int = whole(key=True)
    user_id: str = words(ForeignKey("users.id"))
    at: datetime = moment()
    outcome: str = words()
    device_address: str = words()
    device_agent: str = words()


class AddressTable(UsersTable, table=True):
    """An entry of an address book; at most one default a user."""

    __tablename__ = "addresses"
    __table_args__ = (
        Index("addresses_user", "user_id", "id"),
        Index("addresses_one_default", "user_id", unique=True, postgresql_where=text("is_default")),
    )

    id: str = words(key=True)
    user_id: str = words(ForeignKey("users.id"))
    recipient: str = words()
    phone: str = words()
    country: str = words()
    region: str = words()
    city: str = words()
    line: str = words()
    postal_code: str = words()
    is_default: bool
    created_at: datetime = moment()
    updated_at: datetime = moment()
