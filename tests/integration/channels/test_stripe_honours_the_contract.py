"""The Stripe adapter against a Stripe that checks keys, idempotency keys and amounts."""

import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from pathlib import Path

import httpx
import pytest

from channels.payment.contract import CallbackKind, FeeRule, PaymentChannel, PaymentState, RefundState
from channels.payment.errors import CallbackMalformed, CallbackSignatureInvalid, CallbackTimestampStale, ChannelRefused
from channels.payment.stripe import StripeAccount, StripeChannel
from models.shared import Money
from tests.integration.channels.payment_contract import BuyerPays, asking, asking_back, now, settled
from tests.integration.channels.provider_contract import Forgeries, ProviderContract, stale
from tests.integration.channels.sandbox_server import CallbackInbox
from tests.simulators.stripe import StripeSimulator

FEE = FeeRule(basis_points=290, fixed_minor=30)
CURRENCIES = frozenset({"CNY", "USD", "JPY", "KWD"})


def channel_to(
    stripe: StripeSimulator, http: httpx.AsyncClient, *, key: str | None = None, patience: float = 5
) -> StripeChannel:
    account = StripeAccount(stripe.url, key or stripe.secret_key, (stripe.webhook_secret, "whsec_before"))
    return StripeChannel(account, CURRENCIES, http, FEE, httpx.Timeout(patience))


@pytest.fixture(scope="module")
async def stripe() -> AsyncIterator[StripeSimulator]:
    stripe = StripeSimulator()
    await stripe.open()
    yield stripe
    await stripe.close()


@pytest.fixture
def provider(stripe: StripeSimulator, inbox: CallbackInbox) -> StripeSimulator:
    stripe.forget()
    stripe.endpoint = inbox.url
    return stripe


@pytest.fixture
def channel(stripe: StripeSimulator, http: httpx.AsyncClient) -> StripeChannel:
    stripe.forget()
    return channel_to(stripe, http)


@pytest.fixture
def hurried(stripe: StripeSimulator, http: httpx.AsyncClient) -> StripeChannel:
    return channel_to(stripe, http, patience=0.1)


@pytest.fixture
def stranger(stripe: StripeSimulator, http: httpx.AsyncClient) -> StripeChannel:
    return channel_to(stripe, http, key="sk_test_of_somebody_else")


@pytest.fixture
def buyer_pays(provider: StripeSimulator) -> BuyerPays:
    async def pay(reference: str) -> None:
        provider.pay(reference)

    return pay


@pytest.fixture
def secrets_held(stripe: StripeSimulator) -> list[str]:
    return [stripe.secret_key, stripe.webhook_secret]


@pytest.fixture
def forgeries(stripe: StripeSimulator) -> Forgeries:
    def of(headers: dict[str, str], body: bytes) -> dict[str, tuple[dict[str, str], bytes, type[Exception]]]:
        given = headers["stripe-signature"]
        plain = given.replace("v1=", "v0=")
        return {  # type: ignore[return-value]
            "another secret": (stripe.signed(body, secret="whsec_guessed"), body, CallbackSignatureInvalid),
            "another body": (headers, body.replace(b"checkout", b"checkin"), CallbackSignatureInvalid),
            "another time": ({"stripe-signature": given.replace("t=1", "t=2")}, body, CallbackSignatureInvalid),
            "an old one": (stripe.signed(body, at=now() - stale()), body, CallbackTimestampStale),
            "one of the future": (stripe.signed(body, at=now() + stale()), body, CallbackTimestampStale),
            "only the test scheme": ({"stripe-signature": plain}, body, CallbackMalformed),
            "no time": ({"stripe-signature": given.partition(",")[2]}, body, CallbackMalformed),
            "no event": (stripe.signed(b'{"id":1}'), b'{"id":1}', CallbackMalformed),
        }

    return of


