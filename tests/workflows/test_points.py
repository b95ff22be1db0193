"""Points are written off batch by batch, and an operator's word is carried out once and told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models.points.errors import PointsNotEnough
from models.points.events import told
from models.points.messages import ExpirePoints
from tests.workflows.points import LINE, Adjusting, due, expiry
from tests.workflows.sagas import Sagas, refused
from tests.workflows.scripted import Scripted


@pytest.fixture
def adjusting(sagas: Sagas) -> Adjusting:
    return Adjusting(sagas)


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
    steps.answer("points.expire_due", due(1, *told((LINE,))))
    await (await expiry(sagas)).result()
    (batch,) = steps.told("bus.publish_events")
    assert [event.event_id for event in batch.events] == [f"points_changed/{LINE.entry_id}"]


async def test_an_operator_is_answered_before_kafka_has_heard_and_kafka_hears_later(
    adjusting: Adjusting, steps: Scripted, sagas: Sagas
) -> None:
    kafka = asyncio.Event()

    async def listens() -> None:
        await kafka.wait()

    steps.meanwhile("bus.publish_events", listens)
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
