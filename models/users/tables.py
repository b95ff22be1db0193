"""The schema of database `users` in written form; the migration creates it, a test holds the two together."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, LargeBinary, MetaData, Text, text
from sqlmodel import Field, SQLModel

from models.shared.columns import MOMENT


class UsersTable(SQLModel):
    """The base of every table in database `users`."""

    metadata = MetaData()


class UserTable(UsersTable, table=True):
    """An account. At least one contact; each contact at most once in the shop."""

    __tablename__ = "users"

    id: str = Field(sa_type=Text, primary_key=True)
    email: str | None = Field(sa_type=Text, unique=True)
    phone: str | None = Field(sa_type=Text, unique=True)
    display_name: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    password_hash: str = Field(sa_type=Text)
    totp_secret: bytes | None = Field(sa_type=LargeBinary)
    totp_offered: bytes | None = Field(sa_type=LargeBinary)
    totp_last_step: int | None = Field(sa_type=BigInteger)
    version: int
    created_at: datetime = Field(sa_type=MOMENT)
    updated_at: datetime = Field(sa_type=MOMENT)


class RoleTable(UsersTable, table=True):
    """A named set of permissions for operators."""

    __tablename__ = "roles"

    name: str = Field(sa_type=Text, primary_key=True)
    title: str = Field(sa_type=Text)
    permissions: list[str] = Field(sa_type=ARRAY(Text))
    version: int


class UserRoleTable(UsersTable, table=True):
    """Who has which role."""

    __tablename__ = "user_roles"
    __table_args__ = (Index("user_roles_role", "role"),)

    user_id: str = Field(sa_type=Text, sa_column_args=[ForeignKey("users.id")], primary_key=True)
    role: str = Field(sa_type=Text, sa_column_args=[ForeignKey("roles.name")], primary_key=True)


class SessionTable(UsersTable, table=True):
    """A log-in of one account on one device; ended once, for one reason."""

    __tablename__ = "sessions"
    __table_args__ = (Index("sessions_user", "user_id", "id"),)

    id: str = Field(sa_type=Text, primary_key=True)
    user_id: str = Field(sa_type=Text, sa_column_args=[ForeignKey("users.id")])
    device_address: str = Field(sa_type=Text)
    device_agent: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=MOMENT)
    last_used_at: datetime = Field(sa_type=MOMENT)
    expires_at: datetime = Field(sa_type=MOMENT)
    ended_at: datetime | None = Field(sa_type=MOMENT)
    end_reason: str | None = Field(sa_type=Text)


class RefreshTokenTable(UsersTable, table=True):
    """Every refresh token a live session ever had, as a SHA-256 hash, so that a used one is recognised."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("refresh_tokens_one_usable", "session_id", unique=True, postgresql_where=text("used_at IS NULL")),
        Index("refresh_tokens_session", "session_id"),
    )

    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    session_id: str = Field(sa_type=Text, sa_column_args=[ForeignKey("sessions.id")])
    issued_at: datetime = Field(sa_type=MOMENT)
    used_at: datetime | None = Field(sa_type=MOMENT)


class VerificationCodeTable(UsersTable, table=True):
    """A code that was sent somewhere; only the newest of a contact and purpose is good."""

    __tablename__ = "verification_codes"
    __table_args__ = (
        Index("verification_codes_contact", "contact", "purpose", "id"),
        Index("verification_codes_created", "created_at"),
    )

    id: int = Field(sa_type=BigInteger, primary_key=True)
    contact: str = Field(sa_type=Text)
    purpose: str = Field(sa_type=Text)
    code_hash: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=MOMENT)
    expires_at: datetime = Field(sa_type=MOMENT)
    tries_left: int
    used_at: datetime | None = Field(sa_type=MOMENT)


class LoginGuardTable(UsersTable, table=True):
    """Failures in a row for one name, existing or not, under the SHA-256 of that name."""

    __tablename__ = "login_guards"
    __table_args__ = (Index("login_guards_last_try", "last_try_at"),)

    subject: bytes = Field(sa_type=LargeBinary, primary_key=True)
    failures: int
    blocked_until: datetime = Field(sa_type=MOMENT)
    last_try_at: datetime = Field(sa_type=MOMENT)


class LoginAttemptTable(UsersTable, table=True):
    """The login history of an account."""

    __tablename__ = "login_attempts"
    __table_args__ = (Index("login_attempts_user", "user_id", "id"),)

    id: int = Field(sa_type=BigInteger, primary_key=True)
    user_id: str = Field(sa_type=Text, sa_column_args=[ForeignKey("users.id")])
    at: datetime = Field(sa_type=MOMENT)
    outcome: str = Field(sa_type=Text)
    device_address: str = Field(sa_type=Text)
    device_agent: str = Field(sa_type=Text)


class AddressTable(UsersTable, table=True):
    """An entry of an address book; at most one default a user."""

    __tablename__ = "addresses"
    __table_args__ = (
        Index("addresses_user", "user_id", "id"),
        Index("addresses_one_default", "user_id", unique=True, postgresql_where=text("is_default")),
    )

    id: str = Field(sa_type=Text, primary_key=True)
    user_id: str = Field(sa_type=Text, sa_column_args=[ForeignKey("users.id")])
    recipient: str = Field(sa_type=Text)
    phone: str = Field(sa_type=Text)
    country: str = Field(sa_type=Text)
    region: str = Field(sa_type=Text)
    city: str = Field(sa_type=Text)
    line: str = Field(sa_type=Text)
    postal_code: str = Field(sa_type=Text)
    is_default: bool
    created_at: datetime = Field(sa_type=MOMENT)
    updated_at: datetime = Field(sa_type=MOMENT)
