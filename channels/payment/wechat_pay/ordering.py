"""What an order of each trade type asks for, and what the buyer gets."""

import hashlib
import json
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from channels.payment import keys
from channels.payment.beijing import BEIJING
from channels.payment.contract import CreatePayment, Language
from channels.payment.errors import ChannelRefused, ChannelUnavailable
from channels.payment.wechat_pay.account import TradeType, WechatPayAccount
from channels.payment.wechat_pay.wire import Ordered


class Trade(NamedTuple):
    """A trade type: our channel's name, its display names, what bills call it and what it must be told of the buyer."""

    name: str
    display_names: dict[Language, str]
    in_bills: str
    needs: frozenset[Literal["client_ip", "payer_id"]] = frozenset()


TRADES: dict[TradeType, Trade] = {
    "native": Trade("wechat_pay", {"en": "WeChat Pay", "zh": "微信支付"}, "NATIVE"),
    "h5": Trade(
        "wechat_pay_h5",
        {"en": "WeChat Pay (phone browser)", "zh": "微信支付（手机浏览器）"},
        "MWEB",
        frozenset({"client_ip"}),
    ),
    "jsapi": Trade(
        "wechat_pay_jsapi",
        {"en": "WeChat Pay (inside WeChat)", "zh": "微信支付（微信内）"},
        "JSAPI",
        frozenset({"payer_id"}),
    ),
}


def order(account: WechatPayAccount, trade_type: TradeType, request: CreatePayment) -> dict[str, Any]:
    """The body of an order; the same request gives the same body, as WeChat Pay wants of repeats."""
    body: dict[str, Any] = {
        "appid": account.appid,
        "mchid": account.mchid,
        "description": request.description[:127],
        "out_trade_no": request.attempt,
        "time_expire": request.expires_at.astimezone(BEIJING).isoformat(timespec="seconds"),
        "notify_url": request.notify_url,
        "amount": {"total": request.amount.minor, "currency": request.amount.currency},
    }
    if trade_type == "h5":
        address = _needed(request, "client_ip", "the address of the buyer's phone")
        return {**body, "scene_info": {"payer_client_ip": address, "h5_info": {"type": "Wap"}}}
    if trade_type == "jsapi":
        return {**body, "payer": {"openid": _needed(request, "payer_id", "the buyer's openid")}}
    return body


def cashier(account: WechatPayAccount, trade_type: TradeType, request: CreatePayment, ordered: Ordered) -> str:
    """Where the buyer pays. Native: a `weixin:` address to show as QR code. H5: WeChat's page, which comes back to the shop.
    JSAPI: the shop's own page, opened in WeChat, with what it hands to `WeixinJSBridge` after `#wechat_pay=`."""
    if trade_type == "native" and ordered.code_url:
        return ordered.code_url
    if trade_type == "h5" and ordered.h5_url:
        return f"{ordered.h5_url}&redirect_url={quote(request.return_url, safe='')}"
    if trade_type == "jsapi" and ordered.prepay_id:
        made, nonce = int(request.attempt.minted_at.timestamp()), hashlib.sha256(ordered.prepay_id.encode()).hexdigest()
        told = json.dumps(bridge_parameters(account, ordered.prepay_id, made, nonce[:32]))  # a repeat gives the same
        return f"{request.return_url}#wechat_pay={quote(told, safe='')}"
    raise ChannelUnavailable(f"wechat_pay took the order {request.attempt}, but did not say where to pay it")


def bridge_parameters(account: WechatPayAccount, prepay_id: str, now: int, nonce: str) -> dict[str, str]:
    """What a page in WeChat hands to `WeixinJSBridge.invoke("getBrandWCPayRequest", …)`, signed by us."""
    package = f"prepay_id={prepay_id}"
    text = f"{account.appid}\n{now}\n{nonce}\n{package}\n"
    return {
        "appId": account.appid,
        "timeStamp": str(now),
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": keys.sign(account.private_key, text.encode()),
    }


def _needed(request: CreatePayment, name: str, what: str) -> str:
    value = request.metadata.get(name)
    if not value:
        raise ChannelRefused("wechat_pay", f"{name}_missing", f"this way to pay needs {what}")
    return value
