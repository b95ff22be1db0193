"""Points as buyers and operators meet them."""

import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from temporalio.worker import Worker

from activities.announcing import Announcer
from activities.points import PointsActivities
from activities.refusals import RefusalInterceptor
from hanse.settings import Settings
from hanse.temporal import connect
from models.promotions.messages import AwardPoints
from models.shared.events import Event
from stores.idempotency import IdempotencyStore
from stores.points import PointsStore
from tests.conftest import OpenDatabase
from tests.integration.points.purse import TERMS, cny, order
from tests.integration.users.shop import Person, Shop, open_shop
from workers.sandbox import runner
from workflows.options import TaskQueue
from workflows.points_adjustment import PointsAdjustment


@dataclass
class Listener:
    """What was published, in memory."""

    heard: list[Event] = field(default_factory=list)

    async def publish(self, events: Iterable[Event]) -> None:
        self.heard += events


@dataclass
class PointsShop:
    """The shop with points, and who listens to it."""

    shop: Shop
    points: PointsStore
    listener: Listener

    async def earned(self, who: Person, points: int, name: str = "earning") -> None:
        ask = AwardPoints(order_id=order(name), user_id=who.id, paid=cny(points * 100), at=self.shop.clock())
        await self.points.award_once(ask, TERMS)

    async def adjust(self, who: Person, buyer: str, delta: int, why: str = "late parcel", key: str = "") -> Any:
        return await who.http.post(
            f"/v1/operators/points/{buyer}/adjust",
            json={"delta": delta, "why": why},
            headers={"idempotency-key": key or secrets.token_hex(8)},
        )


@pytest.fixture
async def open_points(
    database: OpenDatabase, redis_url: str, temporal: str, settings: Settings, tmp_path: Path, api: FastAPI
) -> AsyncIterator[PointsShop]:
    points, ops, listener = PointsStore(await database("promotions")), await database("ops"), Listener()
    steps = PointsActivities(points, Announcer(listener), TERMS)
    client = await connect(settings)
    async with AsyncExitStack() as stack:
        for queue, workflows in ((TaskQueue.CHECKOUT, [PointsAdjustment]), (TaskQueue.POINTS, [])):
            worker = Worker(
                client,
                task_queue=queue,
                workflows=workflows,
                activities=[steps.adjust_points],
                workflow_runner=runner(),
                interceptors=[RefusalInterceptor()],
            )
            await stack.enter_async_context(worker)
        shop = await stack.enter_async_context(open_shop(api, await database("users"), ops, redis_url, tmp_path))
        api.state.services.points, api.state.services.temporal = points, client
        api.state.services.idempotency = IdempotencyStore(ops)
        yield PointsShop(shop, points, listener)


async def test_a_buyer_sees_the_balance_the_lots_and_the_ledger_in_pages(open_points: PointsShop) -> None:
    anna = await open_points.shop.customer()
    assert (await anna.http.get("/v1/points")).json() == {"user_id": anna.id, "balance": 0, "lots": []}
    for n in range(3):
        await open_points.earned(anna, 10 + n, str(n))
    shown = (await anna.http.get("/v1/points")).json()
    assert (shown["balance"], [lot["left"] for lot in shown["lots"]]) == (33, [10, 11, 12])
    first = (await anna.http.get("/v1/points/entries", params={"limit": 2})).json()
    second = (await anna.http.get("/v1/points/entries", params={"limit": 2, "cursor": first["next"]})).json()
    assert [line["delta"] for line in [*first["items"], *second["items"]]] == [12, 11, 10]
    assert second["next"] is None


async def test_points_of_others_are_nobodys_to_see(open_points: PointsShop) -> None:
    anna, eve = await open_points.shop.customer(), await open_points.shop.customer()
    await open_points.earned(anna, 10)
    (line,) = (await anna.http.get("/v1/points/entries")).json()["items"]
    assert (await eve.http.get("/v1/points")).json()["balance"] == 0
    assert (await eve.http.get("/v1/points/entries")).json()["items"] == []
    assert (await open_points.shop.stranger().http.get("/v1/points")).status_code == 401
    for path in (f"/v1/operators/points/{anna.id}", f"/v1/operators/points/{anna.id}/entries"):
        assert (await eve.http.get(path)).status_code == 403
    assert (await open_points.adjust(eve, eve.id, 100)).status_code == 403
    assert line["order_id"] == order("earning")


async def test_an_operator_gives_points_once_a_key_with_a_trail_and_an_event(open_points: PointsShop) -> None:
    anna, olga = await open_points.shop.customer(), await open_points.shop.operator("finance")
    first, again = [await open_points.adjust(olga, anna.id, 200, key="one") for _ in range(2)]
    assert first.status_code == 200, first.text
    assert first.json() == again.json()
    assert (first.json()["delta"], first.json()["actor"]) == (200, f"operator:{olga.id}")
    assert (await olga.http.get(f"/v1/operators/points/{anna.id}")).json()["balance"] == 200
    (seen,) = (await anna.http.get("/v1/points/entries")).json()["items"]
    assert (seen["actor"], seen["why"]) == ("operator", "late parcel")
    trail = await open_points.shop.audit_log.page(operator_id=olga.id, subject=anna.id, before=None, limit=10)
    assert [(entry.note.action, entry.note.phase.value) for entry in trail] == [
        ("points.adjust", "done"),
        ("points.adjust", "intended"),
    ]
    assert [event.event_id for event in open_points.listener.heard] == [f"points_changed/{first.json()['entry_id']}"]


async def test_what_an_operator_may_not_do_is_refused_as_it_is(open_points: PointsShop) -> None:
    anna, olga = await open_points.shop.customer(), await open_points.shop.operator("finance")
    too_many = await open_points.adjust(olga, anna.id, -1)
    assert (too_many.status_code, too_many.json()["code"], too_many.json()["balance"]) == (409, "points_not_enough", 0)
    nothing = await open_points.adjust(olga, anna.id, 0)
    assert (nothing.status_code, nothing.json()["code"]) == (422, "invalid_request")
    nobody = await open_points.adjust(olga, "usr_7zzzzzzzzzzzzzzzzzzzzzzzzz", 5)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")
    assert (await open_points.adjust(olga, anna.id, 5, why=" ")).status_code == 422
    assert (await olga.http.get(f"/v1/operators/points/{anna.id}/entries")).json()["items"] == []


async def test_adjusting_takes_an_idempotency_key(open_points: PointsShop) -> None:
    olga = await open_points.shop.operator("finance")
    answer = await olga.http.post(f"/v1/operators/points/{olga.id}/adjust", json={"delta": 5, "why": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
