"""The search engine is told what sells, and a telling that fails is left to the next run."""

import pytest
from temporalio.client import WorkflowFailureError

from tests.workflows.catalogues import tell_sales
from tests.workflows.sagas import Sagas
from tests.workflows.scripted import Scripted


async def test_the_engine_is_told_once_it_answers_again(sagas: Sagas, steps: Scripted) -> None:
    steps.fail("rankings.tell_sales", times=3)
    run = await tell_sales(sagas)
    assert await sagas.ended(run) == 12
    assert steps.names() == ["rankings.tell_sales"] * 4


async def test_an_engine_that_stays_away_ends_the_run_which_the_next_one_makes_good(
    sagas: Sagas, steps: Scripted
) -> None:
    steps.fail("rankings.tell_sales")
    run = await tell_sales(sagas)
    with pytest.raises(WorkflowFailureError):
        await sagas.ended(run)
    assert steps.names() == ["rankings.tell_sales"] * 4
