"""What is told of reviews, to people and to systems outside, is told once and in the end."""

import pytest
from temporalio.client import WorkflowFailureError

from models.reviews.errors import ReviewNotOpen
from models.shared.refusals import NotFound
from models.webhooks.messages import Next, Tried
from tests.workflows.sagas import Sagas, refused
from tests.workflows.scripted import Scripted
from tests.workflows.telling import COMPLETED, DISABLED, REVIEW, Reviewing, delivery, failing, notify


async def test_who_changes_a_review_is_answered_and_kafka_hears_of_it(sagas: Sagas, steps: Scripted) -> None:
    reviewing = Reviewing(sagas)
    assert await reviewing.begin() == REVIEW
    await reviewing.handle.result()
    assert steps.names() == ["reviews.change_review", "bus.publish_events"]


async def test_a_refused_change_is_told_as_it_is_and_nothing_is_published(sagas: Sagas, steps: Scripted) -> None:
    reviewing = Reviewing(sagas)
    steps.refuse("reviews.change_review", ReviewNotOpen("This review was removed."))
    assert await refused(reviewing.begin()) == "review_not_open"
    await reviewing.handle.result()
    assert steps.names() == ["reviews.change_review"]


async def test_people_are_told_once_the_channel_answers_again(sagas: Sagas, steps: Scripted) -> None:
    steps.fail("notifications.tell_batch", times=2)
    run = await notify(sagas)
    assert await run.result() == 2
    assert steps.names() == ["notifications.tell_batch"] * 3


async def test_an_event_that_nobody_could_be_told_of_is_tried_on_alone_and_the_others_were_told(
    sagas: Sagas, steps: Scripted
) -> None:
    steps.fail("notifications.tell_people", times=2)
    run = await notify(sagas, left=(1,))
    assert await run.result() == 2
    assert [ask.event for ask in steps.told("notifications.tell_people")] == [DISABLED] * 3


async def test_what_nobody_can_ever_be_told_of_fails_the_run_after_the_others_were_told(
    sagas: Sagas, steps: Scripted
) -> None:
    steps.refuse("notifications.tell_people", NotFound("There is no such order."), times=1)
    run = await notify(sagas, left=(0, 1))
    with pytest.raises(WorkflowFailureError):
        await run.result()
    assert {ask.event for ask in steps.told("notifications.tell_people")} == {COMPLETED, DISABLED}


async def test_a_delivery_that_is_taken_ends_at_once(sagas: Sagas, steps: Scripted) -> None:
    steps.answer("webhooks.try_delivery", failing(0))
    assert await (await delivery(sagas)).result() == "delivered, 200"
    assert [(ask.number, ask.last) for ask in steps.told("webhooks.try_delivery")] == [(1, False)]


async def test_a_delivery_is_tried_ten_times_over_three_days_and_the_last_try_knows_it(
    sagas: Sagas, steps: Scripted
) -> None:
    steps.answer("webhooks.try_delivery", failing(10))
    run = await delivery(sagas)
    assert await sagas.ended(run) == "http_500"
    asked = steps.told("webhooks.try_delivery")
    assert [(ask.number, ask.last) for ask in asked] == [(n, n == 10) for n in range(1, 11)]


async def test_an_endpoint_that_is_given_up_is_told_of(sagas: Sagas, steps: Scripted) -> None:
    disabled = Tried(next=Next.NOTHING, says="http_410", unannounced=(DISABLED,))
    steps.answer("webhooks.try_delivery", failing(0, disabled))
    assert await (await delivery(sagas)).result() == "http_410"
    (batch,) = steps.told("bus.publish_events")
    assert batch.events == (DISABLED,)
