"""What Alipay answers, as far as we read it. It answers more; the rest is passed over."""

from pydantic import BaseModel


class Answer(BaseModel):
    """Any answer: `code` 10000 is yes, 40004 a no of the business, everything else says nothing about the payment."""

    code: str
    msg: str = ""
    sub_code: str | None = None
    sub_msg: str | None = None


class TradeAnswer(Answer):
    """Of alipay.trade.query and alipay.trade.close."""

    out_trade_no: str | None = None
    trade_no: str | None = None
    trade_status: str | None = None
    total_amount: str | None = None
    send_pay_date: str | None = None
    """When the buyer paid; absent for a trade that was closed unpaid."""


class RefundAnswer(Answer):
    """Of alipay.trade.refund. `refund_fee` is the sum of all refunds of the trade, so it is not read."""

    out_trade_no: str | None = None
    fund_change: str | None = None
    """`Y`: this very call moved money."""
    gmt_refund_pay: str | None = None


class RefundQueryAnswer(Answer):
    """Of alipay.trade.fastpay.refund.query: without `refund_status` there was no refund of that number."""

    out_trade_no: str | None = None
    out_request_no: str | None = None
    refund_amount: str | None = None
    refund_status: str | None = None
    gmt_refund_pay: str | None = None


class BillAnswer(Answer):
    """Of alipay.data.dataservice.bill.downloadurl.query; the address is good for 30 seconds."""

    bill_download_url: str | None = None
