"""The Alipay adapter against an Alipay that checks our signatures and hears of a payment when the buyer opens its page."""

import re
import zipfile
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.payment.alipay import AlipayAccount, AlipayChannel
from channels.payment.beijing import BEIJING
from channels.payment.contract import CallbackKind, CreatedPayment, CreatePayment, FeeRule, PaymentChannel, PaymentState
from channels.payment.errors import CallbackMalformed, CallbackSignatureInvalid, ChannelRefused, ChannelUnavailable
from models.shared import Money
from tests.integration.channels.payment_contract import BuyerPays, asking, asking_back, now, tampered
from tests.integration.channels.provider_contract import Forgeries, ProviderContract
from tests.integration.channels.sandbox_server import CallbackInbox, until
from tests.simulators.alipay import AlipaySimulator, GbkName
from tests.simulators.serving import Answer, private_pem, spare_key


class OpenedAtOnce(AlipayChannel):
    """The channel with a buyer who opens each page as soon as it is there."""

    provider: AlipaySimulator

    async def create(self, request: CreatePayment) -> CreatedPayment:
        created = await super().create(request)
        await self.provider.opens(created.cashier_url)
        return created


def channel_to(
    alipay: AlipaySimulator, http: httpx.AsyncClient, *, key: rsa.RSAPrivateKey | None = None, patience: float = 5
) -> OpenedAtOnce:
    account = AlipayAccount(
        gateway=alipay.gateway,
        app_id=alipay.app_id,
        seller_id=alipay.seller_id,
        private_key=key or alipay.merchant_key,
        public_keys=(spare_key("the new Alipay").public_key(), alipay.own_key.public_key()),
    )
    channel = OpenedAtOnce(account, http, now, FeeRule(basis_points=60), httpx.Timeout(patience))
    channel.provider = alipay
    return channel


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[AlipaySimulator]:
    alipay = AlipaySimulator()
    await alipay.open()
    yield alipay
    await alipay.close()


@pytest.fixture
def channel(provider: AlipaySimulator, http: httpx.AsyncClient) -> OpenedAtOnce:
    provider.forget()
    return channel_to(provider, http)


@pytest.fixture
def hurried(provider: AlipaySimulator, http: httpx.AsyncClient) -> OpenedAtOnce:
    return channel_to(provider, http, patience=0.1)


@pytest.fixture
def stranger(provider: AlipaySimulator, http: httpx.AsyncClient) -> OpenedAtOnce:
    return channel_to(provider, http, key=spare_key())


@pytest.fixture
def buyer_pays(provider: AlipaySimulator) -> BuyerPays:
    async def pay(reference: str) -> None:
        provider.pay(reference)

    return pay


@pytest.fixture
def secrets_held(provider: AlipaySimulator) -> list[str]:
    return [private_pem(provider.merchant_key).splitlines()[5]]


@pytest.fixture
def forgeries(provider: AlipaySimulator) -> Forgeries:
    def of(headers: dict[str, str], body: bytes) -> dict[str, tuple[dict[str, str], bytes, type[Exception]]]:
        told = {name: value for name, value in parse_qsl(body.decode()) if name not in ("sign", "sign_type")}
        cheaper = body.replace(b"total_amount=123.45", b"total_amount=923.45")
        more = body + b"&out_biz_no=rfd_01jd8x4q2r7m9v3k5t6w8y0zab"
        foreign = {**told, "out_trade_no": "20150320010101001"}
        return {  # type: ignore[return-value]
            "a key of nobody": (headers, provider.notice(told, spare_key()), CallbackSignatureInvalid),
            "our own key": (headers, provider.notice(told, provider.merchant_key), CallbackSignatureInvalid),
            "another amount": (headers, cheaper, CallbackSignatureInvalid),
            "a parameter more": (headers, more, CallbackSignatureInvalid),
            "a signature that is no base64": (
                headers,
                re.sub(rb"&sign=[^&]*", b"&sign=*", body),
                CallbackSignatureInvalid,
            ),
            "the weaker algorithm": (headers, body.replace(b"sign_type=RSA2", b"sign_type=RSA"), CallbackMalformed),
            "a parameter twice": (headers, body + b"&trade_status=TRADE_SUCCESS", CallbackMalformed),
            "for another application": (headers, provider.notice({**told, "app_id": "2014"}), CallbackMalformed),
            "for another seller": (headers, provider.notice({**told, "seller_id": "2088"}), CallbackMalformed),
            "a trade that is not ours": (headers, provider.notice(foreign), CallbackMalformed),
            "no form": (headers, "不".encode(), CallbackMalformed),
            "nothing": (headers, b"", CallbackMalformed),
        }

    return of


