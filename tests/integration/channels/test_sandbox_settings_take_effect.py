"""How fast the sandbox refunds and how often it tries a callback are settings."""

import httpx
import pytest

from channels.payment.contract import CallbackKind, RefundState
from channels.payment.sandbox_channel import SandboxChannel
from tests.integration.channels.payment_contract import asking, asking_back, now
from tests.integration.channels.sandbox_server import SECRET, OpenInbox, StartSandbox, until


async def test_a_refund_can_settle_within_the_call_and_is_reported_all_the_same(
    start_sandbox: StartSandbox, open_inbox: OpenInbox, http: httpx.AsyncClient
) -> None:
    server = await start_sandbox(HANSE_SANDBOX_PAYMENT_REFUND_SECONDS="0")
    channel = SandboxChannel("voucher", server.url, SECRET, http, now)
    inbox = await open_inbox(channel)
    reference = (await channel.create(asking(inbox))).channel_reference
    (await http.post(f"{server.url}/cashier/{reference}/pay")).raise_for_status()
    refund = await channel.refund(asking_back(inbox, reference, 345))
    assert refund.status is RefundState.SUCCEEDED
    assert refund.settled_at is not None
    kinds = {callback.kind for callback in await inbox.wait_for(2)}
    assert kinds == {CallbackKind.PAYMENT_PAID, CallbackKind.REFUND_SUCCEEDED}


async def test_a_callback_is_tried_with_growing_pauses_until_it_is_given_up(
    start_sandbox: StartSandbox, open_inbox: OpenInbox, http: httpx.AsyncClient
) -> None:
    server = await start_sandbox(
        HANSE_SANDBOX_PAYMENT_CALLBACK_UNIT_SECONDS="0.1", HANSE_SANDBOX_PAYMENT_CALLBACK_TRIES="4"
    )
    channel = SandboxChannel("card", server.url, SECRET, http, now)
    deaf = SandboxChannel("card", server.url, "a secret the sandbox does not know", http, now)
    inbox = await open_inbox(deaf)
    reference = (await channel.create(asking(inbox))).channel_reference
    (await http.post(f"{server.url}/cashier/{reference}/pay")).raise_for_status()
    await until(lambda: len(inbox.arrived) == 4, "four tries")
    pauses = [later - earlier for earlier, later in zip(inbox.arrived, inbox.arrived[1:], strict=False)]
    assert all(pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4), strict=True))
    await server.shows("payment_paid: gave_up , 4, 400")


async def test_a_server_without_a_secret_does_not_start(start_sandbox: StartSandbox) -> None:
    with pytest.raises(RuntimeError, match="ended with 1 while starting"):
        await start_sandbox(HANSE_SANDBOX_PAYMENT_SECRET="")
