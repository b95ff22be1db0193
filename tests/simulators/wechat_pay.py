"""WeChat Pay's APIv3 as far as a direct merchant meets it: signatures both ways, sealed callbacks, bills."""

import base64
import gzip
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.simulators.serving import Answer, Asked, Provider, new_key, rsa_holds, rsa_sign

BEIJING = timezone(timedelta(hours=8))
_AUTHORIZATION = re.compile(
    r'WECHATPAY2-SHA256-RSA2048 mchid="(\d+)",nonce_str="(\w{16,32})",timestamp="(\d+)",serial_no="(\w+)",signature="([^"]+)"'
)
COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
IN_BILLS = {"native": "NATIVE", "h5": "MWEB", "jsapi": "JSAPI"}


@dataclass
class Order:
    """An order, with its refunds by our number."""

    kind: str
    asked: dict[str, Any]
    prepay_id: str
    state: str = "NOTPAY"
    transaction_id: str | None = None
    paid: datetime | None = None
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def refunded(self) -> int:
        return sum(refund["amount"]["refund"] for refund in self.refunds.values())


class WechatPaySimulator(Provider):
    """One merchant's WeChat Pay."""

    mchid, appid = "1900000109", "wxd678efh567hg6787"
    certificate_serial = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    platform_serial = "PUB_KEY_ID_0119000001092024112500000000000001"
    api_v3_key = "an APIv3 key of 32 letters: tests"

    def __init__(self) -> None:
        super().__init__()
        self.api_v3_key = self.api_v3_key[:32]
        self.merchant_key, self.own_key = new_key(), new_key()
        self.orders: dict[str, Order] = {}
        self.refund_ends_as = "SUCCESS"
        self._bills: dict[str, bytes] = {}

    def forget(self) -> None:
        super().forget()
        self.refund_ends_as = "SUCCESS"

    # ---- the buyer ---------------------------------------------------------------------------------------------------

    def pay(self, reference: str) -> None:
        """The buyer pays, even an order that is just being closed."""
        order = self.orders[reference]
        order.state, order.paid, order.transaction_id = "SUCCESS", self.moment(), f"42{secrets.randbelow(10**26):026d}"
        self._report(order.asked["notify_url"], "TRANSACTION.SUCCESS", "transaction", self._transaction(order))

    # ---- the API -----------------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        if not self._is_genuine(asked):
            return self._signed(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        address = urlsplit(asked.target)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path == "/v3/billdownload/file":
            return Answer(body=self._bills.pop(query["token"]))  # the one answer that is not signed
        assert asked.headers["accept"] == "application/json"
        return self._signed(*self._business(asked.method, address.path.split("/")[2:], query, asked.body))

    def _business(
        self, method: str, path: list[str], query: dict[str, str], raw: bytes
    ) -> tuple[int, dict[str, Any] | None]:
        body = json.loads(raw) if raw else {}
        match method, path:
            case "POST", ["pay", "transactions", "native" | "h5" | "jsapi" as kind]:
                return self._order(kind, body)
            case "GET", ["pay", "transactions", "out-trade-no", number]:
                assert query["mchid"] == self.mchid
                order = self.orders.get(number)
                return (200, self._transaction(order)) if order else self._no(404, "ORDER_NOT_EXIST")
            case "POST", ["pay", "transactions", "out-trade-no", number, "close"]:
                return self._close(self.orders.get(number))
            case "POST", ["refund", "domestic", "refunds"]:
                return self._refund(body)
            case "GET", ["refund", "domestic", "refunds", number]:
                for order in self.orders.values():
                    if number in order.refunds:
                        return 200, order.refunds[number]
                return self._no(404, "RESOURCE_NOT_EXISTS")
            case "GET", ["bill", "tradebill"]:
                return self._bill(query)
        raise AssertionError(f"there is no {method} {path}")

    def _order(self, kind: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        assert (body["mchid"], body["appid"]) == (self.mchid, self.appid)
        assert re.fullmatch(r"[\w*-]{6,32}", body["out_trade_no"])
        assert body["time_expire"].endswith("+08:00")
        order = self.orders.setdefault(body["out_trade_no"], Order(kind, body, f"wx{secrets.token_hex(16)}"))
        if order.asked != body or order.kind != kind:
            return self._no(403, "OUT_TRADE_NO_USED")
        if order.state != "NOTPAY":
            return self._no(400, "ORDERPAID" if order.paid else "ORDER_CLOSED")
        if kind == "native":
            return 200, {"code_url": f"weixin://wxpay/bizpayurl?pr={order.prepay_id[:9]}"}
        if kind == "h5":
            assert body["scene_info"] == {"payer_client_ip": "198.51.100.7", "h5_info": {"type": "Wap"}}
            return 200, {"h5_url": f"https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id={order.prepay_id}"}
        assert body["payer"]["openid"]
        return 200, {"prepay_id": order.prepay_id}

    def _close(self, order: Order | None) -> tuple[int, dict[str, Any] | None]:
        if order is None:
            return self._no(404, "ORDER_NOT_EXIST")
        if order.paid is not None:
            return self._no(400, "ORDERPAID")
        order.state = "CLOSED"
        return 204, None

    def _refund(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        order, number, amount = self.orders.get(body["out_trade_no"]), body["out_refund_no"], body["amount"]
        if order is None or order.paid is None:
            return self._no(404, "RESOURCE_NOT_EXISTS")
        if amount["total"] != order.asked["amount"]["total"]:
            return self._no(400, "INVALID_REQUEST")
        known = order.refunds.get(number)
        if known is not None:
            same = known["amount"]["refund"] == amount["refund"]
            return (200, known) if same else self._no(400, "INVALID_REQUEST")
        if order.refunded + amount["refund"] > amount["total"]:
            return self._no(403, "NOT_ENOUGH")
        refund = {
            "refund_id": f"50{secrets.randbelow(10**27):027d}",
            "out_refund_no": number,
            "out_trade_no": body["out_trade_no"],
            "transaction_id": order.transaction_id,
            "status": "PROCESSING",
            "create_time": self._time(self.moment()),
            "amount": {**amount, "payer_total": amount["total"], "payer_refund": amount["refund"]},
        }
        order.refunds[number] = refund
        accepted = dict(refund)
        refund["status"] = self.refund_ends_as
        if self.refund_ends_as == "SUCCESS":
            refund["success_time"] = self._time(self.moment())
        told = {name: value for name, value in refund.items() if name not in ("status", "create_time")}
        told |= {"mchid": self.mchid, "refund_status": refund["status"]}
        self._report(body["notify_url"], f"REFUND.{self.refund_ends_as}", "refund", told)
        return 200, accepted

    def _transaction(self, order: Order) -> dict[str, Any]:
        told = {"mchid": self.mchid, "appid": self.appid, "out_trade_no": order.asked["out_trade_no"]}
        told |= {"trade_type": IN_BILLS[order.kind], "trade_state": order.state, "trade_state_desc": "状态"}
        told["amount"] = {**order.asked["amount"], "payer_total": order.asked["amount"]["total"]}
        if order.paid is not None:
            told["trade_state"] = "REFUND" if order.refunds else "SUCCESS"
            told |= {"transaction_id": order.transaction_id, "success_time": self._time(order.paid)}
        return told

    # ---- signatures and callbacks ------------------------------------------------------------------------------------

    def _is_genuine(self, asked: Asked) -> bool:
        given = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
        if given is None or asked.headers.get("wechatpay-serial") != self.platform_serial:
            return False
        mchid, nonce, stamp, serial, signature = given.groups()
        text = f"{asked.method}\n{asked.target}\n{stamp}\n{nonce}\n".encode() + asked.body + b"\n"
        known = (mchid, serial) == (self.mchid, self.certificate_serial)
        fresh = abs(int(stamp) - self.moment().timestamp()) < 300
        return known and fresh and rsa_holds(self.merchant_key, text, base64.b64decode(signature))

    def stamped(self, body: bytes, *, key: Any = None, at: datetime | None = None) -> dict[str, str]:
        """The signature headers of a body, as WeChat Pay writes them, or with another key or time."""
        stamp, nonce = str(int((at or self.moment()).timestamp())), secrets.token_hex(16)
        signature = rsa_sign(key or self.own_key, f"{stamp}\n{nonce}\n".encode() + body + b"\n")
        return {
            "Content-Type": "application/json",
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": self.platform_serial,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    def _signed(self, status: int, told: dict[str, Any] | None) -> Answer:
        body = b"" if told is None else json.dumps(told, ensure_ascii=False).encode()
        return Answer(status, body, self.stamped(body))

    def event(self, kind: str, what: str, told: dict[str, Any], *, key: str | None = None) -> bytes:
        """A callback's body, its resource sealed with our APIv3 key or another."""
        nonce = secrets.token_hex(6)
        sealed = AESGCM((key or self.api_v3_key).encode()).encrypt(
            nonce.encode(), json.dumps(told).encode(), what.encode()
        )
        resource = {"original_type": what, "algorithm": "AEAD_AES_256_GCM", "associated_data": what, "nonce": nonce}
        resource["ciphertext"] = base64.b64encode(sealed).decode()
        event = {"id": secrets.token_hex(16), "create_time": self._time(self.moment()), "event_type": kind}
        event |= {"resource_type": "encrypt-resource", "summary": "通知", "resource": resource}
        return json.dumps(event, ensure_ascii=False).encode()

    def _report(self, url: str, kind: str, what: str, told: dict[str, Any]) -> None:
        body = self.event(kind, what, told)
        self.tell_soon(url, self.stamped(body), body)

    # ---- bills -------------------------------------------------------------------------------------------------------

    def _bill(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        assert (query["bill_type"], query["tar_type"]) == ("ALL", "GZIP")
        text = self.bill(query["bill_date"])
        if text is None:
            return self._no(400, "NO_STATEMENT_EXIST")
        token = secrets.token_urlsafe(8)
        self._bills[token] = gzip.compress(text.encode())
        digest = hashlib.sha1(text.encode()).hexdigest()
        address = f"{self.url}/v3/billdownload/file?token={token}"
        return 200, {"download_url": address, "hash_type": "SHA1", "hash_value": digest}

    def bill(self, day: str) -> str | None:
        """The bill of a day; None if nothing was traded."""
        rows = []
        for order in self.orders.values():
            if order.paid and self._time(order.paid).startswith(day):
                rows.append(self._row(order, "SUCCESS", order.paid, None))
            for refund in order.refunds.values():
                at = datetime.fromisoformat(refund["create_time"])
                if self._time(at).startswith(day):
                    rows.append(self._row(order, "REFUND", at, refund))
        if not rows:
            return None
        sums = [sum(float(row[column]) for row in rows) for column in (12, 16, 17, 22, 24, 25)]
        totals = [
            str(len(rows)),
            *(f"{amount:.2f}" for amount in sums[:3]),
            f"{sums[3]:.5f}",
            *(f"{a:.2f}" for a in sums[4:]),
        ]
        lines = [COLUMNS, *(self._ticked(row) for row in rows), TOTALS, self._ticked(totals)]
        return "\ufeff" + "\r\n".join(lines) + "\r\n"

    def _row(self, order: Order, state: str, at: datetime, refund: dict[str, Any] | None) -> list[str]:
        total = order.asked["amount"]["total"]
        fee = (total * 60 + 5000) // 10000 if refund is None else 0
        paid = f"{total / 100:.2f}" if refund is None else "0.00"
        back = "0.00" if refund is None else f"{refund['amount']['refund'] / 100:.2f}"
        number, ours = ("0", "0") if refund is None else (refund["refund_id"], refund["out_refund_no"])
        return [
            self._time(at)[:19].replace("T", " "), self.appid, self.mchid, "0", "", str(order.transaction_id),
            order.asked["out_trade_no"], "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", IN_BILLS[order.kind], state, "OTHERS", "CNY", paid,
            "0.00", number, ours, back, "0.00", "", "", order.asked["description"].replace(",", " "), "", f"{fee / 100:.5f}",
            "0.60%", paid, back, "",
        ]  # fmt: skip

    @staticmethod
    def _ticked(cells: list[str]) -> str:
        return ",".join(f"`{cell}" for cell in cells)

    @staticmethod
    def _time(moment: datetime) -> str:
        return moment.astimezone(BEIJING).isoformat(timespec="seconds")

    @staticmethod
    def _no(status: int, code: str) -> tuple[int, dict[str, Any]]:
        return status, {"code": code, "message": f"为什么：{code}"}
