"""Each fault of the sandbox does what it says, once, and is listed afterwards."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from channels.payment.contract import CallbackKind, PaymentState, RefundState, StatementKind
from channels.payment.errors import ChannelUnavailable
from channels.payment.sandbox_channel import SandboxChannel
from models.shared import Money
from tests.integration.channels.payment_contract import BuyerPays, asking, asking_back, now, settled
from tests.integration.channels.sandbox_server import SECRET, CallbackInbox, OpenInbox, SandboxServer, StartSandbox


async def paid(channel: SandboxChannel, inbox: CallbackInbox, pays: BuyerPays, faults: str = "") -> str:
    """The reference of a new payment that was paid, with faults of its own."""
    request = asking(inbox, metadata={"faults": faults} if faults else {})
    reference = (await channel.create(request)).channel_reference
    await pays(reference)
    return reference


@pytest.fixture
def impatient(sandbox: SandboxServer, http: httpx.AsyncClient) -> SandboxChannel:
    """The same channel, waiting 0.4 s for an answer."""
    return SandboxChannel("card", sandbox.url, SECRET, http, now, timeout=httpx.Timeout(0.4))


async def test_a_lost_callback_never_comes_but_the_payment_is_found_by_asking(
    channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
) -> None:
    lost = await paid(channel, inbox, buyer_pays, "lost")
    other = await paid(channel, inbox, buyer_pays)
    await inbox.wait_for(1)
    await asyncio.sleep(0.1)
    assert [callback.channel_reference for callback in inbox.accepted] == [other]
    assert (await channel.query(lost)).status is PaymentState.PAID


async def test_a_doubled_callback_comes_that_often_with_one_event_id(
    channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
) -> None:
    await paid(channel, inbox, buyer_pays, "doubled:10")
    callbacks = await inbox.wait_for(10)
    await asyncio.sleep(0.1)
    assert len(callbacks) == 10
    assert len({callback.event_id for callback in callbacks}) == 1


async def test_a_late_callback_comes_late(channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays) -> None:
    start = time.monotonic()
    await paid(channel, inbox, buyer_pays, "late:0.6")
    [callback] = await inbox.wait_for(1)
    assert time.monotonic() - start >= 0.6
    assert callback.occurred_at < now() - timedelta(seconds=0.5)


async def test_a_reordered_callback_comes_after_the_one_of_the_refund(
    channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
) -> None:
    reference = await paid(channel, inbox, buyer_pays, "reordered:30")
    await channel.refund(asking_back(inbox, reference, 100))
    callbacks = await inbox.wait_for(2)
    assert [callback.kind for callback in callbacks] == [CallbackKind.REFUND_SUCCEEDED, CallbackKind.PAYMENT_PAID]


async def test_a_reordered_callback_comes_by_itself_when_no_refund_does(
    channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
) -> None:
    await paid(channel, inbox, buyer_pays, "reordered:0.3")
    assert (await inbox.wait_for(1))[0].kind is CallbackKind.PAYMENT_PAID


async def test_a_wrong_amount_is_signed_and_differs_from_what_a_query_says(
    channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
) -> None:
    reference = await paid(channel, inbox, buyer_pays, "wrong_amount:-100")
    [callback] = await inbox.wait_for(1)
    assert callback.amount == Money(minor=12_245, currency="CNY")
    assert (await channel.query(reference)).amount == Money(minor=12_345, currency="CNY")


@pytest.mark.parametrize(
    ("fault", "code"), [("forged", "callback_signature_invalid"), ("stale:301", "callback_timestamp_stale")]
)
async def test_a_bad_signature_comes_first_and_a_good_one_after_it_was_refused(
    channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays, fault: str, code: str
) -> None:
    await paid(channel, inbox, buyer_pays, fault)
    await inbox.wait_for(1)
    assert inbox.refused == [code]
    assert inbox.raw[0][1] == inbox.raw[1][1]


async def test_a_forged_callback_that_is_also_lost_leaves_only_the_forgery(
    channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
) -> None:
    await paid(channel, inbox, buyer_pays, "forged,lost")
    await paid(channel, inbox, buyer_pays)
    await inbox.wait_for(1)
    await asyncio.sleep(0.2)
    assert inbox.refused == ["callback_signature_invalid"]
    assert len(inbox.accepted) == 1


async def test_a_callback_of_an_unknown_payment_comes_beside_the_real_one(
    channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
) -> None:
    reference = await paid(channel, inbox, buyer_pays, "unknown_payment")
    callbacks = {callback.channel_reference: callback for callback in await inbox.wait_for(2)}
    real = callbacks.pop(reference)
    [stranger] = callbacks.values()
    assert stranger.attempt != real.attempt
    assert (await channel.query(stranger.channel_reference)).status is PaymentState.UNKNOWN_PAYMENT


async def test_a_slow_provider_answers_late(
    sandbox: SandboxServer, channel: SandboxChannel, inbox: CallbackInbox
) -> None:
    await sandbox.set_faults({"fault": "slow", "value": 1, "on": "query"})
    start = time.monotonic()
    reference = (await channel.create(asking(inbox))).channel_reference
    created_in = time.monotonic() - start
    assert (await channel.query(reference)).status is PaymentState.PENDING
    assert time.monotonic() - start - created_in >= 1 > created_in


async def test_an_unavailable_provider_does_nothing_and_is_a_fault_not_a_refusal(
    sandbox: SandboxServer, channel: SandboxChannel, inbox: CallbackInbox
) -> None:
    await sandbox.set_faults({"fault": "unavailable", "limit": 2, "on": "create"})
    request = asking(inbox)
    for _ in range(2):
        with pytest.raises(ChannelUnavailable):
            await channel.create(request)
    created = await channel.create(request)
    assert (await channel.query(created.channel_reference)).status is PaymentState.PENDING


async def test_a_provider_is_unavailable_for_as_long_as_it_was_told(
    sandbox: SandboxServer, channel: SandboxChannel
) -> None:
    await sandbox.set_faults({"fault": "unavailable", "for_seconds": 0.5})
    with pytest.raises(ChannelUnavailable):
        await channel.query("x")
    await asyncio.sleep(0.6)
    assert (await channel.query("x")).status is PaymentState.UNKNOWN_PAYMENT


async def test_a_create_that_times_out_after_its_effect_is_found_by_repeating_it(
    impatient: SandboxChannel, channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    request = asking(inbox, metadata={"faults": "timeout_after_effect*1/create"})
    with pytest.raises(ChannelUnavailable):
        await impatient.create(request)
    assert (await channel.create(request)) == (await channel.create(request))


async def test_a_refund_that_times_out_after_its_effect_moved_the_money_once(
    impatient: SandboxChannel, channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
) -> None:
    reference = await paid(channel, inbox, buyer_pays, "timeout_after_effect*1/refund")
    request = asking_back(inbox, reference, 10_000)
    with pytest.raises(ChannelUnavailable):
        await impatient.refund(request)
    assert (await settled(channel, request.refund_id, reference)).status is RefundState.SUCCEEDED
    assert (await channel.refund(request)).status is RefundState.SUCCEEDED
    await channel.refund(asking_back(inbox, reference, 2_345))


async def test_a_close_that_times_out_after_its_effect_has_closed(
    impatient: SandboxChannel, channel: SandboxChannel, inbox: CallbackInbox
) -> None:
    request = asking(inbox, metadata={"faults": "timeout_after_effect*1/close"})
    reference = (await channel.create(request)).channel_reference
    with pytest.raises(ChannelUnavailable):
        await impatient.close(reference)
    assert (await channel.query(reference)).status is PaymentState.CLOSED


async def test_money_can_arrive_although_the_payment_was_closed(channel: SandboxChannel, inbox: CallbackInbox) -> None:
    request = asking(inbox, metadata={"faults": "paid_although_closed:0.2"})
    reference = (await channel.create(request)).channel_reference
    assert (await channel.close(reference)).status is PaymentState.CLOSED
    [callback] = await inbox.wait_for(1)
    assert callback.kind is CallbackKind.PAYMENT_PAID
    assert (await channel.query(reference)).status is PaymentState.PAID
    assert (await channel.close(reference)).status is PaymentState.PAID


async def test_a_refund_can_be_refused_for_good_and_its_money_is_free_again(
    channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
) -> None:
    reference = await paid(channel, inbox, buyer_pays, "refund_refused*1")
    request = asking_back(inbox, reference, 12_345)
    await channel.refund(request)
    refund = await settled(channel, request.refund_id, reference)
    assert refund.status is RefundState.REFUSED
    assert refund.reason
    callback = (await inbox.wait_for(2))[1]
    assert (callback.kind, callback.reason) == (CallbackKind.REFUND_REFUSED, refund.reason)
    assert (await channel.refund(request)).status is RefundState.REFUSED
    again = asking_back(inbox, reference, 12_345)
    await channel.refund(again)
    assert (await settled(channel, again.refund_id, reference)).status is RefundState.SUCCEEDED


async def test_a_statement_can_miss_a_payment_or_book_another_amount(
    channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays, tmp_path: Path
) -> None:
    missing = await paid(channel, inbox, buyer_pays, "statement_missing")
    wrong = await paid(channel, inbox, buyer_pays, "statement_wrong_amount:5")
    days = {
        payment.paid_at.date() for reference in (missing, wrong) if (payment := await channel.query(reference)).paid_at
    }
    files = [await channel.fetch_statement(day, tmp_path) for day in days]
    lines = [line for file in files for line in channel.read_statement(file)]
    assert not [line for line in lines if line.channel_reference == missing]
    booked = {line.kind: line.amount.minor for line in lines if line.channel_reference == wrong}
    assert booked[StatementKind.PAYMENT] == 12_350


@pytest.mark.proof
async def test_the_same_seed_hits_the_same_payments(
    start_sandbox: StartSandbox, open_inbox: OpenInbox, http: httpx.AsyncClient
) -> None:
    fates = []
    for _ in range(2):
        server = await start_sandbox(HANSE_SANDBOX_PAYMENT_FAULTS="lost@0.4", HANSE_SANDBOX_PAYMENT_FAULT_SEED="7")
        channel = SandboxChannel("card", server.url, SECRET, http, now)
        inbox = await open_inbox(channel)
        attempts = []
        for _ in range(20):
            request = asking(inbox)
            attempts.append(request.attempt)
            reference = (await channel.create(request)).channel_reference
            (await http.post(f"{server.url}/cashier/{reference}/pay")).raise_for_status()
        lost = {entry["subject"] for entry in await server.injected()}
        await inbox.wait_for(20 - len(lost))
        fates.append([attempt in lost for attempt in attempts])
    assert fates[0] == fates[1]
    assert 0 < sum(fates[0]) < 20


async def test_everything_that_was_injected_is_listed(
    sandbox: SandboxServer, channel: SandboxChannel, inbox: CallbackInbox, buyer_pays: BuyerPays
) -> None:
    await sandbox.set_faults({"fault": "doubled", "value": 3, "on": "payment_paid"})
    request = asking(inbox)
    await buyer_pays((await channel.create(request)).channel_reference)
    await inbox.wait_for(3)
    mine = [entry for entry in await sandbox.injected() if entry["subject"] == request.attempt]
    assert [(entry["rule"], entry["on"]) for entry in mine] == [("doubled:3/payment_paid", "payment_paid")]


async def test_a_fault_that_makes_no_sense_is_refused(
    sandbox: SandboxServer, channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    for rule in ({"fault": "exploded"}, {"fault": "lost", "on": "create"}, {"fault": "lost", "share": 2}):
        assert (await http.post(f"{sandbox.url}/faults", json={"rules": [rule]})).status_code == 422
