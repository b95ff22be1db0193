"""A sandbox server that the tests of this folder share, a channel to it, an inbox for its callbacks and a buyer."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from channels.payment.contract import PaymentChannel
from channels.payment.sandbox_channel import SandboxChannel
from tests.integration.channels.payment_contract import BuyerPays, now
from tests.integration.channels.sandbox_server import SECRET, CallbackInbox, OpenInbox, SandboxServer, StartSandbox


@pytest.fixture(scope="session")
async def shared_sandbox() -> AsyncIterator[SandboxServer]:
    with tempfile.TemporaryDirectory(prefix="hanse-sandbox-") as folder:
        server = SandboxServer(Path(folder))
        await server.start()
        yield server
        await server.stop()


@pytest.fixture
async def sandbox(shared_sandbox: SandboxServer) -> AsyncIterator[SandboxServer]:
    """The shared server, without faults before and after the test."""
    await shared_sandbox.set_faults()
    yield shared_sandbox
    await shared_sandbox.set_faults()


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
async def start_sandbox(tmp_path: Path) -> AsyncIterator[StartSandbox]:
    """Starts servers of the test's own, each with a data folder of its own, and stops them however the test ends."""
    started: list[SandboxServer] = []

    async def start(**environment: str) -> SandboxServer:
        server = SandboxServer(tmp_path / f"server-{len(started)}", **environment)
        started.append(server)
        await server.start()
        return server

    yield start
    for server in started:
        await server.stop()


@pytest.fixture
async def open_inbox() -> AsyncIterator[OpenInbox]:
    """Opens inboxes of the test's own and closes them however the test ends."""
    opened: list[CallbackInbox] = []

    async def listen(channel: PaymentChannel) -> CallbackInbox:
        inbox = CallbackInbox(lambda: channel, now)
        opened.append(inbox)
        await inbox.open()
        return inbox

    yield listen
    for inbox in opened:
        await inbox.close()


@pytest.fixture
async def channel(sandbox: SandboxServer, http: httpx.AsyncClient) -> SandboxChannel:
    return SandboxChannel("card", sandbox.url, SECRET, http, now)


@pytest.fixture
async def inbox(channel: SandboxChannel) -> AsyncIterator[CallbackInbox]:
    inbox = CallbackInbox(lambda: channel, now)
    await inbox.open()
    yield inbox
    await inbox.close()


@pytest.fixture
def buyer_pays(sandbox: SandboxServer, http: httpx.AsyncClient) -> BuyerPays:
    async def pay(reference: str) -> None:
        (await http.post(f"{sandbox.url}/cashier/{reference}/pay")).raise_for_status()

    return pay
