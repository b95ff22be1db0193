"""The WeChat Pay adapter against a WeChat Pay that checks our signatures and signs and seals as APIv3 says."""

import base64
import gzip
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.payment.beijing import BEIJING
from channels.payment.contract import CallbackKind, FeeRule, PaymentChannel, PaymentState, RefundState, StatementKind
from channels.payment.errors import (
    CallbackMalformed,
    CallbackSignatureInvalid,
    CallbackTimestampStale,
    ChannelRefused,
    ChannelUnavailable,
)
from channels.payment.wechat_pay import TradeType, WechatPayAccount, WechatPayChannel
from tests.integration.channels.payment_contract import BuyerPays, asking, asking_back, now
from tests.integration.channels.provider_contract import Forgeries, ProviderContract, stale
from tests.integration.channels.sandbox_server import CallbackInbox, until
from tests.simulators.serving import Answer, private_pem, rsa_holds, spare_key
from tests.simulators.wechat_pay import WechatPaySimulator

FEE = FeeRule(basis_points=60)


def channel_to(
    wechat: WechatPaySimulator,
    http: httpx.AsyncClient,
    *,
    trade_type: TradeType = "native",
    key: rsa.RSAPrivateKey | None = None,
    patience: float = 5,
) -> WechatPayChannel:
    account = WechatPayAccount(
        url=wechat.url,
        mchid=wechat.mchid,
        appid=wechat.appid,
        certificate_serial=wechat.certificate_serial,
        private_key=key or wechat.merchant_key,
        platform_keys={
            wechat.platform_serial: wechat.own_key.public_key(),
            "OLD": spare_key("the old WeChat").public_key(),
        },
        api_v3_keys=(b"the key that is to come, 32 bytes"[:32], wechat.api_v3_key.encode()),
    )
    return WechatPayChannel(trade_type, account, http, now, FEE, httpx.Timeout(patience))


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[WechatPaySimulator]:
    wechat = WechatPaySimulator()
    await wechat.open()
    yield wechat
    await wechat.close()


@pytest.fixture
def channel(provider: WechatPaySimulator, http: httpx.AsyncClient) -> WechatPayChannel:
    provider.forget()
    return channel_to(provider, http)


@pytest.fixture
def hurried(provider: WechatPaySimulator, http: httpx.AsyncClient) -> WechatPayChannel:
    return channel_to(provider, http, patience=0.1)


@pytest.fixture
def stranger(provider: WechatPaySimulator, http: httpx.AsyncClient) -> WechatPayChannel:
    return channel_to(provider, http, key=spare_key())


@pytest.fixture
def buyer_pays(provider: WechatPaySimulator) -> BuyerPays:
    async def pay(reference: str) -> None:
        provider.pay(reference)

    return pay


@pytest.fixture
def secrets_held(provider: WechatPaySimulator) -> list[str]:
    return [provider.api_v3_key, private_pem(provider.merchant_key).splitlines()[5]]


