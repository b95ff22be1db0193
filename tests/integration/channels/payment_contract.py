"""What every payment channel promises, as tests. An adapter inherits `PaymentChannelContract` and gives the fixtures:

- `channel`: the channel under test, connected to its sandbox or simulator,
- `buyer_pays`: an async function that pays, as a buyer, what is at a reference,
- `inbox`: a CallbackInbox that is open and parses with the channel.

Where providers differ, it overrides what the class says of them.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from channels.payment.contract import (
    CallbackKind,
    ChannelRefund,
    CreatePayment,
    PaymentChannel,
    PaymentState,
    RefundRequest,
    RefundState,
    StatementKind,
)
from channels.payment.errors import (
    CallbackMalformed,
    CallbackSignatureInvalid,
    CallbackTimestampStale,
    ChannelRefused,
)
from models.shared import Money
from models.shared.ids import AttemptId, RefundId
from tests.integration.channels.sandbox_server import CallbackInbox

BuyerPays = Callable[[str], Awaitable[None]]


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


def asking(inbox: CallbackInbox, minor: int = 12_345, **changes: Any) -> CreatePayment:
    """A new attempt to pay `minor`."""
    values: dict[str, Any] = {
        "attempt": AttemptId.mint(now(), secrets.token_bytes(10)),
        "amount": Money(minor=minor, currency="CNY"),
        "description": "Two books and a lamp",
        "notify_url": inbox.url,
        "return_url": "http://127.0.0.1:9/orders/1",
        "expires_at": now() + timedelta(minutes=30),
    }
    return CreatePayment.model_validate(values | changes)


def asking_back(inbox: CallbackInbox, reference: str, minor: int, paid: int = 12_345) -> RefundRequest:
    """A new refund of `minor`."""
    return RefundRequest(
        refund_id=RefundId.mint(now(), secrets.token_bytes(10)),
        channel_reference=reference,
        amount=Money(minor=minor, currency="CNY"),
        paid=Money(minor=paid, currency="CNY"),
        reason="returned",
        notify_url=inbox.url,
    )


async def settled(channel: PaymentChannel, refund_id: RefundId, reference: str) -> ChannelRefund:
    """The refund once it is no longer being processed."""
    for _ in range(400):
        refund = await channel.query_refund(refund_id, reference)
        if refund.status is not RefundState.PROCESSING:
            return refund
        await asyncio.sleep(0.02)
    raise AssertionError(f"{refund_id} is still being processed")


def tampered(body: bytes) -> bytes:
    """The same but for one digit."""
    return re.sub(rb"(?<!%)\d", lambda found: b"1" if found[0] != b"1" else b"2", body, count=1)


class PaymentChannelContract:
    """The promises of `channels/payment/contract.py`."""

    CALENDAR: tzinfo = UTC
    """Of its statements."""
    CASHIER: tuple[str, ...] = ("http",)
    """How the address of its cashier begins."""
    TELLS_THE_AMOUNT_OF_A_REFUND = True
    """In the callback."""

    async def test_its_terms_accept_an_amount_within_its_limits_only(self, channel: PaymentChannel) -> None:
        terms = channel.terms
        currency = min(terms.currencies)
        assert terms.accepts(Money(minor=terms.min_minor, currency=currency))
        assert terms.accepts(Money(minor=terms.max_minor, currency=currency))
        assert not terms.accepts(Money(minor=terms.max_minor + 1, currency=currency))
        assert not terms.accepts(Money(minor=terms.min_minor - 1, currency=currency))
        assert not terms.accepts(Money(minor=terms.min_minor, currency="XXX"))
        assert set(terms.display_names) == {"en", "zh"}

    async def test_creating_twice_gives_the_same_payment(self, channel: PaymentChannel, inbox: CallbackInbox) -> None:
        request = asking(inbox)
        first = await channel.create(request)
        assert await channel.create(request) == first
        assert first.cashier_url.startswith(self.CASHIER)

    async def test_creating_at_once_twenty_times_gives_one_payment(
        self, channel: PaymentChannel, inbox: CallbackInbox
    ) -> None:
        request = asking(inbox)
        created = await asyncio.gather(*(channel.create(request) for _ in range(20)))
        assert len({payment.channel_reference for payment in created}) == 1

    async def test_the_same_attempt_with_another_amount_is_refused(
        self, channel: PaymentChannel, inbox: CallbackInbox
    ) -> None:
        request = asking(inbox)
        created = await channel.create(request)
        with pytest.raises(ChannelRefused):
            await channel.create(request.model_copy(update={"amount": Money(minor=1, currency="CNY")}))
        assert (await channel.query(created.channel_reference)).amount == request.amount

    async def test_a_new_payment_is_pending(self, channel: PaymentChannel, inbox: CallbackInbox) -> None:
        request = asking(inbox)
        payment = await channel.query((await channel.create(request)).channel_reference)
        assert payment.status is PaymentState.PENDING
        assert payment.amount == request.amount
        assert payment.transaction_id is None
        assert payment.paid_at is None

    async def test_an_unknown_payment_is_a_value_not_an_error(self, channel: PaymentChannel) -> None:
        for answer in (await channel.query("no-such-payment"), await channel.close("no-such-payment")):
            assert answer.status is PaymentState.UNKNOWN_PAYMENT
            assert answer.amount is None

    async def test_a_paid_payment_is_reported_and_can_be_queried_with_the_same_facts(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        request = asking(inbox)
        reference = (await channel.create(request)).channel_reference
        before = now()
        await buyer_pays(reference)
        payment = await channel.query(reference)
        assert payment.status is PaymentState.PAID
        assert payment.paid_at is not None
        assert before - timedelta(seconds=2) <= payment.paid_at <= now() + timedelta(seconds=2)
        [callback] = await inbox.wait_for(1)
        assert callback.kind is CallbackKind.PAYMENT_PAID
        assert callback.attempt == request.attempt
        assert callback.refund_id is None
        assert (callback.channel_reference, callback.amount) == (reference, request.amount)
        assert (callback.transaction_id, callback.occurred_at) == (payment.transaction_id, payment.paid_at)

    async def test_closing_stops_a_payment_and_can_be_repeated(
        self, channel: PaymentChannel, inbox: CallbackInbox
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        assert (await channel.close(reference)).status is PaymentState.CLOSED
        assert (await channel.close(reference)).status is PaymentState.CLOSED
        assert (await channel.query(reference)).status is PaymentState.CLOSED

    async def test_closing_a_paid_payment_answers_paid_with_its_facts(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        closed = await channel.close(reference)
        assert closed.status is PaymentState.PAID
        assert closed == await channel.query(reference)

    async def test_a_whole_refund_succeeds_and_is_reported(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        await inbox.wait_for(1)
        request = asking_back(inbox, reference, 12_345)
        assert (await channel.refund(request)).status in (RefundState.PROCESSING, RefundState.SUCCEEDED)
        refund = await settled(channel, request.refund_id, reference)
        assert refund.status is RefundState.SUCCEEDED
        callback = (await inbox.wait_for(2))[1]
        assert callback.kind is CallbackKind.REFUND_SUCCEEDED
        assert callback.refund_id == request.refund_id
        assert callback.amount == (request.amount if self.TELLS_THE_AMOUNT_OF_A_REFUND else None)
        assert (callback.transaction_id, callback.occurred_at) == (refund.transaction_id, refund.settled_at)
        assert (await channel.query(reference)).status is PaymentState.PAID

    async def test_partial_refunds_stop_at_what_was_paid(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        for minor in (12_000, 345):
            await channel.refund(asking_back(inbox, reference, minor))
        too_much = asking_back(inbox, reference, 1)
        with pytest.raises(ChannelRefused):
            await channel.refund(too_much)
        assert (await channel.query_refund(too_much.refund_id, reference)).status is RefundState.UNKNOWN_REFUND

    async def test_racing_partial_refunds_never_exceed_what_was_paid(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        requests = [asking_back(inbox, reference, 5_000) for _ in range(10)]
        answers = await asyncio.gather(*(channel.refund(request) for request in requests), return_exceptions=True)
        assert sum(isinstance(answer, ChannelRefund) for answer in answers) == 2
        assert sum(isinstance(answer, ChannelRefused) for answer in answers) == 8

    async def test_the_same_refund_id_twenty_times_at_once_refunds_once(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        request = asking_back(inbox, reference, 5_000)
        answers = await asyncio.gather(*(channel.refund(request) for _ in range(20)))
        assert len({answer.transaction_id for answer in answers}) == 1
        assert (await settled(channel, request.refund_id, reference)).status is RefundState.SUCCEEDED
        await channel.refund(asking_back(inbox, reference, 7_345))

    async def test_a_refund_id_with_another_amount_is_refused(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        await buyer_pays(reference)
        request = asking_back(inbox, reference, 5_000)
        await channel.refund(request)
        with pytest.raises(ChannelRefused):
            await channel.refund(request.model_copy(update={"amount": Money(minor=5_001, currency="CNY")}))

    async def test_what_was_not_paid_cannot_be_refunded(self, channel: PaymentChannel, inbox: CallbackInbox) -> None:
        reference = (await channel.create(asking(inbox))).channel_reference
        with pytest.raises(ChannelRefused):
            await channel.refund(asking_back(inbox, reference, 1))

    async def test_a_callback_that_was_tampered_with_is_refused(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        await inbox.wait_for(1)
        headers, body = inbox.raw[0]
        with pytest.raises(CallbackSignatureInvalid):
            channel.parse_callback(headers, tampered(body), now())
        with pytest.raises(CallbackMalformed):
            channel.parse_callback({"content-type": "application/json"}, body, now())

    @pytest.mark.parametrize("away", [timedelta(seconds=310), timedelta(seconds=-310)], ids=["old", "of the future"])
    async def test_a_callback_more_than_five_minutes_away_is_refused(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays, away: timedelta
    ) -> None:
        await buyer_pays((await channel.create(asking(inbox))).channel_reference)
        await inbox.wait_for(1)
        headers, body = inbox.raw[0]
        with pytest.raises(CallbackTimestampStale):
            channel.parse_callback(headers, body, now() + away)
        assert channel.parse_callback(headers, body, now() + away * 0.9).kind is CallbackKind.PAYMENT_PAID

    async def test_the_statement_lists_payments_refunds_and_fees(
        self, channel: PaymentChannel, inbox: CallbackInbox, buyer_pays: BuyerPays, tmp_path: Path
    ) -> None:
        request = asking(inbox, 12_550)
        reference = (await channel.create(request)).channel_reference
        await buyer_pays(reference)
        back = asking_back(inbox, reference, 550, paid=12_550)
        await channel.refund(back)
        payment, refund = await channel.query(reference), await settled(channel, back.refund_id, reference)
        assert payment.paid_at is not None
        assert refund.settled_at is not None
        lines = []
        for day in sorted({at.astimezone(self.CALENDAR).date() for at in (payment.paid_at, refund.settled_at)}):
            lines += list(channel.read_statement(await channel.fetch_statement(day, tmp_path)))
        mine = {line.kind: line for line in lines if line.channel_reference == reference}
        assert len([line for line in lines if line.channel_reference == reference]) == len(mine)
        fee = channel.terms.fee.on(request.amount)
        assert {kind: line.amount.minor for kind, line in mine.items()} == {
            StatementKind.PAYMENT: 12_550,
            StatementKind.REFUND: -550,
            StatementKind.FEE: -fee.minor,
        }
        assert mine[StatementKind.PAYMENT].transaction_id == payment.transaction_id
        assert mine[StatementKind.PAYMENT].merchant_id == request.attempt
        assert mine[StatementKind.REFUND].transaction_id == refund.transaction_id
        assert mine[StatementKind.REFUND].merchant_id == back.refund_id
