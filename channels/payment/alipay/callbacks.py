"""Alipay's asynchronous notices. The signature covers every parameter; the shop's own checks follow it.

A notice has no freshness rule: it is repeated unchanged for 25 hours with the same `notify_id`, which makes a repeat harmless.
"""

from decimal import Decimal
from urllib.parse import parse_qsl

from channels.payment.alipay.account import AlipayAccount
from channels.payment.alipay.signing import notice_is_genuine
from channels.payment.beijing import beijing_moment
from channels.payment.contract import CallbackKind, ChannelCallback, ChannelNotice
from channels.payment.errors import CallbackMalformed, CallbackSignatureInvalid
from channels.payment.units import from_decimal_text
from models.shared.ids import AttemptId, RefundId

_PAID = ("TRADE_SUCCESS", "TRADE_FINISHED")
_MOST_PARAMETERS = 100


def read_notice(account: AlipayAccount, raw_body: bytes) -> ChannelCallback | ChannelNotice:
    """Verify and read a notice: signed by Alipay, for our application, to our account, about a trade of ours."""
    told = _parameters(raw_body)
    if not told.get("sign") or told.get("sign_type") != "RSA2":
        raise CallbackMalformed("There is no RSA2 signature; only Alipay may call this.")
    if not notice_is_genuine(account.public_keys, told):
        raise CallbackSignatureInvalid("Alipay did not sign these parameters; its public key may have changed.")
    try:
        return _told(account, told)
    except (KeyError, ValueError, ArithmeticError) as problem:
        raise CallbackMalformed(f"It is not a notice of a trade of this shop: {type(problem).__name__}.") from problem


def _parameters(raw_body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            raw_body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as problem:
        raise CallbackMalformed("The body is not a form in UTF-8.") from problem
    if len(dict(pairs)) != len(pairs):
        raise CallbackMalformed("A parameter stands there twice.")
    return dict(pairs)


def _told(account: AlipayAccount, told: dict[str, str]) -> ChannelCallback | ChannelNotice:
    if told["app_id"] != account.app_id or told["seller_id"] != account.seller_id:
        raise CallbackMalformed("It is for another application or another seller.")
    status = told["trade_status"]
    kind = _kind(status, told)
    if kind is None:
        return ChannelNotice(event_id=told["notify_id"], about=f"{status} of {told['out_trade_no']}"[:200])
    refund = RefundId(told["out_biz_no"]) if kind is CallbackKind.REFUND_SUCCEEDED else None
    when = {
        CallbackKind.PAYMENT_PAID: "gmt_payment",
        CallbackKind.REFUND_SUCCEEDED: "gmt_refund",
        CallbackKind.PAYMENT_CLOSED: "gmt_close" if "gmt_close" in told else "notify_time",
    }[kind]
    return ChannelCallback(
        event_id=told["notify_id"],
        kind=kind,
        channel_reference=told["out_trade_no"],
        attempt=AttemptId(told["out_trade_no"]),
        refund_id=refund,
        amount=None if refund else from_decimal_text(told["total_amount"], "CNY"),
        transaction_id=refund or told["trade_no"],
        occurred_at=beijing_moment(told[when].split(".")[0]),  # gmt_refund has milliseconds
    )


def _kind(status: str, told: dict[str, str]) -> CallbackKind | None:
    if Decimal(told.get("refund_fee") or 0) > 0:  # any status: a trade that was refunded whole is TRADE_CLOSED
        ours = told.get("out_biz_no", "").startswith(f"{RefundId.prefix}_")
        return CallbackKind.REFUND_SUCCEEDED if ours else None
    if status in _PAID:
        return CallbackKind.PAYMENT_PAID
    return CallbackKind.PAYMENT_CLOSED if status == "TRADE_CLOSED" else None