@pytest.fixture
def forgeries(provider: WechatPaySimulator) -> Forgeries:
    def of(headers: dict[str, str], body: bytes) -> dict[str, tuple[dict[str, str], bytes, type[Exception]]]:
        stamped = provider.stamped(body)
        probe = base64.b64encode(b"WECHATPAY/SIGNTEST/" + b"0" * 237).decode()
        event = json.loads(body)
        other_way = json.dumps({**event, "resource": {**event["resource"], "algorithm": "AES_128_ECB"}}).encode()
        other_key = provider.event("TRANSACTION.SUCCESS", "transaction", {}, key="a key that we do not have, 32 by")
        other_mch = {"mchid": "1900000001", "out_trade_no": "att_1", "trade_state": "SUCCESS"}
        foreign = provider.event("TRANSACTION.SUCCESS", "transaction", other_mch)
        return {  # type: ignore[return-value]
            "a probe": ({**stamped, "Wechatpay-Signature": probe}, body, CallbackSignatureInvalid),
            "a probe in plain words": (
                {**stamped, "Wechatpay-Signature": f"WECHATPAY/SIGNTEST/{stamped['Wechatpay-Signature'][19:]}"},
                body,
                CallbackSignatureInvalid,
            ),
            "a key of nobody": (provider.stamped(body, key=spare_key()), body, CallbackSignatureInvalid),
            "our own key": (provider.stamped(body, key=provider.merchant_key), body, CallbackSignatureInvalid),
            "an unknown serial": ({**stamped, "Wechatpay-Serial": "PUB_KEY_ID_0"}, body, CallbackSignatureInvalid),
            "another key's serial": ({**stamped, "Wechatpay-Serial": "OLD"}, body, CallbackSignatureInvalid),
            "another nonce": ({**stamped, "Wechatpay-Nonce": "0" * 32}, body, CallbackSignatureInvalid),
            "an old one": (provider.stamped(body, at=now() - stale()), body, CallbackTimestampStale),
            "one of the future": (provider.stamped(body, at=now() + stale()), body, CallbackTimestampStale),
            "no serial": ({**stamped, "Wechatpay-Serial": ""}, body, CallbackMalformed),
            "another algorithm": (provider.stamped(other_way), other_way, CallbackMalformed),
            "sealed by another": (provider.stamped(other_key), other_key, CallbackMalformed),
            "for another merchant": (provider.stamped(foreign), foreign, CallbackMalformed),
            "no event": (provider.stamped(b"{}"), b"{}", CallbackMalformed),
        }

    return of


