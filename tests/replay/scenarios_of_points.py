"""The ways through the workflows of points whose histories are kept. Each answers the run that is kept."""

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.client import WorkflowHandle

from models.points.errors import PointsNotEnough
from models.points.events import told
from tests.workflows.points import LINE, Adjusting, due, expiry
from tests.workflows.sagas import Sagas, refused

SagaScenario = Callable[[Sagas], Awaitable[WorkflowHandle[Any, Any]]]


async def written_off_and_told(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    sagas.steps.answer("points.expire_due", due(2, *told((LINE,))))
    run = await expiry(sagas)
    await run.result()
    return run


async def gone_on_in_a_new_run(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    sagas.steps.answer("points.expire_due", due(21))
    run = await expiry(sagas)
    await run.result()
    return sagas.client.get_workflow_handle(run.id, run_id=run.first_execution_run_id)


async def adjusted_and_told(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    adjusting = Adjusting(sagas)
    await adjusting.begin()
    await adjusting.handle.result()
    return adjusting.handle


async def adjustment_refused(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    adjusting = Adjusting(sagas)
    sagas.steps.refuse("points.adjust_points", PointsNotEnough("You have 3 points.", balance=3))
    await refused(adjusting.begin())
    await adjusting.handle.result()
    return adjusting.handle


EXPIRIES: tuple[SagaScenario, ...] = (written_off_and_told, gone_on_in_a_new_run)
ADJUSTMENTS: tuple[SagaScenario, ...] = (adjusted_and_told, adjustment_refused)
