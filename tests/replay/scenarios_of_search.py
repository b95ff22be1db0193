"""The ways through what keeps the index in step whose histories are kept. Each answers the run that is kept."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from temporalio.client import WorkflowFailureError, WorkflowHandle

from models.search.messages import StockTurned
from tests.workflows.catalogues import Syncing, building, drift, reindex, tell_sales
from tests.workflows.sagas import Sagas

SagaScenario = Callable[[Sagas], Awaitable[WorkflowHandle[Any, Any]]]


async def edited_and_followed(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    syncing = Syncing(sagas)
    await syncing.announced()
    await syncing.ended()
    await syncing.handle.result()
    return syncing.handle


async def edit_refused(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    syncing = Syncing(sagas)
    await syncing.announced()
    await syncing.ended(changed=False)
    await syncing.handle.result()
    return syncing.handle


async def editor_died(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    syncing = Syncing(sagas)
    await syncing.announced()
    for looks, seconds in enumerate((3, 12, 45), start=1):
        await sagas.later(syncing.handle, seconds=seconds + 0.5)
        await sagas.called("search.index_products", times=looks)
    await sagas.ended(syncing.handle)
    return syncing.handle


async def sold_out_and_edited_meanwhile(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    syncing = Syncing(sagas)

    async def meanwhile() -> None:
        await syncing.ended("another")

    sagas.steps.meanwhile("search.index_products", meanwhile)
    await syncing.told("stock_turned", StockTurned())
    await syncing.handle.result()
    return syncing.handle


async def rebuilt(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    building(sagas)
    run = await reindex(sagas)
    await run.result()
    return run


async def given_up(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    building(sagas)
    run = await reindex(sagas, give_up=True)
    await run.result()
    return run


async def drift_repaired(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    run = await drift(sagas)
    await sagas.ended(run)
    return run


async def sales_told(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    run = await tell_sales(sagas)
    await run.result()
    return run


async def engine_away(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    sagas.steps.fail("rankings.tell_sales")
    run = await tell_sales(sagas)
    with suppress(WorkflowFailureError):
        await sagas.ended(run)
    return run


SYNCS: tuple[SagaScenario, ...] = (edited_and_followed, edit_refused, editor_died, sold_out_and_edited_meanwhile)
REBUILDS: tuple[SagaScenario, ...] = (rebuilt, given_up)
DRIFTS: tuple[SagaScenario, ...] = (drift_repaired,)
SALES: tuple[SagaScenario, ...] = (sales_told, engine_away)
