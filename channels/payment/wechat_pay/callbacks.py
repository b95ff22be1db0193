"""WeChat Pay's callbacks: signature, then freshness, then the sealed resource, then what it says."""

from datetime import datetime

from pydantic import ValidationError

from channels.payment.contract import CALLBACK_TOLERANCE, CallbackKind, ChannelCallback, ChannelNotice
from channels.payment.errors import CallbackMalformed, CallbackSignatureInvalid, CallbackTimestampStale
from channels.payment.wechat_pay.account import WechatPayAccount
from channels.payment.wechat_pay.cipher import ALGORITHM, Undecipherable, decrypt
from channels.payment.wechat_pay.signing import Stamp, is_genuine
from channels.payment.wechat_pay.wire import Event, RefundReport, Transaction
from models.shared import Money
from models.shared.ids import AttemptId, RefundId

_REFUNDS = {"SUCCESS": CallbackKind.REFUND_SUCCEEDED, "CLOSED": CallbackKind.REFUND_REFUSED}


def read_callback(
    account: WechatPayAccount, stamp: Stamp | None, raw_body: bytes, now: datetime
) -> ChannelCallback | ChannelNotice:
    """Verify and read a callback."""
    if stamp is None:
        raise CallbackMalformed("The Wechatpay-… signature headers are not all there; only WeChat Pay may call this.")
    if not is_genuine(account.platform_keys, stamp, raw_body):
        raise CallbackSignatureInvalid("WeChat Pay did not sign this body with the key of that serial.")
    if abs(now.timestamp() - stamp.timestamp) > CALLBACK_TOLERANCE.total_seconds():
        raise CallbackTimestampStale("It was signed more than 300 s away from now; send it again, signed afresh.")
    try:
        return _told(account, Event.model_validate_json(raw_body))
    except Undecipherable as problem:
        raise CallbackMalformed(
            f"Its resource cannot be opened: {problem}. Is the APIv3 key the right one?"
        ) from problem
    except ValidationError as problem:
        raise CallbackMalformed(f"It is not a callback of WeChat Pay: {problem.errors()[0]['msg']}.") from problem
    except ValueError as problem:
        raise CallbackMalformed("It is about an order that is not of this shop.") from problem


def _told(account: WechatPayAccount, event: Event) -> ChannelCallback | ChannelNotice:
    resource = event.resource
    if resource.algorithm != ALGORITHM:
        raise CallbackMalformed(f"Its resource is sealed by {resource.algorithm[:40]!r}, which is not {ALGORITHM}.")
    plain = decrypt(account.api_v3_keys, resource.nonce, resource.associated_data, resource.ciphertext)
    notice = ChannelNotice(event_id=event.id, about=event.event_type)
    if event.event_type == "TRANSACTION.SUCCESS":
        return _payment(account, event, Transaction.model_validate_json(plain)) or notice
    if event.event_type.startswith("REFUND."):
        return _refund(account, event, RefundReport.model_validate_json(plain)) or notice
    return notice


def _payment(account: WechatPayAccount, event: Event, told: Transaction) -> ChannelCallback | None:
    _is_ours(account, told.mchid)
    if told.trade_state != "SUCCESS":
        return None
    if told.amount is None or told.success_time is None:
        raise CallbackMalformed("It says that money came, but not how much and when.")
    return ChannelCallback(
        event_id=event.id,
        kind=CallbackKind.PAYMENT_PAID,
        channel_reference=told.out_trade_no,
        attempt=AttemptId(told.out_trade_no),
        amount=Money(minor=told.amount.total, currency=told.amount.currency),
        transaction_id=told.transaction_id,
        occurred_at=told.success_time,
    )


def _refund(account: WechatPayAccount, event: Event, told: RefundReport) -> ChannelCallback | None:
    _is_ours(account, told.mchid)
    kind = _REFUNDS.get(told.refund_status)
    if kind is None:  # ABNORMAL: stuck, but neither done nor refused; a person must act at WeChat Pay
        return None
    return ChannelCallback(
        event_id=event.id,
        kind=kind,
        channel_reference=told.out_trade_no,
        attempt=AttemptId(told.out_trade_no),
        refund_id=RefundId(told.out_refund_no),
        amount=Money(minor=told.amount.refund, currency=told.amount.currency),
        transaction_id=told.refund_id,
        reason=told.refund_status if kind is CallbackKind.REFUND_REFUSED else None,
        occurred_at=told.success_time or event.create_time,
    )


def _is_ours(account: WechatPayAccount, mchid: str) -> None:
    if mchid != account.mchid:
        raise CallbackMalformed("It is for another merchant.")
