"""WeChat Pay (微信支付), APIv3, direct merchants: Native, H5 and JSAPI orders."""

from channels.payment.wechat_pay.account import TradeType, WechatPayAccount
from channels.payment.wechat_pay.channel import WechatPayChannel

__all__ = ["TradeType", "WechatPayAccount", "WechatPayChannel"]
