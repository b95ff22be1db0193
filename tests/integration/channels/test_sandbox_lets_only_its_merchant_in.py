"""The sandbox's api answers signed, fresh, first-time requests only."""

import secrets
import time
from typing import Any

import httpx
import pytest

from channels.payment.errors import ChannelRefused, ChannelUnavailable
from channels.payment.sandbox_channel import SandboxChannel
from channels.sandbox_signing import NONCE_HEADER, REQUEST_SIGNATURE_HEADER, TIMESTAMP_HEADER, sign_request
from models.shared import Money
from tests.integration.channels.payment_contract import asking, now
from tests.integration.channels.sandbox_server import SECRET, CallbackInbox, SandboxServer

PATH = "/v1/payments/sbx_nobody"


def signed(path: str = PATH, *, age: int = 0, secret: str = SECRET) -> dict[str, str]:
    """Headers of a signed GET."""
    stamp, nonce = str(int(time.time()) - age), secrets.token_hex(16)
    signature = sign_request(secret, stamp, nonce, "GET", path, b"")
    return {TIMESTAMP_HEADER: stamp, NONCE_HEADER: nonce, REQUEST_SIGNATURE_HEADER: signature}


async def answer(http: httpx.AsyncClient, url: str, headers: dict[str, str]) -> tuple[int, str]:
    """Status and code of a GET."""
    response = await http.get(url, headers=headers)
    body: dict[str, Any] = response.json()
    return response.status_code, body["code"]


async def test_a_signed_request_passes(sandbox: SandboxServer, http: httpx.AsyncClient) -> None:
    assert await answer(http, sandbox.url + PATH, signed()) == (404, "payment_unknown")


async def test_an_unsigned_request_is_refused(sandbox: SandboxServer, http: httpx.AsyncClient) -> None:
    assert await answer(http, sandbox.url + PATH, {}) == (401, "request_unsigned")
    for header in (TIMESTAMP_HEADER, NONCE_HEADER, REQUEST_SIGNATURE_HEADER):
        headers = signed()
        del headers[header]
        assert await answer(http, sandbox.url + PATH, headers) == (401, "request_unsigned")


async def test_a_signature_of_another_secret_or_path_is_refused(
    sandbox: SandboxServer, http: httpx.AsyncClient
) -> None:
    wrong = (401, "request_signature_invalid")
    assert await answer(http, sandbox.url + PATH, signed(secret="another secret altogether, 0123456789")) == wrong
    assert await answer(http, sandbox.url + PATH, signed("/v1/payments/sbx_other")) == wrong
    assert await answer(http, sandbox.url + PATH + "?more=1", signed()) == wrong


@pytest.mark.parametrize("age", [310, -310])
async def test_a_request_signed_long_ago_or_ahead_is_refused(
    sandbox: SandboxServer, http: httpx.AsyncClient, age: int
) -> None:
    assert await answer(http, sandbox.url + PATH, signed(age=age)) == (401, "request_stale")


async def test_a_request_sent_twice_is_refused_the_second_time(sandbox: SandboxServer, http: httpx.AsyncClient) -> None:
    headers = signed()
    assert await answer(http, sandbox.url + PATH, headers) == (404, "payment_unknown")
    assert await answer(http, sandbox.url + PATH, headers) == (401, "request_replayed")


async def test_a_body_that_is_too_large_is_refused(sandbox: SandboxServer, http: httpx.AsyncClient) -> None:
    response = await http.post(f"{sandbox.url}/v1/payments", content=b"x" * 100_000)
    assert (response.status_code, response.json()["code"]) == (413, "request_too_large")


async def test_a_wrong_secret_is_a_fault_to_the_shop_not_a_refusal_of_the_payment(
    sandbox: SandboxServer, http: httpx.AsyncClient
) -> None:
    stranger = SandboxChannel("card", sandbox.url, "another secret altogether, 0123456789", http, now)
    with pytest.raises(ChannelUnavailable, match="request_signature_invalid"):
        await stranger.query("sbx_nobody")


async def test_a_provider_that_is_not_there_is_a_fault(http: httpx.AsyncClient) -> None:
    nobody = SandboxChannel("card", "http://127.0.0.1:9", SECRET, http, now)
    with pytest.raises(ChannelUnavailable, match="may have acted"):
        await nobody.query("sbx_nobody")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": Money(minor=100, currency="JPY")}, "currency_not_taken"),
        ({"amount": Money(minor=100_000_001, currency="CNY")}, "amount_out_of_range"),
        ({"amount": Money(minor=0, currency="CNY")}, "amount_out_of_range"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expiry_out_of_range"),
        ({"metadata": {"faults": "exploded"}}, "faults_invalid"),
    ],
)
async def test_a_payment_that_makes_no_sense_is_refused_with_its_reason(
    channel: SandboxChannel, inbox: CallbackInbox, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(ChannelRefused) as refusal:
        await channel.create(asking(inbox, **changes))
    assert refusal.value.channel_code == code
    assert refusal.value.channel == "sandbox_card"
