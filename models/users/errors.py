"""What the users domain refuses."""

from models.shared import Refusal


class UserExists(Refusal):
    """An account with this e-mail or phone exists already; only told to someone who proved to own it."""

    code = "user_exists"
    title = "There is an account already"


class ContactMalformed(Refusal):
    """This is neither an e-mail address nor a phone number."""

    code = "contact_malformed"
    title = "Neither an e-mail address nor a phone number"


class PasswordTooWeak(Refusal):
    """The password is too short, too long, too common or contains the account's own name; `reason` says which."""

    code = "password_too_weak"
    title = "Password too weak"


class VerificationCodeWrong(Refusal):
    """The code is wrong, used, expired, or was tried too often; ask for a new one."""

    code = "verification_code_wrong"
    title = "Verification code not accepted"


class CodeSentRecently(Refusal):
    """A code was sent there a moment ago, or too many today; `retry_after` says in how many seconds to ask again."""

    code = "code_sent_recently"
    title = "A code was sent recently"


class CredentialsWrong(Refusal):
    """No account with that name and password. Unknown account, disabled account and wrong password answer alike."""

    code = "credentials_wrong"
    title = "Wrong name or password"


class SecondFactorRequired(Refusal):
    """The password is right and this account has a second factor: send `otp` as well."""

    code = "second_factor_required"
    title = "Second factor required"


class SecondFactorWrong(Refusal):
    """The one-time password is wrong, or was used already."""

    code = "second_factor_wrong"
    title = "One-time password not accepted"


class SecondFactorOn(Refusal):
    """The account has a second factor already; switch it off before setting up a new one."""

    code = "second_factor_on"
    title = "Second factor is on already"


class SecondFactorOff(Refusal):
    """There is no second factor to confirm or switch off."""

    code = "second_factor_off"
    title = "Second factor is off"


class LoginBlocked(Refusal):
    """Too many failed tries; `retry_after` says in how many seconds the next one is looked at."""

    code = "login_blocked"
    title = "Too many failed tries"


class PasswordWorkBusy(Refusal):
    """More people are logging in than this process can check; ask again in a moment."""

    code = "password_work_busy"
    title = "Busy checking passwords"


class NotAuthenticated(Refusal):
    """No access token, or one that is malformed, expired, or of a session that ended."""

    code = "not_authenticated"
    title = "Log in first"


class PermissionMissing(Refusal):
    """The account may not do this; `permission` names what it lacks."""

    code = "permission_missing"
    title = "Permission missing"


class RefreshTokenWrong(Refusal):
    """The refresh token is unknown, or its session ended or expired; log in again."""

    code = "refresh_token_wrong"
    title = "Refresh token not accepted"


class RefreshTokenReused(Refusal):
    """The refresh token was used before, so it may be stolen: its session has been ended; log in again."""

    code = "refresh_token_reused"
    title = "Refresh token used twice"


class AddressBookFull(Refusal):
    """The address book holds as many entries as it may; delete one first."""

    code = "address_book_full"
    title = "Address book full"


class RoleUnknown(Refusal):
    """There is no role of that name."""

    code = "role_unknown"
    title = "No such role"


class OwnAccess(Refusal):
    """Operators do not change their own roles or disable themselves; another operator has to."""

    code = "own_access"
    title = "Not on your own account"
