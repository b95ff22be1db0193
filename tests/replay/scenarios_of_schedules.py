"""The ways through what schedules start whose histories are kept."""

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.client import WorkflowHandle

from models.fulfillment.watching import SignedOff, SilentAsked
from models.housekeeping.types import Chore
from models.payments.reconciliation import Outcome, RepairsDone
from models.payments.supplement import AskAttempts, AttemptsAsked, StrandedCase
from tests.replay.scenarios_of_points import SagaScenario
from tests.workflows.audits import LOOK, audit, sees
from tests.workflows.chores import housekeeping, so_many
from tests.workflows.parcels import watched
from tests.workflows.reconciliations import COMPARE, REPAIR, Reconciling, report
from tests.workflows.sagas import Sagas
from tests.workflows.supplements import ASK, LAST, TAKE_UP, Supplementing, stranded

SupplementScenario = Callable[[Supplementing], Awaitable[None]]
ReconciliationScenario = Callable[[Reconciling], Awaitable[None]]


async def found_and_repaired(run: Supplementing) -> None:
    run.waiting_at("sandbox", "sandbox_card")
    run.steps.answer(ASK, _page)
    run.strands(
        stranded(StrandedCase.WINDOW_WITHOUT_SAGA, "the first"),
        stranded(StrandedCase.SETTLEMENT_UNHEARD, "the second"),
        stranded(StrandedCase.ORDER_WITHOUT_SAGA, "the third"),
    )
    await run.start()


async def channel_down_and_a_repair_broken(run: Supplementing) -> None:
    run.waiting_at("sandbox")
    run.steps.answer(ASK, AttemptsAsked(asked=8, silent=8, down=True))
    run.strands(stranded(StrandedCase.WINDOW_WITHOUT_SAGA))
    run.steps.fail(TAKE_UP)
    await run.start()


async def late_then_repaired(run: Reconciling) -> None:
    left = [RepairsDone(done=50, left=1), RepairsDone(done=1, left=0)]
    run.is_ready_after(2)
    run.steps.answer(COMPARE, report(Outcome.DIFFERS, repairs=51))
    run.steps.answer(REPAIR, lambda _: left.pop(0))
    await run.start()


async def daily(run: Reconciling) -> None:
    await run.start(day=None)


async def not_believed(run: Reconciling) -> None:
    run.steps.answer(COMPARE, report(Outcome.FAILED, failure="the sums disagree"))
    await run.start()


def _page(ask: AskAttempts) -> AttemptsAsked:
    more = ask.channel == "sandbox" and ask.after is None
    return AttemptsAsked(asked=40, paid=1, after=LAST if more else None)


SUPPLEMENTS: tuple[SupplementScenario, ...] = (found_and_repaired, channel_down_and_a_repair_broken)
SUPPLEMENTS_QUEUED: tuple[SupplementScenario, ...] = (found_and_repaired,)


async def silent_ones_asked_and_old_ones_signed_for(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    pages = [SilentAsked(asked=40, news=3, more=True), SilentAsked(asked=2, silent=1)]
    sagas.steps.answer("tracking.ask_silent", lambda _: pages.pop(0))
    sagas.steps.fail("tracking.sign_off_delivered", times=1)
    sagas.steps.answer("tracking.sign_off_delivered", SignedOff(parcels=2))
    return await watched(sagas)


async def carriers_asked_in_vain(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    sagas.steps.fail("tracking.ask_silent")
    sagas.steps.answer("tracking.sign_off_delivered", SignedOff())
    return await watched(sagas)


async def broken_moving_and_unread(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    sees(sagas, money=[("ord_lost", "ord_moves"), ("ord_lost",), ("ord_lost",)])
    sagas.steps.fail(LOOK, times=4)  # the first of them stays unread
    run = await audit(sagas)
    await sagas.ended(run)
    return run


async def removed_and_one_chore_left(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    so_many(sagas.steps, {Chore.NOTICES: 700, Chore.SESSIONS: 4}, broken=Chore.EVIDENCE)
    run = await housekeeping(sagas)
    await sagas.ended(run)
    return run


async def too_much_for_a_run(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    so_many(sagas.steps, {Chore.NOTICES: 500 * 20})
    run = await housekeeping(sagas)
    await run.result()
    return sagas.client.get_workflow_handle(run.id, run_id=run.first_execution_run_id)


CHORES: tuple[SagaScenario, ...] = (removed_and_one_chore_left, too_much_for_a_run)
AUDITS: tuple[SagaScenario, ...] = (broken_moving_and_unread,)
WATCHES: tuple[SagaScenario, ...] = (silent_ones_asked_and_old_ones_signed_for, carriers_asked_in_vain)
RECONCILIATIONS: tuple[ReconciliationScenario, ...] = (late_then_repaired, daily, not_believed)
RECONCILIATIONS_QUEUED: tuple[ReconciliationScenario, ...] = (late_then_repaired,)
