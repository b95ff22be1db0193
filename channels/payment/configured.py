"""From settings to real channels: complete, absent or an error, never half."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import httpx
from pydantic import SecretStr

from channels.payment import keys
from channels.payment.alipay import AlipayAccount, AlipayChannel
from channels.payment.contract import FeeRule, PaymentChannel
from channels.payment.stripe import StripeAccount, StripeChannel
from channels.payment.wechat_pay import WechatPayAccount, WechatPayChannel
from hanse.settings import Settings
from models.shared.time import Clock

_Read = TypeVar("_Read")
_API_V3_KEY_BYTES = 32


class ChannelMisconfigured(ValueError):
    """A payment channel of which some settings are missing or unusable. Names settings, quotes none."""


def real_channels(settings: Settings, client: httpx.AsyncClient, clock: Clock) -> list[PaymentChannel]:
    """Alipay, WeChat Pay and Stripe, as far as they are set up; ChannelMisconfigured for one that is set up by halves."""
    return [
        *_alipay(settings, client, clock),
        *_wechat_pay(settings, client, clock),
        *_stripe(settings, client),
    ]


def _alipay(settings: Settings, client: httpx.AsyncClient, clock: Clock) -> Sequence[PaymentChannel]:
    needed = ("alipay_app_id", "alipay_seller_id", "alipay_private_key", "alipay_public_key")
    if not _complete(settings, needed, ("alipay_previous_public_key",)):
        return ()
    public = ("alipay_public_key", "alipay_previous_public_key")
    account = AlipayAccount(
        gateway=settings.alipay_url,
        app_id=settings.alipay_app_id,
        seller_id=settings.alipay_seller_id,
        private_key=_usable(keys.private_key, settings.alipay_private_key.get_secret_value(), "alipay_private_key"),
        public_keys=tuple(
            _usable(keys.public_key, given, name) for name in public if (given := getattr(settings, name))
        ),
    )
    return (AlipayChannel(account, client, clock, FeeRule(basis_points=settings.alipay_fee_basis_points)),)


def _wechat_pay(settings: Settings, client: httpx.AsyncClient, clock: Clock) -> Sequence[PaymentChannel]:
    needed = ("mchid", "appid", "private_key", "certificate_serial", "platform_keys", "api_v3_key")
    if not _complete(settings, [f"wechat_pay_{name}" for name in needed], ("wechat_pay_previous_api_v3_key",)):
        return ()
    private = settings.wechat_pay_private_key.get_secret_value()
    sealed_by = ("wechat_pay_api_v3_key", "wechat_pay_previous_api_v3_key")
    account = WechatPayAccount(
        url=settings.wechat_pay_url,
        mchid=settings.wechat_pay_mchid,
        appid=settings.wechat_pay_appid,
        certificate_serial=settings.wechat_pay_certificate_serial,
        private_key=_usable(keys.private_key, private, "wechat_pay_private_key"),
        platform_keys={
            serial: _usable(keys.public_key, given, "wechat_pay_platform_keys")
            for serial, given in settings.wechat_pay_platform_keys.items()
        },
        api_v3_keys=tuple(
            _usable(_api_v3_key, given, name)
            for name in sealed_by
            if (given := getattr(settings, name).get_secret_value())
        ),
    )
    fee = FeeRule(basis_points=settings.wechat_pay_fee_basis_points)
    return [
        WechatPayChannel(trade_type, account, client, clock, fee)
        for trade_type in dict.fromkeys(settings.wechat_pay_trade_types)
    ]


def _stripe(settings: Settings, client: httpx.AsyncClient) -> Sequence[PaymentChannel]:
    if not _complete(settings, ("stripe_secret_key", "stripe_webhook_secret"), ("stripe_previous_webhook_secret",)):
        return ()
    secrets = (settings.stripe_webhook_secret, settings.stripe_previous_webhook_secret)
    account = StripeAccount(
        url=settings.stripe_url,
        secret_key=settings.stripe_secret_key.get_secret_value(),
        webhook_secrets=tuple(secret.get_secret_value() for secret in secrets if secret.get_secret_value()),
    )
    fee = FeeRule(basis_points=settings.stripe_fee_basis_points, fixed_minor=settings.stripe_fee_fixed_minor)
    currencies = frozenset(settings.stripe_currencies)
    return (_usable(lambda _: StripeChannel(account, currencies, client, fee), "", "stripe_currencies"),)


def _complete(settings: Settings, needed: Sequence[str], more: Sequence[str]) -> bool:
    """Whether all of these are set; False if none is."""
    missing = [name for name in needed if not _is_set(settings, name)]
    if not missing:
        return True
    if len(missing) == len(needed) and not any(_is_set(settings, name) for name in more):
        return False
    names = ", ".join(_name(name) for name in missing)
    raise ChannelMisconfigured(f"This payment channel is set up by halves: {names} missing. Set all of it, or nothing.")


def _is_set(settings: Settings, name: str) -> bool:
    value = getattr(settings, name)
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def _usable(read: Callable[[str], _Read], given: str, name: str) -> _Read:
    try:
        return read(given)
    except ValueError as problem:
        raise ChannelMisconfigured(f"{_name(name)}: {problem}") from None


def _api_v3_key(given: str) -> bytes:
    key = given.encode()
    if len(key) != _API_V3_KEY_BYTES:
        raise ValueError(f"an APIv3 key has {_API_V3_KEY_BYTES} characters")
    return key


def _name(setting: str) -> str:
    return f"HANSE_{setting.upper()}"
