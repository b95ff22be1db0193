"""Alipay as a payment channel. It knows a payment by our own number, the attempt id.

Alipay first hears of a payment when the buyer opens the page: until then it is unknown there, to queries and to closing, and
`time_expire` alone ends it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import httpx

from channels.payment.alipay.account import AlipayAccount
from channels.payment.alipay.callbacks import read_notice
from channels.payment.alipay.calls import AlipayCalls
from channels.payment.alipay.statement import read_alipay_statement
from channels.payment.alipay.wire import Answer, BillAnswer, RefundAnswer, RefundQueryAnswer, TradeAnswer
from channels.payment.beijing import ZONE, beijing_moment, beijing_text
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
from channels.payment.units import from_decimal_text, to_decimal_text
from models.shared.ids import RefundId
from models.shared.time import Clock

_NOT_THERE = "ACQ.TRADE_NOT_EXIST"
_MAX_MINOR = 10_000_000_000  # total_amount is at most 100 million yuan
_UNSAFE = str.maketrans("", "", "/=&")  # not allowed in `subject`


class AlipayChannel:
    """Payment on Alipay's page (alipay.trade.page.pay). `client` is shared and closed by whoever built it."""

    def __init__(
        self,
        account: AlipayAccount,
        client: httpx.AsyncClient,
        clock: Clock,
        fee: FeeRule,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._account = account
        self._outside = Outside("alipay", account.gateway, client, timeout)
        self._calls = AlipayCalls(account, self._outside, clock)
        self._terms = ChannelTerms(
            name="alipay",
            display_names={"en": "Alipay", "zh": "支付宝"},
            currencies=frozenset({"CNY"}),
            min_minor=1,
            max_minor=_MAX_MINOR,
            fee=fee,
            statement_zone=ZONE,
        )

    @property
    def terms(self) -> ChannelTerms:
        """Named `alipay`."""
        return self._terms

    @property
    def received(self) -> CallbackAnswer:
        """See PaymentChannel. The bare word, or Alipay sends again."""
        return CallbackAnswer(body=b"success", media_type="text/plain")

    async def create(self, request: CreatePayment) -> CreatedPayment:
        """See PaymentChannel. Nothing is sent: the address itself is the signed request. Its time is the attempt's own, so
        that a repeat gives the same address."""
        refuse_what_is_not_taken(self._terms, request.amount)
        content = {
            "out_trade_no": request.attempt,
            "total_amount": to_decimal_text(request.amount),
            "subject": request.description.translate(_UNSAFE)[:128] or request.attempt,
            "product_code": "FAST_INSTANT_TRADE_PAY",
            "time_expire": beijing_text(request.expires_at),
            "seller_id": self._account.seller_id,
        }
        address = self._calls.page_address(content, request.attempt.minted_at, request.notify_url, request.return_url)
        return CreatedPayment(channel_reference=request.attempt, cashier_url=address)

    async def query(self, channel_reference: str) -> ChannelPayment:
        """See PaymentChannel."""
        content = {"out_trade_no": channel_reference}
        try:
            answer = await self._calls.ask("alipay.trade.query", content, TradeAnswer)
        except ChannelRefused as refusal:
            if refusal.channel_code != _NOT_THERE:
                raise
            return ChannelPayment(status=PaymentState.UNKNOWN_PAYMENT, channel_reference=channel_reference)
        return _payment(answer, channel_reference)

    async def close(self, channel_reference: str) -> ChannelPayment:
        """See PaymentChannel. Whatever closing answers, the query says how the payment stands."""
        refusal: ChannelRefused | None = None
        try:
            await self._calls.ask("alipay.trade.close", {"out_trade_no": channel_reference}, Answer)
        except ChannelRefused as no:
            refusal = no
        payment = await self.query(channel_reference)
        if payment.status is PaymentState.PENDING:
            raise ChannelUnavailable(f"alipay has not closed {channel_reference} yet: {refusal or 'it said it had'}")
        return payment

    async def refund(self, request: RefundRequest) -> ChannelRefund:
        """See PaymentChannel. Alipay answers at once; when it says that this call moved nothing, it is asked what did."""
        content = {
            "out_trade_no": request.channel_reference,
            "refund_amount": to_decimal_text(request.amount),
            "out_request_no": request.refund_id,
            "refund_reason": request.reason,
        }
        answer = await self._calls.ask("alipay.trade.refund", content, RefundAnswer)
        if answer.fund_change != "Y" or answer.out_trade_no != request.channel_reference:
            found = await self.query_refund(request.refund_id, request.channel_reference)
            if found.status is RefundState.SUCCEEDED and found.amount != request.amount:
                raise ChannelRefused("alipay", "DISCORDANT_REPEAT_REQUEST", f"{request.refund_id} was {found.amount}")
            unclear = found.status is RefundState.UNKNOWN_REFUND
            return found.model_copy(update={"status": RefundState.PROCESSING}) if unclear else found
        return ChannelRefund(
            status=RefundState.SUCCEEDED,
            refund_id=request.refund_id,
            amount=request.amount,
            transaction_id=request.refund_id,
            settled_at=beijing_moment(answer.gmt_refund_pay) if answer.gmt_refund_pay else None,
        )

    async def query_refund(self, refund_id: RefundId, channel_reference: str) -> ChannelRefund:
        """See PaymentChannel. Alipay numbers refunds as we do, so that is the transaction id too."""
        content = {
            "out_trade_no": channel_reference,
            "out_request_no": refund_id,
            "query_options": ["gmt_refund_pay"],
        }
        unknown = ChannelRefund(status=RefundState.UNKNOWN_REFUND, refund_id=refund_id)
        try:
            answer = await self._calls.ask("alipay.trade.fastpay.refund.query", content, RefundQueryAnswer)
        except ChannelRefused as refusal:
            if refusal.channel_code != _NOT_THERE:
                raise
            return unknown
        if answer.refund_status is None:
            return unknown
        if answer.refund_status != "REFUND_SUCCESS" or answer.out_request_no != refund_id or not answer.refund_amount:
            raise ChannelUnavailable(f"alipay says {answer.refund_status!r} of refund {refund_id}")
        return ChannelRefund(
            status=RefundState.SUCCEEDED,
            refund_id=refund_id,
            amount=from_decimal_text(answer.refund_amount, "CNY"),
            transaction_id=refund_id,
            settled_at=beijing_moment(answer.gmt_refund_pay) if answer.gmt_refund_pay else None,
        )

    def parse_callback(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 # all that matters is in the body
        raw_body: bytes,
        now: datetime,  # noqa: ARG002 # notices have no freshness rule
    ) -> ChannelCallback | ChannelNotice:
        """See PaymentChannel."""
        return read_notice(self._account, raw_body)

    async def fetch_statement(self, day: date, into: Path) -> Path:
        """See PaymentChannel. Days are Beijing's; a day's bill is there from ten o'clock on the next."""
        content = {"bill_type": "trade", "bill_date": day.isoformat()}
        answer = await self._calls.ask("alipay.data.dataservice.bill.downloadurl.query", content, BillAnswer)
        if not answer.bill_download_url:
            raise ChannelUnavailable(f"alipay gave no address for the bill of {day}")
        response = await self._outside.send("GET", answer.bill_download_url, {}, what="the bill's address")
        if response.status_code != 200 or not response.content.startswith(b"PK"):
            raise ChannelUnavailable(f"the bill of {day} did not arrive; fetch it again")
        file = into / f"{self._terms.name}-{day.isoformat()}.csv.zip"
        await asyncio.to_thread(write_whole, file, response.content)
        return file

    def read_statement(self, path: Path) -> Iterator[StatementLine]:
        """See PaymentChannel. The totals are compared after the last line, so take all lines before you act on one."""
        return read_alipay_statement(path)


def _payment(answer: TradeAnswer, reference: str) -> ChannelPayment:
    if answer.out_trade_no != reference or answer.total_amount is None:
        raise ChannelUnavailable(f"alipay answered for {answer.out_trade_no!r} instead of {reference}")
    paid = answer.trade_status in ("TRADE_SUCCESS", "TRADE_FINISHED") or (
        answer.trade_status == "TRADE_CLOSED" and answer.send_pay_date is not None  # refunded whole
    )
    if not paid and answer.trade_status not in ("WAIT_BUYER_PAY", "TRADE_CLOSED"):
        raise ChannelUnavailable(f"alipay says {answer.trade_status!r} of {reference}")
    unpaid = PaymentState.PENDING if answer.trade_status == "WAIT_BUYER_PAY" else PaymentState.CLOSED
    return ChannelPayment(
        status=PaymentState.PAID if paid else unpaid,
        channel_reference=reference,
        amount=from_decimal_text(answer.total_amount, "CNY"),
        transaction_id=answer.trade_no if paid else None,
        paid_at=beijing_moment(answer.send_pay_date) if paid and answer.send_pay_date else None,
    )
