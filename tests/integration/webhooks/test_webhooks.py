"""Webhooks as their receivers meet them: judged by the library of Standard Webhooks."""

import asyncio
import json
import socket
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from channels.webhook.sender import WebhookSender
from models.shared.refusals import StaleVersion
from models.webhooks.messages import Next
from models.webhooks.rules import shown_secret
from models.webhooks.types import DeliveryState
from tests.integration.webhooks.conftest import SECRET, Sending
from tests.integration.webhooks.receiver import Received

OTHER = bytes(range(32, 64))


def verified(request: Received, secret: bytes = SECRET) -> object:
    return Webhook(shown_secret(secret)).verify(request.body, request.headers)


async def test_a_receiver_with_the_secret_can_trust_what_it_gets(sending: Sending) -> None:
    delivery = sending.message(await sending.endpoint())
    assert (await sending.send(delivery)).next is Next.NOTHING
    (request,) = sending.receiver.got
    assert verified(request) == json.loads(request.body)
    assert json.loads(request.body)["type"] == "hanse.orders.order_paid.v1"
    assert request.headers["webhook-id"] == delivery.message.message_id
    with pytest.raises(WebhookVerificationError):
        verified(request, OTHER)
    forged = Received(request.headers, request.body.replace("36800", "36801"))
    with pytest.raises(WebhookVerificationError):
        verified(forged)


async def test_while_secrets_overlap_both_verify_and_afterwards_the_new_one_only(sending: Sending) -> None:
    endpoint = await sending.endpoint()
    rotated = await sending.endpoints.rotate(endpoint.endpoint_id, 1, OTHER, timedelta(hours=24), sending.now)
    assert rotated.secrets == 2
    await sending.send(sending.message(endpoint))
    assert verified(sending.receiver.got[0], SECRET) == verified(sending.receiver.got[0], OTHER)
    target = await sending.endpoints.target(endpoint.endpoint_id, sending.now + timedelta(hours=25))
    assert target is not None
    assert target.secrets == (OTHER,)
    with pytest.raises(StaleVersion):
        await sending.endpoints.rotate(endpoint.endpoint_id, 1, SECRET, timedelta(0), sending.now)


async def test_what_does_not_go_well_is_tried_again_as_the_receiver_asks_and_every_try_is_in_the_log(
    sending: Sending,
) -> None:
    delivery = sending.message(await sending.endpoint())
    sending.receiver.next("503 Busy", "retry-after: 120\r\n", "come back later")
    sending.receiver.next("302 Found", f"location: {sending.receiver.url}\r\n")
    tried = await sending.send(delivery)
    assert (tried.next, tried.not_before) == (Next.TRY_AGAIN, timedelta(seconds=120))
    assert (await sending.send(delivery, 2)).says == "http_302"
    assert (await sending.logged(delivery)).state is DeliveryState.PENDING
    await sending.send(delivery, 3)
    log = await sending.deliveries.attempts(delivery.delivery_id)
    assert [(each.number, each.status, each.failure) for each in log] == [
        (1, 503, "http_503"),
        (2, 302, "http_302"),
        (3, 200, None),
    ]
    assert log[0].excerpt == "come back later"
    assert (await sending.logged(delivery)).state is DeliveryState.DELIVERED
    assert len({request.headers["webhook-id"] for request in sending.receiver.got}) == 1


async def test_an_endpoint_that_says_it_is_gone_is_disabled_and_told_of(sending: Sending) -> None:
    endpoint = await sending.endpoint()
    delivery, other = sending.message(endpoint), sending.message(endpoint, "other")
    sending.receiver.next("410 Gone")
    assert (await sending.send(delivery)).next is Next.NOTHING
    assert (await sending.endpoints.get(endpoint.endpoint_id, sending.now)).disabled_why == "gone"
    assert [event.type for event in sending.listener.heard] == ["hanse.webhooks.endpoint_disabled.v1"]
    assert (await sending.send(other)).says == "dropped: the endpoint is disabled"
    states = [(await sending.logged(each)).state for each in (delivery, other)]
    assert states == [DeliveryState.FAILED, DeliveryState.DROPPED]
    assert await sending.endpoints.wanting("hanse.orders.order_paid.v1") == []