@pytest.mark.usefixtures("provider")
class TestStripe(ProviderContract):
    CALENDAR = UTC

    def cut(self, file: Path) -> None:
        lines = gzip.decompress(file.read_bytes()).splitlines()
        file.write_bytes(gzip.compress(b"\n".join(lines[1:])))

    async def test_a_secret_that_is_being_rolled_is_still_believed(
        self, channel: PaymentChannel, provider: StripeSimulator, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        await inbox.wait_for(1)
        body = inbox.raw[0][1]
        old, new = provider.signed(body, secret="whsec_before"), provider.signed(body, secret="whsec_after")
        both = f"{new['Stripe-Signature']},{old['Stripe-Signature'].split(',')[1]}"
        assert channel.parse_callback({"Stripe-Signature": both}, body, now()) == inbox.accepted[0]

    async def test_events_that_need_nothing_are_notices(
        self, channel: PaymentChannel, provider: StripeSimulator
    ) -> None:
        unpaid = {"id": "cs_1", "payment_status": "unpaid", "client_reference_id": "att_01jd8x4q2r7m9v3k5t6w8y0zab"}
        foreign = {"id": "cs_2", "payment_status": "paid", "client_reference_id": "somebody else's"}
        by_hand = {"id": "re_1", "amount": 1, "currency": "usd", "status": "succeeded", "created": 1}
        for kind, told in [
            ("checkout.session.completed", unpaid),
            ("checkout.session.completed", foreign),
            ("refund.updated", by_hand),
            ("payout.paid", {"id": "po_1"}),
        ]:
            body = provider.event(kind, told)
            notice = channel.parse_callback(provider.signed(body), body, now())
            assert (notice.event_id, getattr(notice, "about", "")) == (json.loads(body)["id"], kind)

    async def test_a_refund_is_not_doubled_when_stripe_has_forgotten_its_key(
        self, channel: PaymentChannel, provider: StripeSimulator, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        for minor in (10, 20, 30):
            await channel.refund(asking_back(inbox, reference, minor))
        request = asking_back(inbox, reference, 5_000)
        first = await channel.refund(request)
        provider.forget_keys()
        provider.page = 1
        for minor in (40, 50):
            await channel.refund(asking_back(inbox, reference, minor))
        assert (await channel.refund(request)).transaction_id == first.transaction_id
        assert len([refund for refund in provider.refunds if refund["metadata"]["refund_id"] == request.refund_id]) == 1

    async def test_a_refund_that_fails_later_is_refused_with_the_bank_s_words(
        self, channel: PaymentChannel, provider: StripeSimulator, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        provider.refund_ends_as = "failed"
        request = asking_back(inbox, reference, 5_000)
        assert (await channel.refund(request)).status is RefundState.PROCESSING
        refund = await settled(channel, request.refund_id, reference)
        assert (refund.status, refund.reason) == (RefundState.REFUSED, "expired_or_canceled_card")
        callback = (await inbox.wait_for(2))[1]
        assert (callback.kind, callback.reason) == (CallbackKind.REFUND_REFUSED, "expired_or_canceled_card")

    @pytest.mark.parametrize(
        ("amount", "said"),
        [
            (Money(minor=500, currency="JPY"), 500),
            (Money(minor=1_999, currency="USD"), 1_999),
            (Money(minor=5_120, currency="KWD"), 5_120),
        ],
        ids=str,
    )
    async def test_amounts_are_said_in_stripe_s_units(
        self, channel: PaymentChannel, provider: StripeSimulator, inbox: CallbackInbox, amount: Money, said: int
    ) -> None:
        created = await channel.create(asking(inbox, amount=amount))
        assert provider.sessions[created.channel_reference]["amount_total"] == said
        assert (await channel.query(created.channel_reference)).amount == amount

    async def test_an_amount_that_stripe_cannot_say_is_refused(
        self, channel: PaymentChannel, inbox: CallbackInbox
    ) -> None:
        with pytest.raises(ChannelRefused, match="amount_not_taken"):
            await channel.create(asking(inbox, amount=Money(minor=5_124, currency="KWD")))

    async def test_a_short_window_gets_a_session_that_stripe_takes_and_closing_ends_it(
        self, channel: PaymentChannel, inbox: CallbackInbox
    ) -> None:
        created = await channel.create(asking(inbox, expires_at=now() + timedelta(minutes=2)))
        assert (await channel.close(created.channel_reference)).status is PaymentState.CLOSED
        [callback] = await inbox.wait_for(1)
        assert callback.kind is CallbackKind.PAYMENT_CLOSED

    async def test_a_long_statement_is_read_page_by_page(
        self,
        channel: PaymentChannel,
        provider: StripeSimulator,
        inbox: CallbackInbox,
        buyer_pays: BuyerPays,
        tmp_path: Path,
    ) -> None:
        provider.page = 2
        references = [(await channel.create(asking(inbox))).channel_reference for _ in range(5)]
        for reference in references:
            await buyer_pays(reference)
        lines = list(channel.read_statement(await channel.fetch_statement(now().date(), tmp_path)))
        assert {line.channel_reference for line in lines} >= set(references)
