"""Alipay (支付宝) through its open platform: RSA2 signatures, public-key mode, payment on Alipay's own page."""

from channels.payment.alipay.account import AlipayAccount
from channels.payment.alipay.channel import AlipayChannel

__all__ = ["AlipayAccount", "AlipayChannel"]
