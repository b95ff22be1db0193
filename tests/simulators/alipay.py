"""Alipay's gateway as far as a merchant meets it: it checks our signatures, shows the page, sends notices and writes bills."""

import base64
import io
import json
import secrets
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.simulators.serving import Answer, Asked, Provider, new_key, rsa_holds, rsa_sign

BEIJING = timezone(timedelta(hours=8))
COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


@dataclass
class Trade:
    """A trade, from the moment that a buyer opened its page."""

    number: str
    content: dict[str, Any]
    notify_url: str
    created: datetime
    status: str = "WAIT_BUYER_PAY"
    paid: datetime | None = None
    refunds: dict[str, tuple[Decimal, datetime]] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return Decimal(self.content["total_amount"])

    @property
    def refunded(self) -> Decimal:
        return sum((amount for amount, _ in self.refunds.values()), Decimal(0))


class GbkName(zipfile.ZipInfo):
    """A name inside a zip as Chinese Windows writes it: GBK bytes without a word about it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 # the name is zipfile's
        return self.filename.encode("gbk"), self.flag_bits


class AlipaySimulator(Provider):
    """One merchant's Alipay."""

    app_id, seller_id = "2021000000000001", "2088000000000001"

    def __init__(self) -> None:
        super().__init__()
        self.gateway = f"{self.url}/gateway.do"
        self.merchant_key, self.own_key = new_key(), new_key()
        self.trades: dict[str, Trade] = {}
        self.last_notice: dict[str, str] = {}
        self._bills: dict[str, bytes] = {}

    # ---- the buyer ---------------------------------------------------------------------------------------------------

    async def opens(self, address: str) -> str:
        """The buyer's browser opens the cashier's address; answers what the page says."""
        return (await self._client.get(address)).text

    def pay(self, reference: str) -> None:
        """The buyer pays, even a trade that is just being closed."""
        trade = self.trades[reference]
        trade.status, trade.paid = "TRADE_SUCCESS", self.moment()
        self._notify(trade, gmt_payment=self._text(trade.paid), refund_fee="0.00")

    # ---- the gateway -------------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/bill/"):
            return Answer(body=self._bills.pop(asked.path))
        told = {name: values[0] for name, values in parse_qs(urlsplit(asked.target).query).items()}
        told |= {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        sign = base64.b64decode(told.pop("sign"))
        text = "&".join(f"{name}={told[name]}" for name in sorted(told))
        genuine = told["app_id"] == self.app_id and rsa_holds(self.merchant_key, text.encode(), sign)
        content = json.loads(told["biz_content"])
        if told["method"] == "alipay.trade.page.pay":
            return Answer(body=self._page(content, told["notify_url"]).encode() if genuine else b"INVALID_SIGNATURE")
        if not genuine:
            return self._signed(told["method"], {"code": "40002", "msg": "Invalid Arguments"}, "isv.invalid-signature")
        return self._business(told["method"], content)

    def _page(self, content: dict[str, Any], notify_url: str) -> str:
        assert datetime.strptime(content["time_expire"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 # only its form matters
        assert content["product_code"] == "FAST_INSTANT_TRADE_PAY"
        number = f"20261125{secrets.randbelow(10**18):018d}"
        trade = self.trades.setdefault(content["out_trade_no"], Trade(number, content, notify_url, self.moment()))
        return "cashier" if trade.content == content else "ACQ.CONTEXT_INCONSISTENT"

    def _business(self, method: str, content: dict[str, Any]) -> Answer:
        if method == "alipay.data.dataservice.bill.downloadurl.query":
            assert content["bill_type"] == "trade"
            address = f"/bill/{secrets.token_hex(8)}"
            self._bills[address] = self.bill(content["bill_date"])
            return self._signed(method, {"bill_download_url": self.url + address})
        trade = self.trades.get(content["out_trade_no"])
        if trade is None:
            return self._signed(method, {"code": "40004", "msg": "Business Failed"}, "ACQ.TRADE_NOT_EXIST")
        known = {"out_trade_no": content["out_trade_no"], "trade_no": trade.number}
        match method:
            case "alipay.trade.query":
                paid = {"send_pay_date": self._text(trade.paid)} if trade.paid else {}
                told = {"trade_status": trade.status, "total_amount": f"{trade.total:.2f}", "buyer_logon_id": "a/b***"}
                return self._signed(method, known | told | paid)
            case "alipay.trade.close":
                if trade.status != "WAIT_BUYER_PAY":
                    return self._signed(method, {"code": "40004", "msg": "Business Failed"}, "ACQ.TRADE_STATUS_ERROR")
                trade.status = "TRADE_CLOSED"
                self._notify(trade, gmt_close=self._text(self.moment()))
                return self._signed(method, known)
            case "alipay.trade.refund":
                return self._refund(trade, content, known)
            case "alipay.trade.fastpay.refund.query":
                return self._refund_query(trade, content, known)
        raise AssertionError(f"there is no {method}")

    def _refund(self, trade: Trade, content: dict[str, Any], known: dict[str, str]) -> Answer:
        method, no = "alipay.trade.refund", {"code": "40004", "msg": "Business Failed"}
        amount, request = Decimal(content["refund_amount"]), content["out_request_no"]
        before = trade.refunds.get(request)
        if trade.paid is None:
            return self._signed(method, no, "ACQ.TRADE_STATUS_ERROR")
        if before is not None and before[0] != amount:
            return self._signed(method, no, "ACQ.DISCORDANT_REPEAT_REQUEST")
        if before is None and trade.refunded + amount > trade.total:
            return self._signed(method, no, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        if before is None:
            trade.refunds[request] = (amount, self.moment())
            trade.status = "TRADE_CLOSED" if trade.refunded == trade.total else "TRADE_SUCCESS"
            when = f"{self._text(trade.refunds[request][1])}.123"
            fee = f"{trade.refunded:.2f}"
            self._notify(trade, gmt_payment=self._text(trade.paid), gmt_refund=when, refund_fee=fee, out_biz_no=request)
        moved = {"fund_change": "Y" if before is None else "N", "refund_fee": f"{trade.refunded:.2f}"}
        return self._signed(method, known | moved | {"gmt_refund_pay": self._text(trade.refunds[request][1])})

    def _refund_query(self, trade: Trade, content: dict[str, Any], known: dict[str, str]) -> Answer:
        method, found = "alipay.trade.fastpay.refund.query", trade.refunds.get(content["out_request_no"])
        if found is None:
            return self._signed(method, {})
        told = {"refund_amount": f"{found[0]:.2f}", "refund_status": "REFUND_SUCCESS"}
        told |= {"out_request_no": content["out_request_no"]}
        if "gmt_refund_pay" in content.get("query_options", ()):
            told["gmt_refund_pay"] = self._text(found[1])
        return self._signed(method, known | told)

    def _signed(self, method: str, told: dict[str, str], sub_code: str | None = None) -> Answer:
        told = {"code": "10000", "msg": "Success"} | told
        if sub_code:
            told |= {"sub_code": sub_code, "sub_msg": f"为什么：{sub_code}"}
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
        sign = base64.b64encode(rsa_sign(self.own_key, text.encode())).decode()
        return Answer(body=f'{{"{method.replace(".", "_")}_response":{text},"sign":"{sign}"}}'.encode())

    # ---- notices and bills -------------------------------------------------------------------------------------------

    def notice(self, told: dict[str, str], key: Any = None) -> bytes:
        """A notice's body, signed as Alipay does, or with another key."""
        text = "&".join(f"{name}={told[name]}" for name in sorted(told))
        sign = base64.b64encode(rsa_sign(key or self.own_key, text.encode())).decode()
        return urlencode(told | {"sign_type": "RSA2", "sign": sign}).encode()

    def _notify(self, trade: Trade, **more: str) -> None:
        self.last_notice = {
            "notify_time": self._text(self.moment()),
            "notify_type": "trade_status_sync",
            "notify_id": secrets.token_hex(17),
            "charset": "utf-8",
            "version": "1.0",
            "app_id": self.app_id,
            "auth_app_id": self.app_id,
            "seller_id": self.seller_id,
            "trade_no": trade.number,
            "out_trade_no": trade.content["out_trade_no"],
            "subject": f"{trade.content['subject']} 两本书",
            "trade_status": trade.status,
            "total_amount": f"{trade.total:.2f}",
            "fund_bill_list": '[{"amount":"1.00","fundChannel":"ALIPAYACCOUNT"}]',
            **more,
        }
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        self.tell_soon(trade.notify_url, form, self.notice(self.last_notice))

    def bill(self, day: str) -> bytes:
        """The bill of a day, zipped."""
        paid = [trade for trade in self.trades.values() if trade.paid and self._text(trade.paid).startswith(day)]
        back = [
            (trade, request, amount, at)
            for trade in self.trades.values()
            for request, (amount, at) in trade.refunds.items()
            if self._text(at).startswith(day)
        ]
        rows = [self._row(trade, "交易", trade.total, trade.paid, "", self._fee(trade.total)) for trade in paid]
        rows += [self._row(trade, "退款", -amount, at, request, Decimal(0)) for trade, request, amount, at in back]
        text = "\n".join(
            [
                "#支付宝业务明细查询",
                f"#账号：[{self.seller_id}0156]",
                "#-----------------------------------------业务明细列表----------------------------------------",
                COLUMNS,
                *rows,
                "#-----------------------------------------业务明细列表结束------------------------------------",
                f"#交易合计：{len(paid)}笔，商家实收共{sum((t.total for t in paid), Decimal(0)):.2f}元，商家优惠共0.00元",
                f"#退款合计：{len(back)}笔，商家实收退款共{-sum((a for _, _, a, _ in back), Decimal(0)):.2f}元，商家优惠退款共0.00元",
                f"#导出时间：[{self._text(self.moment())}]",
            ]
        )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as bundle:
            stem = f"{self.seller_id}0156_{day.replace('-', '')}_业务明细"
            bundle.writestr(GbkName(f"{stem}.csv"), text.encode("gbk"))
            bundle.writestr(GbkName(f"{stem}(汇总).csv"), "#支付宝业务汇总查询".encode("gbk"))
        return packed.getvalue()

    def _row(self, trade: Trade, kind: str, amount: Decimal, at: datetime | None, request: str, fee: Decimal) -> str:
        assert at is not None
        cells = [f"{trade.number}\t", f"{trade.content['out_trade_no']}\t", kind, trade.content["subject"]]
        cells += [
            self._text(trade.created),
            self._text(at),
            "",
            "",
            "",
            "",
            "张*(a**@b.cn)",
            f"{amount:.2f}",
            f"{amount:.2f}",
        ]
        cells += ["0.00"] * 5 + ["", "0.00", "0.00", f"{request}\t", f"{-fee:.2f}", "0.00", ""]
        return ",".join(cells)

    @staticmethod
    def _fee(amount: Decimal) -> Decimal:
        return (amount * Decimal("0.006") + Decimal("0.005")).quantize(Decimal("0.00"), "ROUND_FLOOR")

    @staticmethod
    def _text(moment: datetime | None) -> str:
        assert moment is not None
        return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
