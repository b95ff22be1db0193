"""A real channel is offered when it is set up whole; by halves it stops the start, and no message quotes a secret."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization

from channels.payment.configured import ChannelMisconfigured, real_channels
from channels.payment.keys import KeyUnusable, private_key, public_key
from channels.payment.registry import channel_names, payment_channels
from hanse.masking import mask_text, mask_value
from hanse.settings import Settings
from models.shared import Money
from tests.simulators.serving import private_pem, public_pem, spare_key

ALIPAY = {
    "alipay_app_id": "2021000000000001",
    "alipay_seller_id": "2088000000000001",
    "alipay_private_key": private_pem(spare_key()),
    "alipay_public_key": public_pem(spare_key()),
}
WECHAT = {
    "wechat_pay_mchid": "1900000109",
    "wechat_pay_appid": "wxd678efh567hg6787",
    "wechat_pay_private_key": private_pem(spare_key()),
    "wechat_pay_certificate_serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
    "wechat_pay_platform_keys": {"PUB_KEY_ID_1": public_pem(spare_key())},
    "wechat_pay_api_v3_key": "0123456789abcdef0123456789ABCDEF",
}
STRIPE = {"stripe_secret_key": "sk_test_1234567890abcdef", "stripe_webhook_secret": "whsec_1234567890abcdef"}


def names(**settings: Any) -> list[str]:
    client = httpx.AsyncClient()
    given = Settings(environment="test", **settings)
    return [channel.terms.name for channel in real_channels(given, client, lambda: datetime.now(UTC))]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, []),
        (ALIPAY, ["alipay"]),
        (WECHAT, ["wechat_pay"]),
        (WECHAT | {"wechat_pay_trade_types": ("h5", "jsapi", "h5")}, ["wechat_pay_h5", "wechat_pay_jsapi"]),
        (STRIPE, ["stripe"]),
        (ALIPAY | WECHAT | STRIPE, ["alipay", "wechat_pay", "stripe"]),
    ],
    ids=["none", "alipay", "wechat", "wechat on phones", "stripe", "all"],
)
def test_what_is_set_up_is_offered(settings: dict[str, Any], found: list[str]) -> None:
    assert names(**settings) == found


@pytest.mark.parametrize(
    ("settings", "offered"),
    [
        ({"environment": "development"}, True),
        ({"environment": "production"}, False),
        ({"environment": "production", "offer_sandbox_channels": True}, True),
        ({"environment": "development", "offer_sandbox_channels": False}, False),
    ],
)
def test_the_sandbox_takes_no_money_in_production_unless_somebody_says_so(
    settings: dict[str, Any], offered: bool
) -> None:
    given = Settings(**(ALIPAY | settings))
    channels = payment_channels(given, httpx.AsyncClient(), lambda: datetime.now(UTC))
    built = [channel.terms.name for channel in channels.all()]
    assert list(channel_names(given)) == built
    assert ("sandbox_card" in built, "alipay" in built) == (offered, True)


def test_the_shop_offers_them_beside_the_sandbox() -> None:
    settings = Settings(environment="test", **(ALIPAY | STRIPE))  # type: ignore[arg-type]
    channels = payment_channels(settings, httpx.AsyncClient(), lambda: datetime.now(UTC))
    offered = [terms.name for terms in channels.offers(Money(minor=10_000, currency="USD"))]
    assert (offered[0], offered[-1], "alipay" in offered) == ("sandbox", "stripe", False)
    assert channels.named("alipay").terms.fee.on(Money(minor=10_000)).minor == 60


@pytest.mark.parametrize("settings", [ALIPAY, WECHAT, STRIPE], ids=["alipay", "wechat", "stripe"])
def test_half_of_it_is_an_error_that_names_what_is_missing(settings: dict[str, Any]) -> None:
    for name in settings:
        rest = {key: value for key, value in settings.items() if key != name}
        with pytest.raises(ChannelMisconfigured, match=f"HANSE_{name.upper()} missing"):
            names(**rest)


@pytest.mark.parametrize(
    "lonely", ["alipay_previous_public_key", "wechat_pay_previous_api_v3_key", "stripe_previous_webhook_secret"]
)
def test_an_old_secret_alone_is_half_of_it(lonely: str) -> None:
    with pytest.raises(ChannelMisconfigured, match="by halves"):
        names(**{lonely: "left over"})


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (ALIPAY, {"alipay_private_key": "MIIsecretbutbroken=="}),
        (ALIPAY, {"alipay_private_key": "/nowhere/to/be/found.pem"}),
        (ALIPAY, {"alipay_public_key": private_pem(spare_key())}),
        (ALIPAY, {"alipay_previous_public_key": "MII"}),
        (WECHAT, {"wechat_pay_private_key": public_pem(spare_key())}),
        (WECHAT, {"wechat_pay_platform_keys": {"1": "no key"}}),
        (WECHAT, {"wechat_pay_api_v3_key": "a secret that is too short"}),
        (WECHAT, {"wechat_pay_previous_api_v3_key": "short secret"}),
        (STRIPE, {"stripe_currencies": ("UGX",)}),
    ],
)
def test_an_unusable_setting_is_named_and_never_quoted(settings: dict[str, Any], wrong: dict[str, Any]) -> None:
    [(name, value)] = wrong.items()
    with pytest.raises(ChannelMisconfigured, match=f"HANSE_{name.upper()}: ") as error:
        names(**(settings | wrong))
    if isinstance(value, str):
        assert value not in str(error.value)
    assert error.value.__cause__ is None


def test_a_key_is_taken_as_pem_as_bare_base64_and_from_a_file(tmp_path: Path) -> None:
    key = spare_key()
    file = tmp_path / "key.pem"
    file.write_text(private_pem(key))
    bare = "".join(private_pem(key).splitlines()[1:-1])
    old_form = serialization.PrivateFormat.TraditionalOpenSSL
    old = key.private_bytes(serialization.Encoding.PEM, old_form, serialization.NoEncryption()).decode()
    in_an_env_file = private_pem(key).replace("\n", "\\n")
    for given in (private_pem(key), str(file), bare, old, "".join(old.splitlines()[1:-1]), in_an_env_file):
        assert private_key(given).private_numbers() == key.private_numbers()
    for given in (public_pem(key), "".join(public_pem(key).splitlines()[1:-1])):
        assert public_key(given).public_numbers() == key.public_key().public_numbers()


def test_a_short_key_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(KeyUnusable, match="2048"):
        private_key(private_pem(short))
    with pytest.raises(KeyUnusable, match="2048"):
        public_key(public_pem(short))


def test_settings_show_no_secret_of_theirs() -> None:
    settings = Settings(environment="test", **(ALIPAY | WECHAT | STRIPE))  # type: ignore[arg-type]
    shown = f"{settings!r} {settings} {settings.model_dump_json()}"
    secret_line = private_pem(spare_key()).splitlines()[3]
    for secret in (
        secret_line,
        "sk_test_1234567890abcdef",
        "whsec_1234567890abcdef",
        "0123456789abcdef0123456789ABCDEF",
    ):
        assert secret not in shown


@pytest.mark.parametrize(
    ("told", "written"),
    [
        ("key sk_live_51Hq0aBcD9 used", "key *** used"),
        ("key rk_test_51Hq0aBcD9 used", "key *** used"),
        ("by whsec_5f2aB9xyz", "by ***"),
        (f"have {private_pem(spare_key()).strip()} here", "have *** here"),
    ],
    ids=["a secret key", "a restricted key", "an endpoint's secret", "a private key"],
)
def test_what_a_provider_gave_us_is_masked_wherever_it_is_told(told: str, written: str) -> None:
    assert mask_text(told) == written
    assert mask_text(written) == written
    assert mask_value("detail", {"deep": [told]}) == {"deep": [written]}


@pytest.mark.parametrize(
    "name", ["alipay_private_key", "wechat_pay_api_v3_key", "stripe_webhook_secret", "stripe_secret_key"]
)
def test_the_settings_of_the_channels_are_secret_by_their_names(name: str) -> None:
    assert mask_value(name, "x") == "***"