class TestAlipay(ProviderContract):
    CALENDAR = BEIJING
    TELLS_THE_AMOUNT_OF_A_REFUND = False

    def cut(self, file: Path) -> None:
        with zipfile.ZipFile(file, metadata_encoding="gbk") as bundle:
            [name] = [name for name in bundle.namelist() if name.endswith("业务明细.csv")]
            lines = bundle.read(name).splitlines(keepends=True)
        with zipfile.ZipFile(file, "w") as bundle:
            bundle.writestr(GbkName(name), b"".join(lines[:4] + lines[5:]))

    async def test_the_same_attempt_with_another_amount_is_refused(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: AlipaySimulator, http: httpx.AsyncClient
    ) -> None:
        request = asking(inbox)
        created = await channel.create(request)
        other = request.model_copy(update={"amount": Money(minor=1)})
        again = await AlipayChannel.create(channel, other)  # type: ignore[arg-type]
        assert await provider.opens(again.cashier_url) == "ACQ.CONTEXT_INCONSISTENT"
        assert (await channel.query(created.channel_reference)).amount == request.amount

    async def test_a_callback_that_was_tampered_with_is_refused(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        await inbox.wait_for(1)
        headers, body = inbox.raw[0]
        with pytest.raises(CallbackSignatureInvalid):
            channel.parse_callback(headers, tampered(body), now())
        with pytest.raises(CallbackMalformed):
            channel.parse_callback(headers, re.sub(rb"&sign=[^&]*", b"", body), now())

    @pytest.mark.parametrize("away", [timedelta(hours=25), timedelta(hours=-25)], ids=["late", "early"])
    async def test_a_callback_more_than_five_minutes_away_is_refused(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays, away: timedelta
    ) -> None:
        """Not so here: Alipay repeats the same notice for 25 hours; it is known by its id, whenever it comes."""
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        [first] = await inbox.wait_for(1)
        assert channel.parse_callback(*inbox.raw[0], now() + away) == first

    async def test_while_alipay_changes_its_key_both_are_believed(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: AlipaySimulator, buyer_pays: BuyerPays
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        [first] = await inbox.wait_for(1)
        body = provider.notice(provider.last_notice, spare_key("the new Alipay"))
        assert channel.parse_callback({}, body, now()) == first

    async def test_until_the_buyer_opens_the_page_alipay_knows_of_nothing(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: AlipaySimulator
    ) -> None:
        created = await AlipayChannel.create(channel, asking(inbox))  # type: ignore[arg-type]
        assert (await channel.query(created.channel_reference)).status is PaymentState.UNKNOWN_PAYMENT
        assert await provider.opens(created.cashier_url) == "cashier"
        assert (await channel.query(created.channel_reference)).status is PaymentState.PENDING

    async def test_a_page_with_another_s_signature_does_not_open(
        self, stranger: PaymentChannel, inbox: CallbackInbox, provider: AlipaySimulator
    ) -> None:
        created = await AlipayChannel.create(stranger, asking(inbox))  # type: ignore[arg-type]
        assert await provider.opens(created.cashier_url) == "INVALID_SIGNATURE"

    async def test_a_trade_that_is_closed_unpaid_is_reported_so(
        self, channel: PaymentChannel, inbox: CallbackInbox
    ) -> None:
        request = asking(inbox)
        await channel.close((await channel.create(request)).channel_reference)
        [callback] = await inbox.wait_for(1)
        assert (callback.kind, callback.amount) == (CallbackKind.PAYMENT_CLOSED, request.amount)

    async def test_notices_that_need_nothing_are_notices(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: AlipaySimulator, buyer_pays: BuyerPays
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        await inbox.wait_for(1)
        told = provider.last_notice
        for changed in ({"trade_status": "WAIT_BUYER_PAY"}, {"refund_fee": "1.00", "out_biz_no": "by hand"}):
            await provider.tell(inbox.url, {}, provider.notice(told | changed))
        assert [notice.event_id for notice in inbox.noticed] == [told["notify_id"]] * 2

    async def test_an_answer_that_alipay_did_not_sign_is_no_answer(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: AlipaySimulator, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        genuine = provider._business("alipay.trade.query", {"out_trade_no": reference}).body
        for body in (
            genuine.replace(b"123.45", b"923.45"),
            genuine.replace(b'"sign":"', b'"sign":"AAAA'),
            genuine.replace(b"trade_query", b"trade_close"),
            b'{"error_response":{"code":"40003","msg":"Insufficient Conditions"}}',
        ):
            provider.instead = [Answer(200, body)]
            with pytest.raises(ChannelUnavailable, match="did not sign"):
                await channel.query(reference)

    @pytest.mark.parametrize("status", ["TRADE_PENDING", "DREAMING"])
    async def test_a_state_that_nobody_told_us_of_is_neither_paid_nor_failed(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: AlipaySimulator, status: str
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        provider.trades[reference].status = status
        with pytest.raises(ChannelUnavailable, match=status):
            await channel.query(reference)

    async def test_a_system_error_of_alipay_is_unclear(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: AlipaySimulator, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        for code, why in [
            ("40004", "ACQ.SYSTEM_ERROR"),
            ("20000", "isp.unknow-error"),
            ("40002", "isv.invalid-timestamp"),
        ]:
            provider.instead = [provider._signed("alipay.trade.refund", {"code": code, "msg": "no"}, why)]
            with pytest.raises(ChannelUnavailable, match=why):
                await channel.refund(asking_back(inbox, reference, 1))

    async def test_a_second_refund_is_reported_by_its_id_since_its_notice_tells_the_sum(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        requests = [asking_back(inbox, reference, minor) for minor in (1_000, 2_000)]
        for request in requests:
            await channel.refund(request)
        callbacks = (await inbox.wait_for(3))[1:]
        assert {callback.refund_id for callback in callbacks} == {request.refund_id for request in requests}
        assert {callback.amount for callback in callbacks} == {None}

    async def test_a_day_without_trade_has_an_empty_statement(self, channel: PaymentChannel, tmp_path: Path) -> None:
        assert list(channel.read_statement(await channel.fetch_statement(date(2026, 1, 1), tmp_path))) == []

    async def test_a_refund_with_the_sellers_balance_gone_is_refused(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: AlipaySimulator, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        await until(lambda: bool(provider.heard), "the callback")
        no = provider._signed("alipay.trade.refund", {"code": "40004", "msg": "no"}, "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        provider.instead = [no]
        with pytest.raises(ChannelRefused, match="SELLER_BALANCE_NOT_ENOUGH"):
            await channel.refund(asking_back(inbox, reference, 1))
