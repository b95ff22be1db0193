"""Whatever the sandbox answered for is still so after a restart and after kill -9, and callbacks on their way arrive."""

import asyncio
import signal
from collections.abc import AsyncIterator

import httpx
import pytest

from channels.payment.contract import CallbackKind, PaymentState, RefundState
from channels.payment.sandbox_channel import SandboxChannel
from tests.integration.channels.payment_contract import asking, asking_back, now, settled
from tests.integration.channels.sandbox_server import SECRET, CallbackInbox, SandboxServer, StartSandbox, until

ENDS = [signal.SIGTERM, signal.SIGKILL]


@pytest.fixture
async def own_server(start_sandbox: StartSandbox) -> SandboxServer:
    return await start_sandbox(HANSE_SANDBOX_PAYMENT_REFUND_SECONDS="1.5")


@pytest.fixture
async def own_channel(own_server: SandboxServer, http: httpx.AsyncClient) -> SandboxChannel:
    return SandboxChannel("card", own_server.url, SECRET, http, now)


@pytest.fixture
async def own_inbox(own_channel: SandboxChannel) -> AsyncIterator[CallbackInbox]:
    """Closed: nobody listens until the test opens it."""
    inbox = CallbackInbox(lambda: own_channel, now)
    yield inbox
    await inbox.close()


@pytest.mark.parametrize("how", ENDS)
async def test_pending_callbacks_are_delivered_after_it_starts_again(
    own_server: SandboxServer,
    own_channel: SandboxChannel,
    own_inbox: CallbackInbox,
    http: httpx.AsyncClient,
    how: signal.Signals,
) -> None:
    references = set()
    for faults in ("", "doubled:3", "late:2"):
        request = asking(own_inbox, metadata={"faults": faults})
        reference = (await own_channel.create(request)).channel_reference
        (await http.post(f"{own_server.url}/cashier/{reference}/pay")).raise_for_status()
        references.add(reference)
    await own_server.stop(how)
    await own_inbox.open()
    await own_server.start()
    callbacks = await own_inbox.wait_for(5)
    assert {callback.channel_reference for callback in callbacks} == references
    assert len({callback.event_id for callback in callbacks}) == 3


@pytest.mark.parametrize("how", ENDS)
async def test_payments_and_refunds_stand_as_they_were_answered(
    own_server: SandboxServer,
    own_channel: SandboxChannel,
    own_inbox: CallbackInbox,
    http: httpx.AsyncClient,
    how: signal.Signals,
) -> None:
    pending, closed, paid = [(await own_channel.create(asking(own_inbox))).channel_reference for _ in range(3)]
    await own_channel.close(closed)
    (await http.post(f"{own_server.url}/cashier/{paid}/pay")).raise_for_status()
    before = await own_channel.query(paid)
    refund = asking_back(own_inbox, paid, 5_000)
    assert (await own_channel.refund(refund)).status is RefundState.PROCESSING
    await own_server.stop(how)
    await own_inbox.open()
    await own_server.start()
    assert await own_channel.query(paid) == before
    assert (await own_channel.query(pending)).status is PaymentState.PENDING
    assert (await own_channel.query(closed)).status is PaymentState.CLOSED
    assert (await settled(own_channel, refund.refund_id, paid)).status is RefundState.SUCCEEDED
    kinds = sorted(callback.kind for callback in await own_inbox.wait_for(2))
    assert kinds == [CallbackKind.PAYMENT_PAID, CallbackKind.REFUND_SUCCEEDED]


async def test_every_payment_it_took_during_a_kill_is_reported_exactly_as_it_stands(
    own_server: SandboxServer, own_channel: SandboxChannel, own_inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    await own_inbox.open()
    references = [(await own_channel.create(asking(own_inbox))).channel_reference for _ in range(60)]

    async def pay(reference: str) -> bool:
        try:
            return (await http.post(f"{own_server.url}/cashier/{reference}/pay")).is_success
        except httpx.TransportError:
            return False

    paying = [asyncio.create_task(pay(reference)) for reference in references]
    await until(lambda: any(task.done() for task in paying), "a first payment", pause=0.001)
    await own_server.stop(signal.SIGKILL)
    acknowledged = {
        reference for reference, done in zip(references, await asyncio.gather(*paying), strict=True) if done
    }
    await own_server.start()
    found = {reference for reference in references if (await own_channel.query(reference)).status is PaymentState.PAID}
    assert acknowledged <= found
    await until(lambda: {callback.channel_reference for callback in own_inbox.accepted} == found, "every callback")


async def test_the_fault_schedule_is_still_in_force(
    own_server: SandboxServer, own_channel: SandboxChannel, http: httpx.AsyncClient
) -> None:
    await own_server.set_faults({"fault": "lost", "share": 0.25}, seed=9)
    before = (await http.get(f"{own_server.url}/faults")).json()["schedule"]
    await own_server.stop(signal.SIGKILL)
    await own_server.start()
    assert (await http.get(f"{own_server.url}/faults")).json()["schedule"] == before
    assert before["seed"] == 9


async def test_a_merchant_that_was_unreachable_gets_the_callback_when_it_is_back(
    own_server: SandboxServer, own_channel: SandboxChannel, own_inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    reference = (await own_channel.create(asking(own_inbox))).channel_reference
    (await http.post(f"{own_server.url}/cashier/{reference}/pay")).raise_for_status()
    await asyncio.sleep(0.3)
    await own_inbox.open()
    [callback] = await own_inbox.wait_for(1)
    assert callback.channel_reference == reference
