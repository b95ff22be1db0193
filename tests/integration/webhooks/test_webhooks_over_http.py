"""Operators register, rotate, look and send again; nobody else."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from standardwebhooks.webhooks import Webhook

from hanse.settings import Settings
from models.webhooks.messages import DeliveryInput
from stores.idempotency import IdempotencyStore
from tests.conftest import OpenDatabase
from tests.integration.users.shop import Person, Shop, open_shop
from tests.integration.webhooks.conftest import Sending

PATH = "/v1/operators/webhooks"


@dataclass
class Started:
    """What processes were asked for, in place of Temporal: what they do is tried elsewhere."""

    again: list[tuple[str, str]] = field(default_factory=list)

    async def start_webhook(self, delivery: DeliveryInput, again: str = "") -> None:
        self.again.append((delivery.delivery_id, again))


@dataclass
class Front:
    shop: Shop
    sending: Sending
    olga: Person
    started: Started

    async def registered(self, **terms: Any) -> Any:
        return await self.olga.http.post(PATH, json={"url": self.sending.receiver.url} | terms)


@pytest.fixture
async def front(
    sending: Sending, database: OpenDatabase, redis_url: str, tmp_path: Path, api: FastAPI
) -> AsyncIterator[Front]:
    ops, started = await database("ops"), Started()
    async with open_shop(api, await database("users"), ops, redis_url, tmp_path) as shop:
        services = api.state.services
        services.endpoints, services.deliveries, services.siblings = sending.endpoints, sending.deliveries, started
        services.idempotency = IdempotencyStore(ops)
        services.settings = Settings(environment="test", webhooks_to_private_addresses=True)
        yield Front(shop, sending, await shop.operator("marketing"), started)


async def test_the_secret_is_shown_once_and_again_only_by_another_one(front: Front) -> None:
    made = (await front.registered(event_types=["hanse.orders.*"])).json()
    endpoint_id, secret = made["endpoint"]["endpoint_id"], made["secret"]
    shown = await front.olga.http.get(f"{PATH}/{endpoint_id}")
    assert secret not in shown.text
    rotate = f"{PATH}/{endpoint_id}/secrets"
    assert (await front.olga.http.post(rotate, json={"overlap_hours": 1})).status_code == 428
    rotated = await front.olga.http.post(rotate, json={"overlap_hours": 1}, headers={"if-match": shown.headers["etag"]})
    assert rotated.json()["endpoint"]["secrets"] == 2
    endpoint = await front.sending.endpoints.get(endpoint_id, front.sending.now)
    await front.sending.send(front.sending.message(endpoint))
    (request,) = front.sending.receiver.got
    for known in (secret, rotated.json()["secret"]):
        Webhook(known).verify(request.body, request.headers)
    trail = await front.shop.audit_log.page(operator_id=front.olga.id, subject=endpoint_id, before=None, limit=10)
    assert all(secret not in str(entry.note.details) for entry in trail)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"url": "ftp://example.com/"}, "webhook_target_forbidden"),
        ({"event_types": ["hanse.orders.order_payed.v1"]}, "event_type_unknown"),
        ({"event_types": ["orders"]}, "validation_failed"),
    ],
)
async def test_an_endpoint_that_makes_no_sense_is_refused(front: Front, terms: dict[str, Any], code: str) -> None:
    answer = await front.registered(**terms)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_inside_addresses_are_refused_unless_a_setting_allows_them(front: Front) -> None:
    front.shop.app.state.services.settings = Settings(environment="test", webhooks_to_private_addresses=False)
    for url in (front.sending.receiver.url, "https://10.0.0.1/", "https://localhost/"):
        assert (await front.registered(url=url)).json()["code"] == "webhook_target_forbidden"


async def test_the_log_is_read_and_what_was_missed_is_sent_again(front: Front) -> None:
    made = (await front.registered()).json()["endpoint"]
    endpoint = await front.sending.endpoints.get(made["endpoint_id"], front.sending.now)
    delivery = front.sending.message(endpoint)
    front.sending.receiver.next("500 No", body="broken")
    await front.sending.send(delivery, last=True)
    log = f"{PATH}/{endpoint.endpoint_id}/deliveries"
    (listed,) = (await front.olga.http.get(log, params={"state": "failed"})).json()["items"]
    shown = (await front.olga.http.get(f"{log}/{listed['delivery_id']}")).json()
    assert [(each["status"], each["excerpt"]) for each in shown["attempts"]] == [(500, "broken")]
    key = {"idempotency-key": secrets.token_hex(8)}
    since = {"since": "2020-01-01T00:00:00Z"}
    missed = f"{PATH}/{endpoint.endpoint_id}/redeliveries"
    answers = [await front.olga.http.post(missed, json=since, headers=key) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"deliveries": 1, "more": False}] * 2
    one = await front.olga.http.post(
        f"{log}/{listed['delivery_id']}/again", headers={"idempotency-key": secrets.token_hex(8)}
    )
    assert one.status_code == 202
    assert front.started.again[0] == (delivery.delivery_id, key["idempotency-key"])
    assert len(front.started.again) == 2
    off = made["terms"] | {"enabled": False}
    await front.olga.http.put(f"{PATH}/{endpoint.endpoint_id}", json=off, headers={"if-match": '"1"'})
    refused = await front.olga.http.post(missed, json=since, headers={"idempotency-key": secrets.token_hex(8)})
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")
