"""Goods between warehouses as their saga sees them: leaving, arriving, getting lost, and coming back."""

import asyncio

import pytest
from temporalio.client import WorkflowFailureError

from models.inventory.errors import TransferExceedsAvailable, TransferToItself
from models.inventory.events import TransferDispatched
from models.inventory.messages import TransferMoved
from models.inventory.transfers import TransferState as S
from models.inventory.types import SkuQuantity
from models.orders.messages import Placement
from tests.workflows.sagas import Sagas, refused
from tests.workflows.scripted import Scripted
from tests.workflows.transfers import (
    CANCEL,
    DISPATCH,
    LOAD,
    OPEN,
    POT,
    RECALL,
    RECEIVE,
    T0,
    TAKE_BACK,
    TEA,
    WRITE_OFF,
    Lorry,
)

THREE_TEAS = SkuQuantity(sku_id=TEA, quantity=3)
ALL_POTS = SkuQuantity(sku_id=POT, quantity=3)


@pytest.fixture
def lorry(sagas: Sagas) -> Lorry:
    return Lorry(sagas)


@pytest.fixture
async def rolling(lorry: Lorry) -> Lorry:
    return await lorry.rolling()


def short(lorry: Lorry) -> TransferExceedsAvailable:
    return TransferExceedsAvailable.of(lorry.plan.from_warehouse_id, [(TEA, 8, 2)])


@pytest.mark.parametrize("placement", ["inline", "queue"])
async def test_goods_leave_and_arrive(sagas: Sagas, steps: Scripted, placement: Placement) -> None:
    lorry = Lorry(sagas, placement)
    assert (await lorry.begin()).state is S.PLANNED
    assert (await lorry.dispatch()).state is S.IN_TRANSIT
    assert (await lorry.arrive()).state is S.COMPLETED
    assert await lorry.ended() == S.COMPLETED
    assert steps.names() == [OPEN, DISPATCH, RECEIVE]
    assert [ref.actor for ref in steps.told(DISPATCH)] == ["operator:1"]


async def test_parts_arrive_and_get_lost_until_nothing_is_on_its_way(rolling: Lorry, steps: Scripted) -> None:
    assert (await rolling.arrive(THREE_TEAS)).in_transit == 8
    assert (await rolling.lose(ALL_POTS)).in_transit == 5
    assert (await rolling.arrive()).state is S.COMPLETED
    assert await rolling.ended() == S.COMPLETED
    (lost,) = steps.told(WRITE_OFF)
    assert (lost.reason, lost.lines) == ("in a ditch", (ALL_POTS,))
    assert len({book.part for book in [*steps.told(RECEIVE), lost]}) == 3


async def test_a_part_that_is_told_twice_under_one_id_is_booked_once(rolling: Lorry, steps: Scripted) -> None:
    first = await rolling.arrive(THREE_TEAS, update_id="one")
    assert await rolling.arrive(THREE_TEAS, update_id="one") == first
    assert [book.part for book in steps.told(RECEIVE)] == ["one"]


async def test_more_than_is_on_its_way_is_refused_and_the_saga_goes_on(rolling: Lorry) -> None:
    assert await refused(rolling.arrive(SkuQuantity(sku_id=TEA, quantity=9))) == "transfer_exceeds_transit"
    assert (await rolling.arrive()).state is S.COMPLETED


async def test_a_transfer_that_is_refused_at_once_never_was(lorry: Lorry, steps: Scripted) -> None:
    steps.refuse(OPEN, TransferToItself.of(lorry.plan.from_warehouse_id))
    assert await refused(lorry.begin()) == "transfer_to_itself"
    assert await lorry.ended() is None
    assert steps.names() == [OPEN, TAKE_BACK, CANCEL]


async def test_what_the_warehouse_cannot_spare_stays_and_may_leave_later(lorry: Lorry, steps: Scripted) -> None:
    steps.refuse(DISPATCH, short(lorry), times=1)
    await lorry.begin()
    assert await refused(lorry.dispatch()) == "transfer_exceeds_available"
    assert (await lorry.dispatch()).state is S.IN_TRANSIT
    await lorry.arrive()
    assert await lorry.ended() == S.COMPLETED
    assert TAKE_BACK not in steps.names()


async def test_a_planned_transfer_is_called_off(lorry: Lorry, steps: Scripted) -> None:
    await lorry.begin()
    assert (await lorry.recall()).state is S.CANCELLED
    assert await lorry.ended() == S.CANCELLED
    assert steps.names() == [OPEN, TAKE_BACK, CANCEL]


async def test_a_transfer_that_left_unheard_and_is_called_off_loses_nothing(lorry: Lorry, steps: Scripted) -> None:
    await lorry.begin()
    lorry.leaves_unheard()
    assert (await lorry.recall()).state is S.CANCELLED
    assert await lorry.ended() == S.CANCELLED
    assert steps.names() == [OPEN, TAKE_BACK, CANCEL]
    assert [(line.in_transit, line.returned) for line in lorry.now.lines] == [(0, 8), (0, 3)]


async def test_calling_off_after_a_refused_dispatch_undoes_both_steps_newest_first(
    lorry: Lorry, steps: Scripted
) -> None:
    steps.refuse(DISPATCH, short(lorry))
    await lorry.begin()
    await refused(lorry.dispatch())
    await lorry.recall()
    assert await lorry.ended() == S.CANCELLED
    assert steps.names() == [OPEN, DISPATCH, TAKE_BACK, CANCEL]


