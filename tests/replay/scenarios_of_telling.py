"""The ways through the workflows of reviews, notices and webhooks whose histories are kept."""

from typing import Any

from temporalio.client import WorkflowHandle

from models.reviews.errors import ReviewNotOpen
from models.webhooks.messages import Next, Tried
from tests.replay.scenarios_of_points import SagaScenario
from tests.workflows.sagas import Sagas, refused
from tests.workflows.telling import DISABLED, Reviewing, delivery, failing, notify


async def changed_and_told(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    reviewing = Reviewing(sagas)
    await reviewing.begin()
    await reviewing.handle.result()
    return reviewing.handle


async def change_refused(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    reviewing = Reviewing(sagas)
    sagas.steps.refuse("reviews.change_review", ReviewNotOpen("This review was removed."))
    await refused(reviewing.begin())
    await reviewing.handle.result()
    return reviewing.handle


async def told(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    run = await notify(sagas)
    await run.result()
    return run


async def one_told_later(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    run = await notify(sagas, left=(1,))
    await run.result()
    return run


async def delivered_at_the_third_try(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    sagas.steps.answer("webhooks.try_delivery", failing(2))
    run = await delivery(sagas)
    await sagas.ended(run)
    return run


async def disabled_after_failing(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    disabled = Tried(next=Next.NOTHING, says="http_500", unannounced=(DISABLED,))
    sagas.steps.answer("webhooks.try_delivery", failing(1, disabled))
    run = await delivery(sagas)
    await sagas.ended(run)
    return run


CHANGES: tuple[SagaScenario, ...] = (changed_and_told, change_refused)
NOTICES: tuple[SagaScenario, ...] = (told, one_told_later)
DELIVERIES: tuple[SagaScenario, ...] = (delivered_at_the_third_try, disabled_after_failing)
