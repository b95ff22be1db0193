"""WeChat Pay as a payment channel, one per trade type. It knows a payment by our own number, the attempt id."""

import asyncio
import gzip
import hashlib
import hmac
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

import httpx

from channels.payment.beijing import ZONE
from channels.payment.contract import (
    CallbackAnswer,
    ChannelCallback,
    ChannelNotice,
    ChannelPayment,
    ChannelRefund,
    ChannelTerms,
    CreatedPayment,
    CreatePayment,
    FeeRule,
    PaymentState,
    RefundRequest,
    RefundState,
    StatementLine,
)
from channels.payment.errors import ChannelRefused, ChannelUnavailable
from channels.payment.files import write_whole
from channels.payment.outside import TIMEOUT, Outside, refuse_what_is_not_taken
from channels.payment.wechat_pay.account import TradeType, WechatPayAccount
from channels.payment.wechat_pay.callbacks import read_callback
from channels.payment.wechat_pay.calls import WechatPayCalls
from channels.payment.wechat_pay.ordering import TRADES, cashier, order
from channels.payment.wechat_pay.signing import read_stamp
from channels.payment.wechat_pay.statement import read_wechat_pay_statement
from channels.payment.wechat_pay.wire import Bill, Ordered, Refund, Transaction
from models.shared import Money
from models.shared.ids import RefundId
from models.shared.time import Clock

_NO_SUCH_ORDER = {"ORDER_NOT_EXIST", "ORDERNOTEXIST"}
"""Both spellings stand in WeChat Pay's pages; other 404s say nothing about the order."""
_NO_SUCH_REFUND = "RESOURCE_NOT_EXISTS"
_STATES = {
    "SUCCESS": PaymentState.PAID,
    "REFUND": PaymentState.PAID,
    "NOTPAY": PaymentState.PENDING,
    "USERPAYING": PaymentState.PENDING,
    "CLOSED": PaymentState.CLOSED,
}
_REFUND_STATES = {
    "PROCESSING": RefundState.PROCESSING,
    "ABNORMAL": RefundState.PROCESSING,  # stuck at the buyer's bank; a person must act at WeChat Pay, then it goes on
    "SUCCESS": RefundState.SUCCEEDED,
    "CLOSED": RefundState.REFUSED,
}
_MAX_MINOR = 10_000_000_000


