"""A sandbox server that the tests of this folder share, a channel to it, an inbox for its callbacks and a buyer."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from channels.payment.sandbox_channel import SandboxChannel
from tests.integration.channels.payment_contract import BuyerPays, now
from tests.integration.channels.sandbox_server import SECRET, CallbackInbox, SandboxServer


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
