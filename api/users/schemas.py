"""What the account routes take and give. Requests refuse unknown fields, so nobody assigns what is not offered."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, StringConstraints

from api.spoken import Spoken
from models.shared import Instant
from models.shared.ids import SessionId, UserId
from models.users.rules import masked, sees_contacts
from models.users.types import (
    Account,
    AccountStatus,
    CodePurpose,
    LoginOutcome,
    Permission,
    Permissions,
    RoleName,
    Session,
    ShortLine,
)

ContactText = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254),
    Field(description="An e-mail address, or a phone number with its country code; eleven digits mean mainland China."),
]


def _is_text(secret: SecretStr) -> SecretStr:
    if any("\ud800" <= character <= "\udfff" for character in secret.get_secret_value()):
        raise ValueError("not valid Unicode: it has half of a surrogate pair")
    return secret


PasswordText = Annotated[SecretStr, Field(min_length=1, max_length=1024), AfterValidator(_is_text)]
NewPasswordText = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=1024,
        description="8 to 256 characters of any kind; leaked and obvious ones are refused.",
    ),
    AfterValidator(_is_text),
]
CodeText = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
OneTimePassword = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{6}$"), Field(description="What the authenticator app shows.")
]


def like(**example: Any) -> ConfigDict:
    """A request or answer that refuses unknown fields, with this example in the API description."""
    return ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [example]})


class CodeRequest(Spoken):
    """Where to send a code, and what it shall be good for."""

    model_config = like(contact="anna@example.com", purpose="register")

    contact: ContactText
    purpose: CodePurpose


class CodeSent(Spoken):
    """A message is on its way."""

    model_config = like(good_until="2026-11-22T10:10:00Z", ask_again_after_seconds=60)

    good_until: Instant
    ask_again_after_seconds: int


class Registration(Spoken):
    """A new account, proved by the code that was sent to its contact."""

    model_config = like(
        contact="anna@example.com", code="492816", password="correct horse battery", display_name="Anna"
    )

    contact: ContactText
    code: CodeText
    password: NewPasswordText
    display_name: ShortLine


class LoginRequest(Spoken):
    """Name and password; `otp` too when the account has a second factor."""

    model_config = like(contact="anna@example.com", password="correct horse battery")

    contact: ContactText
    password: PasswordText
    otp: OneTimePassword | None = None


class RefreshRequest(Spoken):
    """The refresh token of the last answer; it is good once."""

    model_config = like(refresh_token="kq3…")

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200), AfterValidator(_is_text)]


class Tokens(Spoken):
    """Keep the refresh token like a password; send the access token as `Authorization: Bearer …`."""

    model_config = like(
        access_token="eyJ…",
        token_type="Bearer",
        expires_in=600,
        refresh_token="kq3…",
        session_id="ses_01kfz5e3m00000000000000000",
        user_id="usr_01kfz5e3m00000000000000000",
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    """Seconds."""
    refresh_token: str
    session_id: SessionId
    user_id: UserId


class PasswordReset(Spoken):
    """A new password, proved by the code that was sent to the account's contact."""

    model_config = like(contact="anna@example.com", code="492816", new_password="battery horse correct")

    contact: ContactText
    code: CodeText
    new_password: NewPasswordText


class PasswordChange(Spoken):
    """The present password and the new one."""

    model_config = like(current_password="correct horse battery", new_password="battery horse correct")

    current_password: PasswordText
    new_password: NewPasswordText


class ContactChange(Spoken):
    """A new e-mail or phone, proved by the code sent there (purpose `change_contact`) and by the password."""

    model_config = like(contact="+8613800138000", code="492816", password="correct horse battery")

    contact: ContactText
    code: CodeText
    password: PasswordText


class ProfileChange(Spoken):
    """What the shop calls you."""

    model_config = like(display_name="Anna")

    display_name: ShortLine


class AccountView(Spoken):
    """An account. An operator without the permission `service` sees contacts masked."""

    model_config = like(
        id="usr_01kfz5e3m00000000000000000",
        email="anna@example.com",
        phone=None,
        display_name="Anna",
        status="active",
        roles=[],
        permissions=[],
        second_factor=False,
        created_at="2026-11-22T10:00:00Z",
    )

    id: UserId
    email: str | None
    phone: str | None
    display_name: str
    status: AccountStatus
    roles: tuple[RoleName, ...]
    permissions: tuple[Permission, ...]
    second_factor: bool
    created_at: Instant

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        """The account as its owner sees it."""
        fields = account.model_dump(exclude={"version", "permissions"})
        return cls(**fields, permissions=tuple(sorted(account.permissions)))

    @classmethod
    def for_operator(cls, account: Account, permissions: Permissions) -> "AccountView":
        """The account as an operator with these permissions sees it."""
        view = cls.of(account)
        if sees_contacts(permissions):
            return view
        hidden = {
            "email": masked(view.email),
            "phone": masked(view.phone),
            "display_name": f"{view.display_name[0]}***",
        }
        return view.model_copy(update=hidden)


class SessionView(Spoken):
    """A log-in on one device."""

    model_config = like(
        id="ses_01kfz5e3m00000000000000000",
        current=True,
        address="203.0.113.7",
        agent="Mozilla/5.0",
        created_at="2026-11-22T10:00:00Z",
        last_used_at="2026-11-22T10:00:00Z",
        expires_at="2026-12-22T10:00:00Z",
    )

    id: SessionId
    current: bool
    """Whether it is the session of this request."""
    address: str
    agent: str
    created_at: Instant
    last_used_at: Instant
    expires_at: Instant

    @classmethod
    def of(cls, session: Session, current: SessionId) -> "SessionView":
        """The session as its owner sees it from the session `current`."""
        fields = session.model_dump(exclude={"user_id", "device"})
        return cls(**fields, **session.device.model_dump(), current=session.id == current)


class SessionsEnded(Spoken):
    """How many sessions were live and are no more."""

    model_config = like(ended=3)

    ended: int


class LoginView(Spoken):
    """A try to log in to the account."""

    model_config = like(at="2026-11-22T10:00:00Z", outcome="succeeded", address="203.0.113.7", agent="Mozilla/5.0")

    at: Instant
    outcome: LoginOutcome
    address: str
    agent: str


class SecondFactorOffer(Spoken):
    """Show `uri` as a QR code, or let the person type `secret`; it counts once a one-time password confirms it."""

    model_config = like(
        secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        uri="otpauth://totp/Hanse:anna%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Hanse",
    )

    secret: str
    uri: str


class PasswordProof(Spoken):
    """The account's password, once more."""

    model_config = like(password="correct horse battery")

    password: PasswordText


class OneTimeProof(Spoken):
    """A one-time password of the authenticator app."""

    model_config = like(otp="492816")

    otp: OneTimePassword


class FullProof(Spoken):
    """Password and one-time password."""

    model_config = like(password="correct horse battery", otp="492816")

    password: PasswordText
    otp: OneTimePassword


class SentMessage(Spoken):
    """A message that the sandbox channel kept."""

    to: str
    subject: str
    text: str
