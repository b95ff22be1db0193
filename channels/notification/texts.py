"""What messages say, in Chinese and English."""

from channels.notification.contract import Message
from models.users.rules import CODE_LIFETIME
from models.users.types import Contact

_MINUTES = int(CODE_LIFETIME.total_seconds()) // 60


def verification_code(to: Contact, code: str) -> Message:
    """The code itself."""
    return Message(
        to=to,
        subject="验证码 · Verification code",
        text=f"您的验证码是 {code},{_MINUTES} 分钟内有效,请勿告诉他人。\n"
        f"Your verification code is {code}. It is good for {_MINUTES} minutes; tell it to nobody.",
    )


def account_exists(to: Contact) -> Message:
    """Someone asked to register, or to move an account, to a contact that has an account."""
    return Message(
        to=to,
        subject="您已有账号 · You have an account already",
        text="您已注册过账号,请直接登录,或重设密码。如非本人操作,请忽略。\n"
        "There is an account with this contact already: log in, or reset its password. If it was not you, do nothing.",
    )


def no_account(to: Contact) -> Message:
    """Someone asked to reset the password of a contact that has no account."""
    return Message(
        to=to,
        subject="没有账号 · No account",
        text="有人请求重设密码,但此联系方式没有账号。如非本人操作,请忽略。\n"
        "Someone asked to reset a password, but there is no account with this contact. If it was not you, do nothing.",
    )
