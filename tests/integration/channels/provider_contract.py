"""What an adapter of a real provider promises beyond `PaymentChannelContract`, against a simulator that checks our signatures.

The module of an adapter gives, besides that contract's fixtures: `provider` (the simulator), `hurried` (the channel with a
short patience), `stranger` (the channel with keys that the provider does not know), `forgeries` (wrong variants of a
callback by name, each with the refusal it must meet) and `secrets_held` (what no log may show).
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.payment.contract import CallbackKind, PaymentChannel, PaymentState, RefundState
from channels.payment.errors import ChannelRefused, ChannelUnavailable, StatementCorrupt
from models.shared import Money, Refusal
from tests.integration.channels.payment_contract import (
    BuyerPays,
    PaymentChannelContract,
    asking,
    asking_back,
    now,
    settled,
)
from tests.integration.channels.sandbox_server import CallbackInbox, until
from tests.simulators.serving import Answer, Provider

Forgeries = Callable[[dict[str, str], bytes], dict[str, tuple[dict[str, str], bytes, type[Refusal]]]]

UNCLEAR = {
    "a fault of theirs": Answer(500, b'{"code":"SYSTEM_ERROR","error":{"type":"api_error"}}'),
    "a gateway's page": Answer(502, b"<html>Bad Gateway</html>"),
    "a wall": Answer(429, b'{"code":"FREQUENCY_LIMITED","error":{"type":"invalid_request_error"}}'),
    "a refusal without a reason": Answer(404, b"<html>Not Found</html>"),
    "a redirect": Answer(302, b"", {"Location": "http://127.0.0.1:9/"}),
    "no JSON": Answer(200, b"yes"),
    "JSON that says something else": Answer(200, b'{"hello":"world"}'),
}


class ProviderContract(PaymentChannelContract):
    """Forgery, silence, nonsense, races, secrets."""

    async def test_a_forged_callback_is_refused(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays, forgeries: Forgeries
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        await inbox.wait_for(1)
        for name, (headers, body, refusal) in forgeries(*inbox.raw[0]).items():
            with pytest.raises(refusal):
                print(name, channel.parse_callback(headers, body, now()))  # noqa: T201 # shown when it is believed

    async def test_a_callback_that_comes_again_is_the_same_event(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays, provider: Provider
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        await inbox.wait_for(1)
        await provider.tell(inbox.url, *inbox.raw[0])
        first, again = await inbox.wait_for(2)
        assert first == again

    async def test_the_provider_hears_what_it_wants_to_hear(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays, provider: Provider
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        await until(lambda: bool(provider.heard), "an answer to the callback")
        assert provider.heard == [(channel.received.status, channel.received.body)]

    @pytest.mark.parametrize("pays_before", [1, 2], ids=["the provider is told", "it is asked how it stands"])
    async def test_a_buyer_who_pays_while_it_is_closed_has_paid(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: Any, buyer_pays: BuyerPays, pays_before: int
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        provider.hooks = {len(provider.asked) + pays_before: lambda: provider.pay(reference)}
        closed = await channel.close(reference)
        assert closed.status is PaymentState.PAID
        assert closed.amount == Money(minor=12_345)
        await until(lambda: any(told.kind is CallbackKind.PAYMENT_PAID for told in inbox.accepted), "the report")
        assert closed.transaction_id in {told.transaction_id for told in inbox.accepted}

    async def test_a_refund_whose_answer_is_lost_is_unknown_and_the_repeat_moves_nothing_twice(
        self,
        channel: PaymentChannel,
        hurried: PaymentChannel,
        inbox: CallbackInbox,
        buyer_pays: BuyerPays,
        provider: Provider,
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        request = asking_back(inbox, reference, 7_000)
        seen = len(provider.asked)
        provider.silent = True
        with pytest.raises(ChannelUnavailable):
            await hurried.refund(request)
        with pytest.raises(ChannelUnavailable):
            await hurried.query(reference)
        assert len(provider.asked) > seen
        provider.silent = False
        await channel.refund(request)
        assert (await settled(channel, request.refund_id, reference)).amount == request.amount
        await channel.refund(asking_back(inbox, reference, 5_345))
        with pytest.raises(ChannelRefused):
            await channel.refund(asking_back(inbox, reference, 1))

    @pytest.mark.parametrize("answer", UNCLEAR.values(), ids=UNCLEAR)
    async def test_an_unclear_answer_is_neither_yes_nor_no(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays, provider: Provider, answer: Answer
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        request = asking_back(inbox, reference, 12_345)
        for ask in (
            lambda: channel.query(reference),
            lambda: channel.close(reference),
            lambda: channel.refund(request),
            lambda: channel.query_refund(request.refund_id, reference),
        ):
            provider.instead = [answer]
            with pytest.raises(ChannelUnavailable):
                await ask()
        provider.instead.clear()
        assert (await channel.query(reference)).status is PaymentState.PAID

    async def test_wrong_keys_say_nothing_about_the_payment(
        self, channel: PaymentChannel, stranger: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        with pytest.raises(ChannelUnavailable):
            await stranger.query(reference)
        with pytest.raises(ChannelUnavailable):
            await stranger.refund(asking_back(inbox, reference, 1))

    async def test_what_the_channel_does_not_take_is_refused_before_anybody_is_asked(
        self, channel: PaymentChannel, inbox: CallbackInbox, provider: Provider
    ) -> None:
        seen = len(provider.asked)
        for amount in (Money(minor=5_000, currency="XTS"), Money(minor=0), Money(minor=channel.terms.max_minor + 1)):
            with pytest.raises(ChannelRefused, match="amount_not_taken"):
                await channel.create(asking(inbox, amount=amount))
        assert len(provider.asked) == seen

    async def test_a_payment_that_was_refunded_whole_is_still_paid(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        before = await channel.query(reference)
        request = asking_back(inbox, reference, 12_345)
        await channel.refund(request)
        assert (await settled(channel, request.refund_id, reference)).status is RefundState.SUCCEEDED
        assert await channel.query(reference) == before
        assert await channel.close(reference) == before

    async def test_a_statement_that_was_cut_or_changed_is_corrupt(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays, tmp_path: Path
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        today = now().astimezone(self.CALENDAR).date()
        file = await channel.fetch_statement(today, tmp_path)
        assert list(channel.read_statement(file))
        self.cut(file)
        with pytest.raises(StatementCorrupt):
            list(channel.read_statement(file))
        file.write_bytes(file.read_bytes()[:-40])
        with pytest.raises(StatementCorrupt):
            list(channel.read_statement(file))

    def cut(self, file: Path) -> None:
        """Take one movement out of a statement file, totals untouched."""
        raise NotImplementedError

    async def test_no_secret_reaches_a_log(
        self,
        channel: PaymentChannel,
        stranger: PaymentChannel,
        inbox: CallbackInbox,
        buyer_pays: BuyerPays,
        secrets_held: list[str],
        caplog: pytest.LogCaptureFixture,
        tmp_path: Path,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        await channel.refund(asking_back(inbox, reference, 1))
        await channel.fetch_statement(now().astimezone(self.CALENDAR).date(), tmp_path)
        errors = await asyncio.gather(
            stranger.query(reference), channel.refund(asking_back(inbox, reference, 99_999)), return_exceptions=True
        )
        told = "\n".join(
            [
                caplog.text,
                *(f"{error!r} {error}" for error in errors),
                *(repr(vars(channel)[name]) for name in vars(channel)),
            ]
        )
        assert len(caplog.records) > 0
        assert [secret for secret in secrets_held if secret in told] == []


def stale() -> timedelta:
    """More than any provider's tolerance."""
    return timedelta(minutes=10)