async def test_an_endpoint_that_fails_for_days_is_disabled_and_one_success_forgives_all(sending: Sending) -> None:
    endpoint = await sending.endpoint()
    for day in range(6):
        sending.receiver.next("500 No")
        tried = await sending.send(sending.message(endpoint, f"a{day}"))
        if day == 3:
            await sending.send(sending.message(endpoint, "good"))
        assert tried.next is Next.TRY_AGAIN
        sending.later(days=1)
    for _ in range(4):
        sending.receiver.next("500 No")
        tried = await sending.send(sending.message(endpoint, f"b{sending.now}"))
        sending.later(days=1)
    found = await sending.endpoints.get(endpoint.endpoint_id, sending.now)
    assert (found.terms.enabled, found.disabled_why, tried.next) == (False, "failing", Next.NOTHING)
    enabled = await sending.endpoints.revise(
        endpoint.endpoint_id, found.version, found.terms.model_copy(update={"enabled": True}), sending.now
    )
    assert (enabled.disabled_why, enabled.failing_since) == (None, None)


async def test_what_failed_or_was_dropped_can_be_sent_again(sending: Sending) -> None:
    endpoint = await sending.endpoint()
    delivery = sending.message(endpoint)
    sending.receiver.next("500 No")
    await sending.send(delivery, last=True)
    (missed,) = await sending.deliveries.ended_since(endpoint.endpoint_id, sending.now - timedelta(hours=1), 10)
    assert missed.delivery_id == delivery.delivery_id
    await sending.send(delivery)
    assert (await sending.logged(delivery)).state is DeliveryState.DELIVERED
    assert await sending.deliveries.ended_since(endpoint.endpoint_id, sending.now - timedelta(hours=1), 10) == []
    assert [each.number for each in await sending.deliveries.attempts(delivery.delivery_id)] == [1, 2]


async def test_an_endpoint_is_told_of_what_it_asked_for(sending: Sending) -> None:
    paid = await sending.endpoint(sending.receiver.url, "hanse.orders.order_paid.v1")
    orders = await sending.endpoint(sending.receiver.url, "hanse.orders.*")
    every = await sending.endpoint(sending.receiver.url)
    assert set(await sending.endpoints.wanting("hanse.orders.order_paid.v1")) == {
        paid.endpoint_id,
        orders.endpoint_id,
        every.endpoint_id,
    }
    assert set(await sending.endpoints.wanting("hanse.orders.order_created.v1")) == {
        orders.endpoint_id,
        every.endpoint_id,
    }
    assert await sending.endpoints.wanting("hanse.points.points_changed.v1") == [every.endpoint_id]


async def test_secrets_lie_sealed_in_the_database(sending: Sending) -> None:
    await sending.endpoint()
    async with sending.db.reader() as connection:
        assert SECRET not in await connection.fetchval("SELECT sealed FROM webhook_secrets")


async def test_nothing_is_sent_into_the_shops_own_network_whatever_a_name_says(sending: Sending) -> None:
    sender = WebhookSender(timeout_seconds=2)
    port = sending.receiver.port
    for url in (
        f"https://127.0.0.1:{port}/",
        f"https://[::1]:{port}/",
        f"https://localhost:{port}/",
        f"https://{socket.gethostname()}:{port}/",  # passes as a name and leads to this machine
        "https://169.254.169.254/latest/meta-data",
        f"http://example.com:{port}/",
    ):
        assert (await sender.post(url, "{}", {})).failure == "forbidden_address", url
    await sender.close()
    assert sending.receiver.got == []


async def test_a_receiver_that_hangs_or_is_not_there_is_an_answer_too(sending: Sending) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sender = WebhookSender(allow_private=True, timeout_seconds=0.3)
    async with server:
        assert (await sender.post(f"http://127.0.0.1:{port}/", "{}", {})).failure == "timeout"
    assert (await sender.post(f"http://127.0.0.1:{port}/", "{}", {})).failure == "refused"
    await sender.close()
