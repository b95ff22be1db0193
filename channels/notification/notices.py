"""What notices say, in Chinese and in English. `{…}` are facts of the event; every template has every word in both."""

from collections.abc import Mapping
from typing import Any

from channels.notification.contract import Message
from models.notifications.types import Language, Template
from models.users.types import Contact

_WORDS: dict[Template, dict[Language, tuple[str, str]]] = {
    Template.ORDER_PLACED: {
        Language.ZH: ("订单已提交", "您的订单 {order_id} 已提交，应付 {total}。请在付款期限内完成支付。"),
        Language.EN: (
            "Your order is placed",
            "Order {order_id} is placed; {total} is due. Please pay before its time is over.",
        ),
    },
    Template.ORDER_PAID: {
        Language.ZH: ("付款成功", "订单 {order_id} 已付款 {total}，我们正在为您备货。"),
        Language.EN: ("We have your payment", "Order {order_id} is paid ({total}). We are getting it ready."),
    },
    Template.PARCEL_SHIPPED: {
        Language.ZH: ("包裹已发出", "订单 {order_id} 的包裹已发出，承运商 {carrier}，运单号 {waybill}。"),
        Language.EN: (
            "A parcel is on its way",
            "A parcel of order {order_id} is on its way with {carrier}, waybill {waybill}.",
        ),
    },
    Template.PARCEL_SIGNED: {
        Language.ZH: ("包裹已签收", "订单 {order_id} 的一个包裹已签收。如非本人签收，请联系客服。"),
        Language.EN: (
            "A parcel was signed for",
            "A parcel of order {order_id} was signed for. If you do not have it, tell us.",
        ),
    },
    Template.PARCEL_TROUBLE: {
        Language.ZH: ("包裹异常", "订单 {order_id} 的包裹 {shipment_id} 异常：{kind}。请在控制台处理。"),
        Language.EN: (
            "A parcel is in trouble",
            "Parcel {shipment_id} of order {order_id}: {kind}. Decide in the console.",
        ),
    },
    Template.ORDER_CANCELLED: {
        Language.ZH: ("订单已取消", "订单 {order_id} 已取消。已付款项、优惠券和积分将原路退回。"),
        Language.EN: (
            "Your order is cancelled",
            "Order {order_id} is cancelled. Money, coupons and points go back to you.",
        ),
    },
    Template.REFUNDED: {
        Language.ZH: ("退款已到账", "订单 {order_id} 的退款 {amount} 已原路退回。"),
        Language.EN: ("Your refund is on its way", "{amount} of order {order_id} went back the way it came."),
    },
    Template.REFUND_REFUSED: {
        Language.ZH: (
            "退款被渠道拒绝",
            "订单 {order_id} 的退款 {refund_id}（{amount}）被渠道拒绝：{channel_code}。请决定如何退款。",
        ),
        Language.EN: (
            "A refund was refused",
            "Refund {refund_id} ({amount}) of order {order_id} was refused: {channel_code}. Decide.",
        ),
    },
    Template.AFTERSALE_CHANGED: {
        Language.ZH: ("售后进度更新", "订单 {order_id} 的售后单 {aftersale_id} 有新进度：{state}。"),
        Language.EN: ("News of your after-sale", "After-sale {aftersale_id} of order {order_id} is now: {state}."),
    },
    Template.REVIEW_INVITATION: {
        Language.ZH: ("订单已完成，来评价吧", "订单 {order_id} 已完成，积分已到账。说说您的使用感受，帮助其他买家。"),
        Language.EN: (
            "How was it?",
            "Order {order_id} is complete and its points are yours. Tell other buyers how you like it.",
        ),
    },
    Template.REVIEW_REJECTED: {
        Language.ZH: ("评价未通过审核", "您的评价 {review_id} 未能展示。您可以修改，或申诉一次。"),
        Language.EN: (
            "Your review is not shown",
            "Your review {review_id} is not shown. You can change it, or appeal once.",
        ),
    },
    Template.REVIEW_REPLIED: {
        Language.ZH: ("商家回复了您的评价", "商家回复了您的评价 {review_id}。"),
        Language.EN: ("The shop replied to your review", "The shop replied to your review {review_id}."),
    },
    Template.REVIEW_WAITS: {
        Language.ZH: ("有评价待审核", "评价 {review_id} 待审核，原因：{held_for}。"),
        Language.EN: ("A review waits for you", "Review {review_id} waits for a decision; held for: {held_for}."),
    },
    Template.STOCK_LOW: {
        Language.ZH: ("库存不足", "仓库 {warehouse_id} 的 {sku_id} 仅剩 {available} 件。"),
        Language.EN: ("Stock is low", "{available} left of {sku_id} in {warehouse_id}."),
    },
    Template.WEBHOOK_DISABLED: {
        Language.ZH: ("Webhook 已停用", "Webhook 端点 {endpoint_id} 已停用：{why}。修复后请在控制台重新启用并补发。"),
        Language.EN: (
            "A webhook is disabled",
            "Webhook endpoint {endpoint_id} is disabled: {why}. Mend it, enable it in the console and redeliver.",
        ),
    },
}
_SAID: dict[Language, dict[str, str]] = {
    Language.ZH: {
        "address_error": "地址有误",
        "lost": "丢失",
        "damaged": "破损",
        "refused": "拒收",
        "words": "敏感词",
        "reports": "用户举报",
        "appeal": "作者申诉",
        "gone": "对方已撤销",
        "failing": "连续多日失败",
    },
    Language.EN: {
        "address_error": "the address is wrong",
        "gone": "its receiver is gone",
        "failing": "it failed for days",
    },
}
"""Words of events as people say them; a word that is not here is told as it is, its underscores as spaces."""
_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "JPY": "¥"}
_WITHOUT_CENTS = frozenset({"JPY", "KRW"})


def notice(template: Template, language: Language, facts: Mapping[str, Any], to: Contact, key: str) -> Message:
    """The message, with the facts of its event in their places. `key` tells a provider the same message when it comes twice."""
    subject, text = _WORDS[template][language]
    said = {name: _say(value, language) for name, value in facts.items()}
    return Message(to=to, subject=subject, text=text.format_map(said), key=key)


def _say(value: Any, language: Language) -> str:
    if isinstance(value, dict) and value.keys() == {"minor", "currency"}:
        return _money(value["minor"], value["currency"])
    if isinstance(value, str):
        known = _SAID[language].get(value)
        return known or (value if "_" not in value or value[:4].endswith("_") else value.replace("_", " "))
    return str(value)


def _money(minor: int, currency: str) -> str:
    amount = f"{minor:,}" if currency in _WITHOUT_CENTS else f"{minor // 100:,}.{minor % 100:02d}"
    return f"{_SIGNS[currency]}{amount}" if currency in _SIGNS else f"{amount} {currency}"
