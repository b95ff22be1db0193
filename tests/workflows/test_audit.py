"""`Audit`: what every look sees broken is broken; what only moves is not; what cannot be read is not clean."""

from models.auditing.messages import Audited
from models.auditing.types import Invariant
from tests.workflows.audits import LOOK, audit, sees
from tests.workflows.sagas import Sagas


async def verdict_of(sagas: Sagas) -> Audited:
    return Audited.model_validate(await sagas.ended(await audit(sagas)))


async def test_a_shop_in_order_is_looked_at_once(sagas: Sagas) -> None:
    sees(sagas)
    assert (await verdict_of(sagas)).clean
    assert [ask.invariant for ask in sagas.steps.told(LOOK)] == list(Invariant)


async def test_only_what_every_look_sees_is_broken(sagas: Sagas) -> None:
    sees(
        sagas,
        orders_and_money=[("ord_moves", "ord_lost", "ord_slow"), ("ord_lost", "ord_slow", "ord_new"), ("ord_lost",)],
        stock=[("ord_moves",), ()],
    )
    told = await verdict_of(sagas)
    broken = {verdict.invariant: verdict for verdict in told.verdicts if verdict.broken}
    assert not told.clean
    assert list(broken) == [Invariant.ORDERS_AND_MONEY]
    assert [finding.workflow_id for finding in broken[Invariant.ORDERS_AND_MONEY].first] == ["checkout/ord_lost"]
    assert len(sagas.steps.told(LOOK)) == len(Invariant) + 3  # a second look at two of them, a third at one


async def test_a_book_that_cannot_be_read_hides_no_other_and_is_not_clean(sagas: Sagas) -> None:
    sees(sagas, money=[("ord_lost",)] * 3)
    sagas.steps.fail(LOOK, times=4)
    told = await verdict_of(sagas)
    assert not told.clean
    assert [verdict.invariant for verdict in told.verdicts if not verdict.read] == [Invariant.STOCK]
    assert [verdict.invariant for verdict in told.verdicts if verdict.broken] == [Invariant.MONEY]