class TestWechatPay(ProviderContract):
    CALENDAR = BEIJING
    CASHIER = ("weixin://",)

    def cut(self, file: Path) -> None:
        lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
        file.write_bytes(gzip.compress(lines[0] + b"".join(lines[2:])))

    async def test_a_success_that_wechat_did_not_sign_is_no_answer(
        self,
        channel: PaymentChannel,
        inbox: CallbackInbox,
        provider: WechatPaySimulator,
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        paid = provider._transaction(provider.orders[reference]) | {"trade_state": "SUCCESS"}
        body = json.dumps(paid).encode()
        for headers in ({}, provider.stamped(body, key=spare_key()), provider.stamped(body, at=now() - stale())):
            provider.instead = [Answer(200, body, headers)]
            with pytest.raises(ChannelUnavailable, match="did not sign"):
                await channel.query(reference)

    async def test_while_wechat_changes_its_key_both_are_believed_under_their_serials(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: WechatPaySimulator, buyer_pays: BuyerPays
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        [first] = await inbox.wait_for(1)
        body = inbox.raw[0][1]
        stamped = provider.stamped(body, key=spare_key("the old WeChat")) | {"Wechatpay-Serial": "OLD"}
        assert channel.parse_callback(stamped, body, now()) == first

    async def test_a_state_that_nobody_told_us_of_is_neither_paid_nor_failed(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: WechatPaySimulator
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        provider.orders[reference].state = "DREAMING"
        with pytest.raises(ChannelUnavailable, match="DREAMING"):
            await channel.query(reference)

    @pytest.mark.parametrize(
        ("ends_as", "status", "kind"),
        [("CLOSED", RefundState.REFUSED, CallbackKind.REFUND_REFUSED), ("ABNORMAL", RefundState.PROCESSING, None)],
    )
    async def test_a_refund_that_does_not_arrive(
        self,
        channel: PaymentChannel,
        inbox: CallbackInbox,
        provider: WechatPaySimulator,
        buyer_pays: BuyerPays,
        ends_as: str,
        status: RefundState,
        kind: CallbackKind | None,
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        await inbox.wait_for(1)
        provider.refund_ends_as = ends_as
        request = asking_back(inbox, reference, 5_000)
        await channel.refund(request)
        refund = await channel.query_refund(request.refund_id, reference)
        assert (refund.status, refund.reason) == (status, ends_as)
        if kind is None:
            await until(lambda: bool(inbox.noticed), "the notice")
            assert inbox.noticed[0].about == "REFUND.ABNORMAL"
        else:
            assert (await inbox.wait_for(2))[1].kind is kind

    async def test_a_buyer_on_a_phone_is_sent_to_wechat_and_back(
        self, provider: WechatPaySimulator, channel: PaymentChannel, http: httpx.AsyncClient, inbox: CallbackInbox
    ) -> None:
        phone = channel_to(provider, http, trade_type="h5")
        with pytest.raises(ChannelRefused, match="client_ip_missing"):
            await phone.create(asking(inbox))
        request = asking(inbox, metadata={"client_ip": "198.51.100.7"})
        address = urlsplit((await phone.create(request)).cashier_url)
        assert parse_qs(address.query)["redirect_url"] == [request.return_url]

    async def test_a_buyer_inside_wechat_gets_what_the_bridge_asks_for(
        self, provider: WechatPaySimulator, channel: PaymentChannel, http: httpx.AsyncClient, inbox: CallbackInbox
    ) -> None:
        inside = channel_to(provider, http, trade_type="jsapi")
        with pytest.raises(ChannelRefused, match="payer_id_missing"):
            await inside.create(asking(inbox))
        request = asking(inbox, metadata={"payer_id": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"})
        created = await inside.create(request)
        assert await inside.create(request) == created
        page, _, told = created.cashier_url.partition("#wechat_pay=")
        bridge = json.loads(unquote(told))
        text = "\n".join([provider.appid, bridge["timeStamp"], bridge["nonceStr"], bridge["package"], ""])
        assert page == request.return_url
        assert rsa_holds(provider.merchant_key, text.encode(), base64.b64decode(bridge["paySign"]))

    async def test_each_trade_type_reads_its_own_lines_of_the_bill(
        self,
        provider: WechatPaySimulator,
        channel: PaymentChannel,
        http: httpx.AsyncClient,
        inbox: CallbackInbox,
        tmp_path: Path,
    ) -> None:
        phone = channel_to(provider, http, trade_type="h5")
        reference = (await phone.create(asking(inbox, metadata={"client_ip": "198.51.100.7"}))).channel_reference
        provider.pay(reference)
        file = await phone.fetch_statement(now().astimezone(BEIJING).date(), tmp_path)
        assert [line.kind for line in phone.read_statement(file)] == [StatementKind.PAYMENT, StatementKind.FEE]
        assert reference not in {line.channel_reference for line in channel.read_statement(file)}

    async def test_a_bill_that_is_not_what_its_hash_says_is_fetched_again(
        self, provider: WechatPaySimulator, channel: PaymentChannel, inbox: CallbackInbox, tmp_path: Path
    ) -> None:
        provider.pay((await channel.create(asking(inbox))).channel_reference)
        seen = len(provider.asked)
        provider.hooks = {seen + 2: lambda: provider.instead.append(Answer(200, gzip.compress(b"another")))}
        with pytest.raises(ChannelUnavailable, match="damaged"):
            await channel.fetch_statement(now().astimezone(BEIJING).date(), tmp_path)

    async def test_a_day_without_trade_has_no_statement(self, channel: PaymentChannel, tmp_path: Path) -> None:
        with pytest.raises(ChannelRefused, match="NO_STATEMENT_EXIST"):
            await channel.fetch_statement(date(2026, 1, 1), tmp_path)

    async def test_paying_a_closed_order_again_is_refused(self, channel: PaymentChannel, inbox: CallbackInbox) -> None:
        request = asking(inbox)
        assert (await channel.close((await channel.create(request)).channel_reference)).status is PaymentState.CLOSED
        with pytest.raises(ChannelRefused, match="ORDER_CLOSED"):
            await channel.create(request)
