"""Every sentence of the pages, in English and Chinese."""

from typing import Literal

Language = Literal["en", "zh"]

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Hanse Sandbox Pay",
        "notice": "This is a test payment provider. No real money moves.",
        "amount": "Amount",
        "for": "Payment for",
        "method": "Method",
        "instalments": "Instalments",
        "time_left": "Time left",
        "pay": "Pay now",
        "decline": "Decline",
        "more": "Pay, and let something go wrong",
        "paid": "Paid",
        "paid_more": "Thank you. You will be taken back to the shop.",
        "closed": "This payment is closed",
        "closed_more": "It was cancelled, declined or its time ran out. Nothing was charged.",
        "back": "Back to the shop",
        "not_found": "There is no such payment",
        "not_found_more": "The link is incomplete or the payment was never created. Go back to the shop and try again.",
        "lost": "Lose the callback",
        "doubled:5": "Send the callback five times at once",
        "late:30": "Send the callback 30 seconds late",
        "wrong_amount:-100": "Report a wrong amount",
        "forged": "Forge the callback's signature first",
        "stale:3600": "Sign the callback an hour in the past first",
        "reordered:60": "Hold the callback until a refund was reported",
        "unknown_payment": "Also report a payment that nobody made",
        "wallet": "Wallet",
        "card": "Credit card",
        "debit_card": "Debit card",
        "voucher": "Voucher",
        "boleto": "Boleto",
    },
    "zh": {
        "title": "汉萨沙箱支付",
        "notice": "这是测试用的支付渠道，不会产生真实扣款。",
        "amount": "金额",
        "for": "付款内容",
        "method": "支付方式",
        "instalments": "分期数",
        "time_left": "剩余时间",
        "pay": "立即支付",
        "decline": "拒绝支付",
        "more": "支付，并模拟异常",
        "paid": "支付成功",
        "paid_more": "谢谢。即将返回商店。",
        "closed": "该支付已关闭",
        "closed_more": "支付已取消、被拒绝或已超时，没有扣款。",
        "back": "返回商店",
        "not_found": "没有这笔支付",
        "not_found_more": "链接不完整，或该支付从未创建。请返回商店重试。",
        "lost": "丢失回调",
        "doubled:5": "同时发送五次回调",
        "late:30": "回调延迟 30 秒",
        "wrong_amount:-100": "回调金额错误",
        "forged": "先发送伪造签名的回调",
        "stale:3600": "先发送一小时前签名的回调",
        "reordered:60": "退款通知之后才发送支付回调",
        "unknown_payment": "另外通知一笔不存在的支付",
        "wallet": "钱包",
        "card": "信用卡",
        "debit_card": "借记卡",
        "voucher": "代金券",
        "boleto": "Boleto 账单",
    },
}
BUTTONS = (
    "lost",
    "doubled:5",
    "late:30",
    "wrong_amount:-100",
    "forged",
    "stale:3600",
    "reordered:60",
    "unknown_payment",
)
"""The faults that a buyer can choose on the cashier page, as rule texts."""


def money_text(minor: int, currency: str) -> str:
    """An amount for people: thousands separated, two decimals, the currency's code."""
    return f"{minor // 100:,}.{minor % 100:02d} {currency}"
