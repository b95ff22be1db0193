"""Fees and the cashier's list."""

from datetime import UTC, datetime

import httpx
import pytest

from channels.payment.contract import FeeRule
from channels.payment.errors import ChannelUnknown
from channels.payment.registry import PaymentChannels, sandbox_channels
from channels.payment.sandbox.statement import fee_on
from models.shared import Money


@pytest.mark.parametrize(
    ("minor", "fee"), [(0, 0), (83, 0), (84, 1), (250, 2), (10_000, 60), (12_550, 75), (12_600, 76)]
)
def test_six_per_mille_are_rounded_half_up_by_both_sides(minor: int, fee: int) -> None:
    assert FeeRule(basis_points=60).on(Money(minor=minor, currency="BRL")) == Money(minor=fee, currency="BRL")
    assert fee_on(minor) == fee


def test_a_fixed_part_is_added_to_the_fee() -> None:
    assert FeeRule(basis_points=290, fixed_minor=30).on(Money(minor=1_000, currency="USD")).minor == 59


@pytest.fixture
def channels() -> PaymentChannels:
    client = httpx.AsyncClient()
    return PaymentChannels(sandbox_channels("http://127.0.0.1:1", "s" * 32, client, lambda: datetime.now(UTC)))


def test_the_cashier_offers_the_channels_that_take_the_amount(channels: PaymentChannels) -> None:
    names = [terms.name for terms in channels.offers(Money(minor=100, currency="BRL"))]
    assert names == ["sandbox", "sandbox_card", "sandbox_debit_card", "sandbox_voucher", "sandbox_boleto"]
    assert channels.offers(Money(minor=100, currency="JPY")) == []
    assert channels.offers(Money(minor=0, currency="BRL")) == []


def test_a_channel_is_found_by_its_name(channels: PaymentChannels) -> None:
    assert channels.named("sandbox_card").terms.display_names["zh"] == "沙箱信用卡"
    with pytest.raises(ChannelUnknown, match="choose one of sandbox"):
        channels.named("barter")


def test_two_channels_of_one_name_are_an_error(channels: PaymentChannels) -> None:
    with pytest.raises(ValueError, match="same name"):
        PaymentChannels([*channels.all(), channels.named("sandbox")])
