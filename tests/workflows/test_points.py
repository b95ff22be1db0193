"""Points are written off batch by batch, and an operator's word is carried out once and told."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from models.points.errors import PointsNotEnough
from models.points.events import told
from models.points.messages import (
    AdjustPoints,
    ExpirePoints,
    ExpiryRun,
    PointsAdjusted,
    PointsExpired,
    adjustment_id,
)
from models.points.types import EntryKind, PointsEntry
from models.shared.ids import PointsEntryId, UserId
from tests.workflows.sagas import Sagas, refused
from tests.workflows.scripted import Scripted
from workflows.options import TaskQueue
from workflows.points_adjustment import PointsAdjustment
from workflows.points_expiry import PointsExpiry

T0 = datetime(2026, 11, 22, tzinfo=UTC)
BUYER = UserId.derive(T0, "buyer")
LINE = PointsEntry(
    entry_id=PointsEntryId.derive(T0, "line"),
    user_id=BUYER,
    kind=EntryKind.ADJUSTED,
    delta=50,
    balance=50,
    actor="operator",
    at=T0,
)


def due(batches: int, unannounced: tuple[Any, ...] = ()) -> Any:
    """What the steps answer when so many batches of ten are due."""

    def answer(ask: ExpirePoints) -> PointsExpired:
        written = 10 if ask.batch < batches else 0
        return PointsExpired(written=written, unannounced=unannounced if written else ())

    return answer


async def expiry(sagas: Sagas, **options: Any) -> WorkflowHandle[Any, Any]:
    handle = await sagas.client.start_workflow(
        PointsExpiry.run,
        ExpiryRun(),
        id=f"points-expiry/{secrets.token_hex(6)}",
        task_queue=TaskQueue.CHECKOUT,
        **options,
    )
    sagas.running.append(handle)
    return handle


async def test_batches_of_one_moment_are_written_off_until_nothing_is_due(sagas: Sagas, steps: Scripted) -> None:
    steps.answer("points.expire_due", due(3))
    run = await expiry(sagas)
    assert await run.result() == 30
    asked: list[ExpirePoints] = steps.told("points.expire_due")
    assert [ask.batch for ask in asked] == [0, 1, 2, 3]
    assert len({ask.at for ask in asked}) == 1


async def test_a_run_that_comes_a_year_later_writes_off_what_expired_until_then(sagas: Sagas, steps: Scripted) -> None:
    steps.answer("points.expire_due", due(1))
    begun = datetime.now(UTC)
    run = await expiry(sagas, start_delay=timedelta(days=365))
    await sagas.later(run, days=365)
    assert await run.result() == 10
    assert begun + timedelta(days=365) <= steps.told("points.expire_due")[0].at


async def test_a_batch_that_fails_is_tried_again_under_its_number(sagas: Sagas, steps: Scripted) -> None:
    steps.answer("points.expire_due", due(1))
    steps.fail("points.expire_due", times=1)
    assert await (await expiry(sagas)).result() == 10
    assert [ask.batch for ask in steps.told("points.expire_due")] == [0, 0, 1]


async def test_a_long_run_goes_on_in_a_new_one_where_it_was(sagas: Sagas, steps: Scripted) -> None:
    steps.answer("points.expire_due", due(22))
    run = await expiry(sagas)
    assert await run.result() == 220
    asked: list[ExpirePoints] = steps.told("points.expire_due")
    assert [ask.batch for ask in asked] == list(range(23))
    assert len({ask.at for ask in asked}) == 1
    assert (await sagas.client.get_workflow_handle(run.id).describe()).run_id != run.first_execution_run_id


async def test_what_kafka_did_not_take_is_published_before_a_run_ends(sagas: Sagas, steps: Scripted) -> None:
    steps.answer("points.expire_due", due(1, told((LINE,))))
    await (await expiry(sagas)).result()
    (batch,) = steps.told("bus.publish_events")
    assert [event.event_id for event in batch.events] == [f"points_changed/{LINE.entry_id}"]


class Adjusting:
    """One word of an operator."""

    def __init__(self, sagas: Sagas) -> None:
        self._client = sagas.client
        key = secrets.token_hex(6)
        self.ask = AdjustPoints(user_id=BUYER, delta=50, actor="operator", why="late", key=key, at=T0)
        self.handle = sagas.handle(PointsAdjustment.run, adjustment_id(key))

    async def begin(self) -> PointsEntry:
        start = WithStartWorkflowOperation(
            PointsAdjustment.run,
            self.ask,
            id=self.handle.id,
            task_queue=TaskQueue.CHECKOUT,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        return await self._client.execute_update_with_start_workflow(
            PointsAdjustment.begin, start_workflow_operation=start, id="begin"
        )


@pytest.fixture
def adjusting(sagas: Sagas, steps: Scripted) -> Adjusting:
    steps.answer("points.adjust_points", PointsAdjusted(entry=LINE, unannounced=told((LINE,))))
    return Adjusting(sagas)


async def test_an_operator_is_answered_before_kafka_has_heard_and_kafka_hears_later(
    adjusting: Adjusting, steps: Scripted, sagas: Sagas
) -> None:
    kafka = asyncio.Event()
    steps.meanwhile("bus.publish_events", lambda: _wait(kafka))
    assert await adjusting.begin() == LINE
    await sagas.called("bus.publish_events")
    assert await adjusting.begin() == LINE
    kafka.set()
    assert await adjusting.handle.result() == LINE
    assert steps.names() == ["points.adjust_points", "bus.publish_events"]


async def test_a_refused_word_is_told_as_it_is_and_nothing_is_published(adjusting: Adjusting, steps: Scripted) -> None:
    steps.refuse("points.adjust_points", PointsNotEnough("You have 3 points.", balance=3))
    assert await refused(adjusting.begin()) == "points_not_enough"
    assert await adjusting.handle.result() is None
    assert steps.names() == ["points.adjust_points"]


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