async def test_recalled_goods_come_back(rolling: Lorry, steps: Scripted) -> None:
    await rolling.arrive(THREE_TEAS)
    assert (await rolling.recall()).state is S.RETURNING
    assert await refused(rolling.recall()) == "transfer_not_waiting"
    assert (await rolling.arrive()).lines[0].returned == 5
    assert await rolling.ended() == S.COMPLETED
    assert len(steps.told(RECALL)) == 1


async def test_each_wish_at_the_wrong_time_is_refused(lorry: Lorry) -> None:
    await lorry.begin()
    for early in (lorry.arrive(), lorry.lose()):
        assert await refused(early) == "transfer_not_waiting"
    await lorry.dispatch()
    assert await refused(lorry.dispatch()) == "transfer_not_waiting"


async def test_wishes_that_no_longer_fit_when_their_turn_comes_are_refused(lorry: Lorry, steps: Scripted) -> None:
    go = asyncio.Event()

    async def held_up() -> None:
        await go.wait()

    steps.meanwhile(DISPATCH, held_up)
    await lorry.begin()
    first = asyncio.create_task(lorry.dispatch())
    await lorry.sagas.called(DISPATCH)
    second = asyncio.create_task(lorry.dispatch())
    await asyncio.sleep(0.1)
    go.set()
    assert (await first).state is S.IN_TRANSIT
    assert await refused(second) == "transfer_not_waiting"


async def test_temporals_cancel_before_the_goods_left_takes_everything_back(lorry: Lorry, steps: Scripted) -> None:
    await lorry.begin()
    await lorry.handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await lorry.ended()
    assert steps.names() == [OPEN, TAKE_BACK, CANCEL]


async def test_goods_that_leave_while_temporal_cancels_are_on_their_way(lorry: Lorry, steps: Scripted) -> None:
    async def cancelled() -> None:
        await lorry.handle.cancel()
        await asyncio.sleep(0.2)

    steps.meanwhile(DISPATCH, cancelled)
    await lorry.begin()
    assert (await lorry.dispatch()).state is S.IN_TRANSIT
    await lorry.arrive()
    assert await lorry.ended() == S.COMPLETED
    assert TAKE_BACK not in steps.names()


@pytest.mark.parametrize("placement", ["inline", "queue"])
async def test_temporals_cancel_while_nobody_knows_whether_the_goods_left_takes_them_back(
    sagas: Sagas, steps: Scripted, placement: Placement
) -> None:
    lorry = Lorry(sagas, placement)
    steps.fail(DISPATCH)
    await lorry.begin()
    leaving = asyncio.create_task(refused(lorry.dispatch()))
    await lorry.sagas.called(DISPATCH, times=2)
    await lorry.handle.cancel()
    assert await leaving == "transfer_not_waiting"
    with pytest.raises(WorkflowFailureError):
        await lorry.ended()
    assert list(dict.fromkeys(steps.names())) == [OPEN, DISPATCH, TAKE_BACK, CANCEL]


async def test_temporals_cancel_cannot_call_goods_back(rolling: Lorry) -> None:
    await rolling.handle.cancel()
    await rolling.arrive()
    assert await rolling.ended() == S.COMPLETED


async def test_someone_is_reminded_when_the_goods_do_not_leave_and_when_they_do_not_arrive(lorry: Lorry) -> None:
    await lorry.begin()
    await lorry.sagas.later(lorry.handle, days=2, minutes=1)
    await lorry.is_now("planned (overdue)")
    await lorry.dispatch()
    await lorry.is_now("in_transit, waiting")
    await lorry.sagas.later(lorry.handle, days=5, minutes=1)
    await lorry.is_now("in_transit (overdue)")
    await lorry.arrive(THREE_TEAS)
    await lorry.is_now("in_transit, waiting")
    await lorry.arrive()
    assert await lorry.ended() == S.COMPLETED


@pytest.mark.parametrize("name", [OPEN, DISPATCH, RECEIVE, WRITE_OFF, RECALL])
async def test_a_step_that_fails_a_while_is_repeated(lorry: Lorry, steps: Scripted, name: str) -> None:
    steps.fail(name, times=2)
    await lorry.rolling()
    await lorry.lose(ALL_POTS)
    await lorry.recall()
    await lorry.arrive()
    assert await lorry.ended() == S.COMPLETED
    assert list(dict.fromkeys(steps.names())) == [OPEN, DISPATCH, WRITE_OFF, RECALL, RECEIVE]
    assert (len(steps.told(name)), len(set(map(repr, steps.told(name))))) == (3, 1)


@pytest.mark.parametrize("name", [TAKE_BACK, CANCEL])
async def test_an_undo_that_fails_a_while_is_repeated(lorry: Lorry, steps: Scripted, name: str) -> None:
    steps.refuse(DISPATCH, short(lorry))
    steps.fail(name, times=2)
    await lorry.begin()
    await refused(lorry.dispatch())
    await lorry.recall()
    assert await lorry.ended() == S.CANCELLED
    assert len(steps.told(name)) == 3


async def test_what_kafka_did_not_take_is_published_before_it_ends(lorry: Lorry, steps: Scripted) -> None:
    left = TransferDispatched(
        occurred_at=T0,
        transfer_id=lorry.transfer_id,
        from_warehouse_id=lorry.plan.from_warehouse_id,
        to_warehouse_id=lorry.plan.to_warehouse_id,
        lines=LOAD,
    )
    leaves = steps.answer_of(DISPATCH)
    steps.answer(DISPATCH, lambda ref: TransferMoved(transfer=leaves(ref).transfer, unannounced=(left,)))
    await lorry.rolling()
    await lorry.arrive()
    await lorry.ended()
    (batch,) = steps.told("bus.publish_events")
    assert [event.event_id for event in batch.events] == [f"transfer_dispatched/{lorry.transfer_id}"]
