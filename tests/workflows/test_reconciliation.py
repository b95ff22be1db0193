"""`Reconciliation`: a statement is waited for, held against our books once, and what is safe is repaired."""

from datetime import date, timedelta

import pytest

from channels.payment.errors import ChannelRefused
from models.payments.reconciliation import Outcome, RepairsDone, StatementTaken, TakeIn
from tests.workflows.reconciliations import COMPARE, DAY, NOT_READY, REPAIR, TAKE_IN, Reconciling, accepted, report
from tests.workflows.sagas import Sagas


@pytest.fixture
def reconciling(sagas: Sagas) -> Reconciling:
    return Reconciling(sagas)


async def test_a_day_that_agrees_leaves_a_report_and_repairs_nothing(reconciling: Reconciling) -> None:
    done = await reconciling.run()
    ((day, kept, missing, repaired),) = [(each.day, each.report, each.missing, each.repaired) for each in done.days]
    assert (day, kept, missing, repaired) == (DAY, report(), None, 0)
    assert reconciling.steps.names() == [TAKE_IN, COMPARE]


async def test_a_statement_that_is_not_published_yet_is_waited_for(reconciling: Reconciling) -> None:
    reconciling.is_ready_after(3)
    done = await reconciling.run()
    assert done.days[0].report == report()
    assert len(reconciling.fetched()) == 4


async def test_a_statement_that_never_comes_is_told_to_a_person(reconciling: Reconciling) -> None:
    reconciling.asks_again = timedelta(hours=24)
    reconciling.steps.answer(TAKE_IN, NOT_READY)
    done = await reconciling.run()
    assert (done.days[0].report, done.days[0].missing) == (None, "the channel has not published it")
    assert len(reconciling.fetched()) == 4
    assert reconciling.compared() == []


async def test_repairs_are_done_until_none_is_left(reconciling: Reconciling) -> None:
    left = [RepairsDone(done=50, left=1), RepairsDone(done=1, left=0)]
    reconciling.steps.answer(COMPARE, report(Outcome.DIFFERS, repairs=51))
    reconciling.steps.answer(REPAIR, lambda _: left.pop(0))
    done = await reconciling.run()
    assert done.days[0].repaired == 51
    assert len(reconciling.steps.told(REPAIR)) == 2


async def test_a_statement_that_cannot_be_believed_repairs_nothing(reconciling: Reconciling) -> None:
    failed = report(Outcome.FAILED, failure="the lines add up to something else")
    reconciling.steps.answer(COMPARE, failed)
    done = await reconciling.run()
    assert done.days[0].report == failed
    assert reconciling.steps.told(REPAIR) == []


async def test_the_daily_run_looks_at_corrected_days_first_and_waits_for_yesterday_only(
    reconciling: Reconciling,
) -> None:
    asked: list[date] = []

    def taken(ask: TakeIn) -> StatementTaken:
        asked.append(ask.day)
        return NOT_READY if asked.count(ask.day) == 1 else accepted()

    reconciling.steps.answer(TAKE_IN, taken)
    done = await reconciling.run(day=None)
    assert [each.day for each in done.days] == [date(2026, 11, day) for day in (8, 9, 10, 11)]
    assert [each.missing for each in done.days] == ["not published yet"] * 3 + [None]
    assert [asked.count(date(2026, 11, day)) for day in (8, 9, 10, 11)] == [1, 1, 1, 2]


async def test_a_channel_that_refuses_one_day_does_not_keep_the_others_from_being_reconciled(
    reconciling: Reconciling,
) -> None:
    reconciling.steps.refuse(TAKE_IN, ChannelRefused("sandbox", "too_old", "only three months are kept"), times=1)
    done = await reconciling.run(day=None)
    assert [each.report is None for each in done.days] == [True, False, False, False]
    assert "only three months are kept" in (done.days[0].missing or "")


async def test_stores_and_channels_that_stumble_are_asked_again(reconciling: Reconciling) -> None:
    reconciling.steps.answer(COMPARE, report(Outcome.DIFFERS, repairs=1))
    for step in (TAKE_IN, COMPARE, REPAIR):
        reconciling.steps.fail(step, times=1)
    done = await reconciling.run()
    assert done.days[0].repaired == 1
    assert [len(reconciling.steps.told(step)) for step in (TAKE_IN, COMPARE, REPAIR)] == [2, 2, 2]
