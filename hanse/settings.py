"""Every setting, read once from the environment (`HANSE_…`) or `.env`. Every endpoint is a setting.

What neither names comes from the embedded stack of the data folder: its generated secrets and, while it runs, its ports.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from hanse.embedded_settings import EmbeddedSource


class Settings(BaseSettings):
    """How this process is set up. Defaults suit the embedded stack that `hanse up` starts on loopback."""

    model_config = SettingsConfigDict(env_prefix="HANSE_", env_file=".env", extra="ignore", frozen=True)

    environment: Literal["development", "test", "production"] = "development"
    data_dir: Path = Path(".hanse")
    """Where the embedded servers, uploads and generated secrets live."""

    # Where the parts are
    postgres_url: str = "postgresql://hanse@127.0.0.1:5433/postgres"
    """The server that holds the domain databases, one `hanse_<domain>` each. A single domain moves to a server of its own
    with `HANSE_DSN_<DOMAIN>`."""
    redis_url: str = "redis://127.0.0.1:6380/0"
    kafka_bootstrap: str = "127.0.0.1:9093"
    temporal_address: str = "127.0.0.1:7243"
    temporal_namespace: str = "default"
    temporal_ui_url: str = "http://127.0.0.1:8243"
    api_url: str = "http://127.0.0.1:8000"
    """The address under which payment channels, and everything else inside, reach this api."""
    public_url: str = ""
    """The address that a buyer's browser sees; `api_url` if empty."""
    bind_host: str = ""
    """The interface our servers listen on; the host of their own address if empty. In a container: 0.0.0.0."""
    sandbox_payment_url: str = "http://127.0.0.1:8010"
    sandbox_carrier_url: str = "http://127.0.0.1:8020"

    # Programs of the embedded stack; empty means the one on PATH, else the wheel's
    postgres_bin: str = ""
    redis_bin: str = ""
    kafka_bin: str = ""
    temporal_bin: str = ""

    # Where pictures lie
    blobs_url: str = ""
    """Empty: below `data_dir`. `file:///path`, or `s3://bucket/prefix`, with the settings below and, where they are empty, what
    the machine's own AWS environment says."""
    blobs_s3_endpoint: str = ""
    """Of an S3 that is not Amazon's: `https://minio.example:9000`."""
    blobs_s3_region: str = ""
    blobs_s3_access_key_id: str = ""
    blobs_s3_secret_access_key: SecretStr = SecretStr("")

    # Secrets; the embedded stack generates them into data_dir/secrets.env on first start
    payload_keys: SecretStr = SecretStr("")
    """`id:base64key[,id:base64key…]`, 32-byte AES keys for Temporal payloads; the first encrypts, all decrypt."""
    token_key: SecretStr = SecretStr("")
    """Signs access tokens (HS256); at least 32 bytes."""
    sandbox_payment_secret: SecretStr = SecretStr("")
    """Shared with the payment sandbox: signs requests and callbacks."""
    sandbox_carrier_secret: SecretStr = SecretStr("")
    """Shared with the sandbox carriers: signs requests and tracking pushes."""

    offer_sandbox_channels: bool | None = None
    """Whether buyers may pay at the payment sandbox, with money that does not exist. Unless it is said: everywhere but in
    production."""

    # Real payment channels. Each is offered once its settings are complete; half of them is an error at start. Keys are
    # given as text or as the path of a file. docs/payment-channels.md says where a provider shows each of these.
    alipay_url: str = "https://openapi.alipay.com/gateway.do"
    alipay_app_id: str = ""
    alipay_seller_id: str = ""
    """The merchant's user id (PID, 2088…)."""
    alipay_private_key: SecretStr = SecretStr("")
    alipay_public_key: str = ""
    """Alipay's, not ours."""
    alipay_previous_public_key: str = ""
    """Still believed while Alipay's key is changed."""
    alipay_fee_basis_points: int = Field(default=60, ge=0, le=10_000)

    wechat_pay_url: str = "https://api.mch.weixin.qq.com"
    wechat_pay_mchid: str = ""
    wechat_pay_appid: str = ""
    wechat_pay_private_key: SecretStr = SecretStr("")
    wechat_pay_certificate_serial: str = ""
    """Of the merchant's API certificate that belongs to the private key."""
    wechat_pay_platform_keys: dict[str, str] = {}
    """WeChat Pay's public keys or platform certificates by their serial, as JSON: `{"PUB_KEY_ID_…": "…"}`. The first is the
    one in use; others are still believed."""
    wechat_pay_api_v3_key: SecretStr = SecretStr("")
    wechat_pay_previous_api_v3_key: SecretStr = SecretStr("")
    """Still tried while the key is changed."""
    wechat_pay_trade_types: tuple[Literal["native", "h5", "jsapi"], ...] = ("native",)
    """As JSON: `["native","h5"]`. What the merchant has signed up for."""
    wechat_pay_fee_basis_points: int = Field(default=60, ge=0, le=10_000)

    stripe_url: str = "https://api.stripe.com"
    stripe_secret_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_previous_webhook_secret: SecretStr = SecretStr("")
    """Still believed while the endpoint's secret is rolled."""
    stripe_currencies: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")], ...] = (
        "USD",
        "EUR",
        "CNY",
        "JPY",
    )
    """As JSON: `["USD","EUR"]`."""
    stripe_fee_basis_points: int = Field(default=290, ge=0, le=10_000)
    stripe_fee_fixed_minor: int = Field(default=30, ge=0)

    # How the sagas run
    placement: Literal["inline", "queue"] = "inline"
    """Where store calls of a saga run: in its own worker, or on the domain's task queue."""
    worker_version: str = ""
    """Build id of this worker for Worker Deployment Versioning; empty means unversioned."""

    worker_tasks_at_once: int = Field(default=40, ge=2)
    """How many steps of sagas one worker takes on at once. Each of too many takes so long that Temporal gives it out again (10 s)."""

    # Search
    search_engine: Literal["embedded", "meilisearch"] = "embedded"
    """`embedded` lives in PostgreSQL and needs nothing else."""
    meili_url: str = ""
    """Of the Meilisearch server."""
    meili_key: SecretStr = SecretStr("")
    """For a process that writes the index, a key with every right on indexes `products*` (or the master key); for one that only
    searches, a key that may do no more than search."""
    search_drift_every: timedelta = timedelta(minutes=30)
    """How often index and catalogue are compared."""
    audit_every: timedelta = timedelta(hours=6)
    """How often everything that must always hold is looked at (as `hanse audit` does). The windows of the alerts
    AuditBroken and AuditMissing (`deploy/alerts.yml`) follow from it."""

    # How long things last
    hold_period: timedelta = timedelta(minutes=5)
    """How long a prepared order holds its stock before it is placed."""
    payment_window: timedelta = timedelta(minutes=30)
    supplement_every: timedelta = timedelta(minutes=5)
    supplement_after: timedelta = timedelta(minutes=5)
    """How long a payment may wait before its channel is asked whether the callback was lost."""
    completion_period: timedelta = timedelta(days=7)
    """From the last sign-off to `completed`, unless the buyer confirms earlier."""
    aftersale_window: timedelta = timedelta(days=15)
    """From `completed`; before it, after-sales are open for what was signed for."""
    aftersale_return_within: timedelta = timedelta(days=7)
    """For the buyer to send the goods back once a return is approved."""
    aftersale_audit_reminder: timedelta = timedelta(hours=24)
    aftersale_audit_escalation: timedelta = timedelta(hours=72)
    """After which a case that no operator has decided is escalated."""
    tracking_every: timedelta = timedelta(minutes=15)
    """How often parcels are looked for that no carrier has said anything about, and delivered ones that nobody signed for."""
    tracking_silence: timedelta = timedelta(hours=6)
    """How long a carrier may say nothing about a parcel before it is asked."""
    sign_off_after: timedelta = timedelta(days=7)
    """How long after delivery a parcel counts as signed for."""
    access_token_lifetime: timedelta = timedelta(minutes=10)
    refresh_token_lifetime: timedelta = timedelta(days=30)

    # How long things are kept that nobody needs for ever (the process `Housekeeping`, daily)
    keep_notices: timedelta = timedelta(days=180)
    """That someone was told something."""
    keep_webhook_deliveries: timedelta = timedelta(days=30)
    """The log of what was sent to other systems; what is not in it cannot be sent again."""
    keep_unused_pictures: timedelta = timedelta(days=30)
    """Pictures that were uploaded for a review or an after-sale, and that none has."""
    keep_sessions: timedelta = timedelta(days=30)
    """Log-ins, after the last moment on at which they can have been used."""

    # What points are worth and how they are earned
    points_earn_per_hundred: int = Field(default=1, ge=0, le=10_000)
    """Points for every 100 minor units that were really paid."""
    points_worth_minor: int = Field(default=1, ge=1, le=10_000)
    """Minor units that one spent point takes off."""
    points_most_percent: int = Field(default=50, ge=0, le=100)
    """How much of the goods, after all discounts, points may pay."""
    points_valid_days: int = Field(default=365, ge=1, le=3650)

    # Which after-sales need no operator
    aftersale_automatic_most_minor: int = Field(default=10_000, ge=0)
    """What a refund without return may bring at most to be approved by itself; 0 sends every one to an operator."""
    aftersale_automatic_reasons: tuple[
        Literal["damaged", "wrong_item", "missing_parts", "not_as_described", "quality", "no_longer_wanted", "other"],
        ...,
    ] = ("damaged", "wrong_item", "missing_parts", "not_as_described", "quality")
    """As JSON. For these a refund without return is approved by itself, if a picture shows what is wrong."""
    aftersale_automatic_most_cases: int = Field(default=3, ge=0)
    """How many cases the buyer may have had in 90 days."""
    aftersale_automatic_returns: bool = True
    """Whether returns and exchanges are approved by themselves: nothing is paid before the goods were looked at."""

    # Reviews
    review_reports_to_hold: int = Field(default=3, ge=1, le=1_000)
    """How many readers must report a review before it waits for an operator."""

    # What is told to people and to other systems
    notice_language: Literal["zh", "en"] = "zh"
    """In which language someone is written to who chose none."""
    webhooks_to_private_addresses: bool = False
    """Lets webhooks go to http and to addresses inside: for a machine where everything is on loopback, never in production."""
    webhook_disable_after: timedelta = timedelta(days=5)
    """How long every try to an endpoint may fail before it is disabled."""
    listeners: bool = True
    """Whether `hanse consume` also starts what is told to people and to other systems; `HANSE_LISTENERS=off` leaves that to another one."""

    # Telemetry
    otlp_endpoint: str = ""
    """An OpenTelemetry collector (HTTP); empty makes no spans: traces then have ids, in logs and answers, and nothing else."""
    log_level: str = "INFO"
    metrics_port: int = 0
    """Where this process serves Prometheus metrics of the Temporal SDK; 0 means nowhere."""

    # How often one may ask
    rate_limits: bool = True
    """`HANSE_RATE_LIMITS=off` takes every request."""
    rate_limit_scale: float | None = Field(default=None, gt=0)
    """Multiplies every quota; by default 1 in production and 1000 elsewhere, where everything comes from one address."""
    rate_limit_quotas: dict[str, Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}/[0-9]{1,6}$")]] = {}
    """Other quotas, as JSON: `{"log_in_address": "20/600"}` takes 20 requests in 600 seconds. The names and the quotas in
    force otherwise stand in `api/edge/path_classes.py`."""

    # How many new orders one api process has under way at once; it finds out by itself what is answered in time
    orders_answered_within: timedelta = Field(default=timedelta(seconds=1), gt=timedelta(0))
    """What an order's answer may take before fewer are let in."""
    orders_under_way_least: int = Field(default=4, ge=1)
    """So many are let in whatever their answers take."""
    orders_under_way_most: int = Field(default=64, ge=1)

    max_body_bytes: int = Field(default=1_048_576, gt=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, `.env`; below them what the embedded stack in the data folder wrote down."""
        named = (init_settings, env_settings, dotenv_settings)
        return *named, EmbeddedSource(settings_cls), file_secret_settings

    @property
    def browser_url(self) -> str:
        """Where a buyer's browser finds the shop, without a slash at the end."""
        return (self.public_url or self.api_url).rstrip("/")

    @property
    def sandbox_is_offered(self) -> bool:
        """Whether the payment sandbox is among the channels of this shop."""
        if self.offer_sandbox_channels is None:
            return self.environment != "production"
        return self.offer_sandbox_channels

    @property
    def points_terms(self) -> dict[str, int]:
        """Every setting of points by the name it has among the terms of points."""
        return self._named("points_")

    @property
    def keeping(self) -> dict[str, timedelta]:
        """For how long things are kept, by the names they have for housekeeping."""
        return self._named("keep_")

    @property
    def aftersale_automatic(self) -> dict[str, Any]:
        """Every setting of the automatic rule by the name it has among its terms."""
        return self._named("aftersale_automatic_")

    def _named(self, prefix: str) -> dict[str, Any]:
        return {
            name.removeprefix(prefix): getattr(self, name)
            for name in type(self).model_fields
            if name.startswith(prefix)
        }

    def listen_on(self, url: str) -> tuple[str, int]:
        """Host and port on which the server with this address listens."""
        address = urlsplit(url)
        default = 443 if address.scheme == "https" else 80
        return self.bind_host or address.hostname or "127.0.0.1", address.port or default

    def dsn(self, database: str) -> str:
        """The address of one domain's database: `HANSE_DSN_<DOMAIN>` if set, else `hanse_<domain>` on `postgres_url`."""
        own = os.environ.get(f"HANSE_DSN_{database.upper()}")
        if own:
            return own
        return urlunsplit(urlsplit(self.postgres_url)._replace(path=f"/hanse_{database}"))
