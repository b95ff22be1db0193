"""The payment channels of this shop, by name, and what the cashier offers of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

import httpx

from channels.payment.configured import real_channels
from channels.payment.contract import ChannelTerms, PaymentChannel
from channels.payment.errors import ChannelUnknown
from channels.payment.sandbox.wire import Method
from channels.payment.sandbox_channel import SandboxChannel, channel_name
from hanse.settings import Settings
from models.shared import Money
from models.shared.time import Clock


class PaymentChannels:
    """Channels by name, in the order the cashier shows them."""

    def __init__(self, channels: Sequence[PaymentChannel]) -> None:
        self._channels = {channel.terms.name: channel for channel in channels}
        if len(self._channels) != len(channels):
            raise ValueError("two payment channels have the same name")

    def named(self, name: str) -> PaymentChannel:
        """The channel; ChannelUnknown if the shop does not offer it."""
        channel = self._channels.get(name)
        if channel is None:
            offered = ", ".join(self._channels) or "none: no channel is set up"
            raise ChannelUnknown(
                f"There is no payment channel {name[:40]!r}; choose one of {offered}.", channel=name[:40]
            )
        return channel

    def all(self) -> list[PaymentChannel]:
        """Every channel, for instance to reconcile them one by one."""
        return list(self._channels.values())

    def offers(self, amount: Money) -> list[ChannelTerms]:
        """The cashier's list: the terms of the channels that take this amount."""
        return [channel.terms for channel in self._channels.values() if channel.terms.accepts(amount)]


def channel_names(settings: Settings) -> tuple[str, ...]:
    """The channels of this shop, for whoever needs no connection to them. ChannelMisconfigured for one set up by halves."""
    real = real_channels(settings, httpx.AsyncClient(), lambda: datetime.now(UTC))
    sandbox = map(channel_name, get_args(Method)) if settings.sandbox_is_offered else ()
    return (*sandbox, *(channel.terms.name for channel in real))


def sandbox_channels(url: str, secret: str, client: httpx.AsyncClient, clock: Clock) -> list[PaymentChannel]:
    """A channel for each method of the sandbox: `sandbox` (wallet), `sandbox_card`, `sandbox_debit_card`,
    `sandbox_voucher`, `sandbox_boleto`."""
    methods: tuple[Method, ...] = get_args(Method)
    return [SandboxChannel(method, url, secret, client, clock) for method in methods]


def payment_channels(settings: Settings, client: httpx.AsyncClient, clock: Clock) -> PaymentChannels:
    """Every channel of this shop: the sandbox where it is offered (never by default in production), then the real ones that are
    set up. ChannelMisconfigured, at start, for one that is set up by halves."""
    real = real_channels(settings, client, clock)
    if not settings.sandbox_is_offered:
        return PaymentChannels(real)
    secret = settings.sandbox_payment_secret.get_secret_value()
    return PaymentChannels([*sandbox_channels(settings.sandbox_payment_url, secret, client, clock), *real])