class WechatPayChannel:
    """One trade type of a merchant. `client` is shared and closed by whoever built it."""

    def __init__(
        self,
        trade_type: TradeType,
        account: WechatPayAccount,
        client: httpx.AsyncClient,
        clock: Clock,
        fee: FeeRule,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._trade_type = trade_type
        self._trade = TRADES[trade_type]
        self._account = account
        self._calls = WechatPayCalls(account, Outside("wechat_pay", account.url, client, timeout), clock)
        self._terms = ChannelTerms(
            name=self._trade.name,
            display_names=self._trade.display_names,
            currencies=frozenset({"CNY"}),
            min_minor=1,
            max_minor=_MAX_MINOR,
            fee=fee,
            needs=self._trade.needs,
            statement_zone=ZONE,
        )

    @property
    def terms(self) -> ChannelTerms:
        """Named `wechat_pay` (Native), `wechat_pay_h5`, `wechat_pay_jsapi`."""
        return self._terms

    @property
    def received(self) -> CallbackAnswer:
        """See PaymentChannel. 200 or 204, within five seconds."""
        return CallbackAnswer(status=204, body=b"", media_type=None)

    async def create(self, request: CreatePayment) -> CreatedPayment:
        """See PaymentChannel. `metadata` has `client_ip` for H5 and `payer_id` for JSAPI."""
        refuse_what_is_not_taken(self._terms, request.amount)
        body = order(self._account, self._trade_type, request)
        ordered = await self._calls.ask("POST", f"/v3/pay/transactions/{self._trade_type}", Ordered, body)
        address = cashier(self._account, self._trade_type, request, ordered)
        return CreatedPayment(channel_reference=request.attempt, cashier_url=address)

    async def query(self, channel_reference: str) -> ChannelPayment:
        """See PaymentChannel."""
        target = f"{_order(channel_reference)}?mchid={self._account.mchid}"
        try:
            told = await self._calls.ask("GET", target, Transaction)
        except ChannelRefused as refusal:
            if refusal.channel_code not in _NO_SUCH_ORDER:
                raise
            return ChannelPayment(status=PaymentState.UNKNOWN_PAYMENT, channel_reference=channel_reference)
        status = _STATES.get(told.trade_state)
        if status is None or told.out_trade_no != channel_reference:
            raise ChannelUnavailable(f"wechat_pay says {told.trade_state!r} of {told.out_trade_no!r}")
        paid = status is PaymentState.PAID
        return ChannelPayment(
            status=status,
            channel_reference=channel_reference,
            amount=Money(minor=told.amount.total, currency=told.amount.currency) if told.amount else None,
            transaction_id=told.transaction_id if paid else None,
            paid_at=told.success_time if paid else None,
        )

    async def close(self, channel_reference: str) -> ChannelPayment:
        """See PaymentChannel. Whatever closing answers, the query says how the payment stands."""
        refusal: ChannelRefused | None = None
        try:
            await self._calls.tell("POST", f"{_order(channel_reference)}/close", {"mchid": self._account.mchid})
        except ChannelRefused as no:
            refusal = no
        payment = await self.query(channel_reference)
        if payment.status is PaymentState.PENDING:
            raise ChannelUnavailable(
                f"wechat_pay has not closed {channel_reference} yet: {refusal or 'it said it had'}"
            )
        return payment

    async def refund(self, request: RefundRequest) -> ChannelRefund:
        """See PaymentChannel."""
        body = {
            "out_trade_no": request.channel_reference,
            "out_refund_no": request.refund_id,
            "reason": request.reason,
            "notify_url": request.notify_url,
            "amount": {
                "refund": request.amount.minor,
                "total": request.paid.minor,
                "currency": request.amount.currency,
            },
        }
        told = await self._calls.ask("POST", "/v3/refund/domestic/refunds", Refund, body)
        found = _refund(told, request.refund_id)
        if found.amount != request.amount:
            raise ChannelRefused("wechat_pay", "INVALID_REQUEST", f"refund {request.refund_id} was {found.amount}")
        return found

    async def query_refund(self, refund_id: RefundId, channel_reference: str) -> ChannelRefund:
        """See PaymentChannel."""
        try:
            told = await self._calls.ask("GET", f"/v3/refund/domestic/refunds/{refund_id}", Refund)
        except ChannelRefused as refusal:
            if refusal.channel_code != _NO_SUCH_REFUND:
                raise
            return ChannelRefund(status=RefundState.UNKNOWN_REFUND, refund_id=refund_id)
        if told.out_trade_no != channel_reference:
            raise ChannelUnavailable(f"wechat_pay says that {refund_id} refunds {told.out_trade_no!r}")
        return _refund(told, refund_id)

    def parse_callback(
        self, headers: Mapping[str, str], raw_body: bytes, now: datetime
    ) -> ChannelCallback | ChannelNotice:
        """See PaymentChannel."""
        return read_callback(self._account, read_stamp(headers), raw_body, now)

    async def fetch_statement(self, day: date, into: Path) -> Path:
        """See PaymentChannel. Days are Beijing's; a day's bill is there from ten o'clock on the next, for three months.
        ChannelRefused `NO_STATEMENT_EXIST` for a day without trade."""
        target = f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL&tar_type=GZIP"
        bill = await self._calls.ask("GET", target, Bill)
        packed = await self._calls.download(bill.download_url)
        try:
            digest = hashlib.sha1(gzip.decompress(packed), usedforsecurity=False).hexdigest()
        except (OSError, EOFError, zlib.error) as problem:
            raise ChannelUnavailable(f"the bill of {day} arrived damaged; fetch it again") from problem
        if bill.hash_type != "SHA1" or not hmac.compare_digest(digest, bill.hash_value.lower()):
            raise ChannelUnavailable(f"the bill of {day} arrived damaged; fetch it again")
        file = into / f"{self._terms.name}-{day.isoformat()}.csv.gz"
        await asyncio.to_thread(write_whole, file, packed)
        return file

    def read_statement(self, path: Path) -> Iterator[StatementLine]:
        """See PaymentChannel. The totals are compared after the last line, so take all lines before you act on one."""
        return read_wechat_pay_statement(path, self._trade.in_bills)


def _order(reference: str) -> str:
    return f"/v3/pay/transactions/out-trade-no/{quote(reference, safe='')}"


def _refund(told: Refund, refund_id: RefundId) -> ChannelRefund:
    status = _REFUND_STATES.get(told.status)
    if status is None or told.out_refund_no != refund_id:
        raise ChannelUnavailable(f"wechat_pay says {told.status!r} of refund {told.out_refund_no!r}")
    return ChannelRefund(
        status=status,
        refund_id=refund_id,
        amount=Money(minor=told.amount.refund, currency=told.amount.currency),
        transaction_id=told.refund_id,
        reason=told.status if told.status in ("CLOSED", "ABNORMAL") else None,
        settled_at=told.success_time,
    )
