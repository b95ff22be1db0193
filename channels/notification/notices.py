"""What notices say, in Chinese and in English. `{…}` are facts of the event; every template has every word in both."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from channels.notification.contract import Message
from models.aftersales.types import AftersaleState
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
    Template.CHARGED_BACK: {
        Language.ZH: (
            "渠道拒付",
            "{channel} 从订单 {order_id} 扣回 {amount}（案件 {chargeback_id}），其中 {covered} 由留存款项承担。"
            "请决定是否拦截包裹，并在渠道后台答复。",
        ),
        Language.EN: (
            "Money was charged back",
            "{channel} took {amount} of order {order_id} back (case {chargeback_id}); kept money paid for {covered}. "
            "Stop what has not left, and answer the case in the channel's console.",
        ),
    },
    Template.AFTERSALE_CHANGED: {
        Language.ZH: ("售后进度更新", "订单 {order_id} 的售后单 {aftersale_id}：{state}"),
        Language.EN: ("News of your after-sale", "After-sale {aftersale_id} of order {order_id}: {state}"),
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
_AFTERSALE: dict[AftersaleState, dict[Language, str]] = {
    AftersaleState.APPLIED: {
        Language.ZH: "我们已收到您的售后申请。",
        Language.EN: "We have your request.",
    },
    AftersaleState.AUDITING: {
        Language.ZH: "您的申请正在审核。",
        Language.EN: "We are looking at your request.",
    },
    AftersaleState.AWAITING_RETURN: {
        Language.ZH: "申请已通过。请寄回商品并填写运单号，或预约上门取件。",
        Language.EN: "Your request is approved. Send the goods back and enter the waybill, or book a pick-up.",
    },
    AftersaleState.RETURNING: {
        Language.ZH: "我们在等您寄回的商品。",
        Language.EN: "We wait for the goods that you send back.",
    },
    AftersaleState.RECEIVED: {
        Language.ZH: "商品已收到，正在检查。",
        Language.EN: "Your goods arrived; we are inspecting them.",
    },
    AftersaleState.REPLACING: {
        Language.ZH: "商品检查通过，正在为您换货。",
        Language.EN: "The goods passed; we are getting your replacement.",
    },
    AftersaleState.SOLD_OUT: {
        Language.ZH: "换货商品已售罄。您可以选择退款或继续等待；到期未选择将自动退款。",
        Language.EN: "The replacement is sold out. Have your money back, or wait; if you do not choose in time, it goes back by itself.",
    },
    AftersaleState.REPLACEMENT_SENT: {
        Language.ZH: "换货商品已安排发货。",
        Language.EN: "Your replacement is being sent.",
    },
    AftersaleState.REFUNDING: {
        Language.ZH: "退款正在原路退回。",
        Language.EN: "Your money is on its way back to where it came from.",
    },
    AftersaleState.REFUND_REFUSED: {
        Language.ZH: "退款遇到问题，我们正在处理。",
        Language.EN: "There is a problem with your refund; we are on it.",
    },
    AftersaleState.REJECTED: {
        Language.ZH: "您的申请未通过，原因见售后详情。如不认可，可申诉一次。",
        Language.EN: "Your request was not accepted; the after-sale says why. You may appeal once.",
    },
    AftersaleState.REFUNDED: {
        Language.ZH: "退款已完成。",
        Language.EN: "Your money went back.",
    },
    AftersaleState.EXCHANGED: {
        Language.ZH: "换货已完成。",
        Language.EN: "Your exchange is complete.",
    },
    AftersaleState.WITHDRAWN: {
        Language.ZH: "您已撤销申请。",
        Language.EN: "You withdrew your request.",
    },
    AftersaleState.EXPIRED: {
        Language.ZH: "未在期限内寄回商品，售后已关闭。",
        Language.EN: "No return came in time; the request is closed.",
    },
    AftersaleState.CLOSED: {
        Language.ZH: "售后已关闭，原因见售后详情。",
        Language.EN: "Your request is closed; the after-sale says why.",
    },
}
"""What a buyer is told of each state."""
_REFUNDED = {Language.ZH: "金额：{}。", Language.EN: " It was {}."}
_UNTIL = {Language.ZH: "截止时间：{:%Y-%m-%d %H:%M} UTC。", Language.EN: " You have until {:%Y-%m-%d %H:%M} UTC."}
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
    if template is Template.AFTERSALE_CHANGED:
        said["state"] = _of_aftersale(facts, language)
    return Message(to=to, subject=subject, text=text.format_map(said), key=key)


def _of_aftersale(facts: Mapping[str, Any], language: Language) -> str:
    said = _AFTERSALE[AftersaleState(facts["state"])][language]
    if facts.get("refunded") is not None:
        said += _REFUNDED[language].format(_say(facts["refunded"], language))
    if facts.get("due_at") is not None:
        said += _UNTIL[language].format(datetime.fromisoformat(facts["due_at"]).astimezone(UTC))
    return said


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
