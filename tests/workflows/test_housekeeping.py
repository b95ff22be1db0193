"""What was kept long enough is removed batch by batch, and one chore that fails holds up no other."""

from models.housekeeping.types import Chore
from tests.workflows.chores import housekeeping, so_many
from tests.workflows.sagas import Sagas
from tests.workflows.scripted import Scripted


async def test_each_chore_is_done_until_nothing_is_left_and_all_look_at_one_moment(
    sagas: Sagas, steps: Scripted
) -> None:
    so_many(steps, {Chore.NOTICES: 1_200, Chore.EVIDENCE: 3})
    run = await housekeeping(sagas)
    done = await run.result()
    assert done.removed == {chore: {Chore.NOTICES: 1_200, Chore.EVIDENCE: 3}.get(chore, 0) for chore in Chore}
    assert done.undone == ()
    asked = steps.told("housekeeping.sweep")
    assert [ask.chore for ask in asked] == [Chore.NOTICES] * 3 + list(Chore)[1:]
    assert len({ask.at for ask in asked}) == 1


async def test_a_chore_that_fails_is_told_of_and_the_others_are_done(sagas: Sagas, steps: Scripted) -> None:
    so_many(steps, {Chore.SESSIONS: 7}, broken=Chore.NOTICES)
    run = await housekeeping(sagas)
    done = await sagas.ended(run)
    assert done.undone == (Chore.NOTICES,)
    assert done.removed[Chore.SESSIONS] == 7


async def test_a_long_run_goes_on_in_a_new_one_and_counts_on(sagas: Sagas, steps: Scripted) -> None:
    so_many(steps, {Chore.NOTICES: 500 * 25, Chore.SESSIONS: 1}, broken=Chore.EVIDENCE)
    run = await housekeeping(sagas)
    done = await sagas.ended(run)
    assert (done.removed[Chore.NOTICES], done.removed[Chore.SESSIONS]) == (500 * 25, 1)
    assert done.undone == (Chore.EVIDENCE,)
    assert (await sagas.client.get_workflow_handle(run.id).describe()).run_id != run.first_execution_run_id
