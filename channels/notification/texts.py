"""What messages say, in Chinese and English."""

from channels.notification.contract import Message
from models.aftersales.messages import TellBuyer
from models.aftersales.types import AftersaleState
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


_AFTERSALE: dict[AftersaleState, tuple[str, str]] = {
    AftersaleState.APPLIED: ("我们已收到您的售后申请。", "We have your after-sale request."),
    AftersaleState.AUDITING: ("您的售后申请正在审核。", "We are looking at your after-sale request."),
    AftersaleState.AWAITING_RETURN: (
        "售后已通过,请在期限内寄回商品并填写运单号,或预约上门取件。",
        "Your request is approved. Send the goods back in time and enter the waybill, or book a pick-up.",
    ),
    AftersaleState.RETURNING: ("我们在等您寄回的商品。", "We wait for the goods that you sent back."),
    AftersaleState.RECEIVED: ("商品已收到,正在检查。", "Your goods arrived; we are inspecting them."),
    AftersaleState.REPLACING: ("商品检查通过,正在为您换货。", "The goods passed; we are getting your replacement."),
    AftersaleState.SOLD_OUT: (
        "换货商品已售罄。您可以选择退款;到期未选择将自动退款。",
        "The replacement is sold out. You can have your money back; if you do not choose in time, it goes back by itself.",
    ),
    AftersaleState.REPLACEMENT_SENT: ("换货商品已发出。", "Your replacement is on its way."),
    AftersaleState.REFUNDING: ("退款正在原路退回。", "Your money is on its way back to where it came from."),
    AftersaleState.REFUND_REFUSED: (
        "退款遇到问题,我们正在处理。",
        "There is a problem with your refund; we are on it.",
    ),
    AftersaleState.REJECTED: (
        "您的售后申请未通过。如不认可,可在期限内申诉一次。",
        "Your request was not accepted. You may appeal once, in time.",
    ),
    AftersaleState.REFUNDED: ("退款已完成。", "Your money went back."),
    AftersaleState.EXCHANGED: ("换货已完成。", "Your exchange is complete."),
    AftersaleState.WITHDRAWN: ("您已撤销售后申请。", "You withdrew your request."),
    AftersaleState.EXPIRED: ("未在期限内寄回商品,售后已关闭。", "No return came in time; the request is closed."),
    AftersaleState.CLOSED: ("售后已关闭。", "Your request is closed."),
}
"""What a buyer is told of each state: Chinese, English."""


def aftersale_changed(to: Contact, told: TellBuyer) -> Message:
    """Where an after-sale stands, with the last words of whoever decided."""
    chinese, english = _AFTERSALE[told.state]
    facts = [f"{told.aftersale_id} · {told.order_id}"]
    if told.state in (AftersaleState.REFUNDING, AftersaleState.REFUNDED):
        facts.append(str(told.amount))
    if told.decision and told.state in (AftersaleState.REJECTED, AftersaleState.CLOSED):
        facts.append(told.decision)
    if told.due_at is not None:
        facts.append(f"{told.due_at:%Y-%m-%d %H:%M} UTC")
    return Message(to=to, subject="售后进展 · Your after-sale", text="\n".join([chinese, english, *facts]))
