"""The ways through `Transfer` and `StockLowNotice` whose histories are kept."""

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.client import WorkflowHandle

from models.inventory.errors import TransferExceedsAvailable, TransferToItself
from models.inventory.types import SkuQuantity
from tests.replay.scenarios_of_points import SagaScenario
from tests.workflows.notices import chargeback_notice, charged_back, notice
from tests.workflows.sagas import Sagas, refused
from tests.workflows.transfers import DISPATCH, OPEN, POT, TEA, Lorry

TransferScenario = Callable[[Lorry], Awaitable[None]]


async def arrived_in_parts(lorry: Lorry) -> None:
    await lorry.rolling()
    await lorry.arrive(SkuQuantity(sku_id=TEA, quantity=3))
    await refused(lorry.arrive(SkuQuantity(sku_id=TEA, quantity=9)))
    await lorry.arrive()


async def overdue_then_partly_lost_and_recalled(lorry: Lorry) -> None:
    await lorry.begin()
    await lorry.sagas.later(lorry.handle, days=2, minutes=1)
    await lorry.is_now("overdue")
    await lorry.dispatch()
    await lorry.sagas.later(lorry.handle, days=5, minutes=1)
    await lorry.is_now("overdue")
    await lorry.lose(SkuQuantity(sku_id=POT, quantity=3))
    await lorry.recall()
    await lorry.arrive()


async def not_spared_then_called_off(lorry: Lorry) -> None:
    short = TransferExceedsAvailable.of(lorry.plan.from_warehouse_id, [(TEA, 8, 2)])
    lorry.steps.refuse(DISPATCH, short, times=1)
    await lorry.begin()
    await refused(lorry.dispatch())
    await lorry.recall()


async def left_unheard_then_called_off(lorry: Lorry) -> None:
    await lorry.begin()
    lorry.leaves_unheard()
    await lorry.recall()


async def refused_at_once(lorry: Lorry) -> None:
    lorry.steps.refuse(OPEN, TransferToItself.of(lorry.plan.from_warehouse_id))
    await refused(lorry.begin())


async def cancelled_in_temporal(lorry: Lorry) -> None:
    await lorry.begin()
    await lorry.handle.cancel()


async def cancelled_in_temporal_on_its_way(lorry: Lorry) -> None:
    await lorry.rolling()
    await lorry.handle.cancel()
    await lorry.arrive()


async def told_after_a_while(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    sagas.steps.fail("bus.publish_events", times=1)
    run = await notice(sagas)
    await run.result()
    return run


async def noted_and_told(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    run = await chargeback_notice(sagas, charged_back())
    await run.result()
    return run


TRANSFERS: tuple[TransferScenario, ...] = (
    arrived_in_parts,
    overdue_then_partly_lost_and_recalled,
    not_spared_then_called_off,
    left_unheard_then_called_off,
    refused_at_once,
    cancelled_in_temporal,
    cancelled_in_temporal_on_its_way,
)
TRANSFERS_QUEUED: tuple[TransferScenario, ...] = (arrived_in_parts, not_spared_then_called_off)
NOTICES: tuple[SagaScenario, ...] = (told_after_a_while,)
CHARGEBACKS: tuple[SagaScenario, ...] = (noted_and_told,)
