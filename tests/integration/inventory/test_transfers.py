"""Goods between warehouses: each unit is in one of them, on its way, or written off, and the journal says so."""

import asyncio

import asyncpg
import pytest

from models.inventory.errors import (
    OperationKeyReused,
    TransferExceedsAvailable,
    TransferExceedsTransit,
    TransferNotWaiting,
    TransferToItself,
    WarehouseOfAnotherMerchant,
)
from models.inventory.messages import OpenTransfer
from models.inventory.transfers import TransferState
from models.inventory.types import BreakKind, MovementReason
from models.shared.ids import MerchantId, TransferId, WarehouseId
from models.shared.refusals import InvalidRequest, NotFound
from tests.integration.inventory.lorry import Lorry
from tests.integration.inventory.shop import NOW, Shop, line, order, sku

_R = MovementReason


@pytest.fixture
async def lorry(shop: Shop) -> Lorry:
    start, end = await shop.warehouse("a"), await shop.warehouse("b")
    await shop.stock(start, sku(), 20)
    await shop.stock(start, sku("cup"), 5)
    return Lorry(shop, start, end)


@pytest.fixture
async def rolling(lorry: Lorry) -> Lorry:
    """Loaded with eight teas and three cups, and gone."""
    await lorry.plan()
    await lorry.leave()
    return lorry


async def movements(lorry: Lorry) -> list[tuple[MovementReason, int, int, int]]:
    journal = await lorry.shop.store.journal(reference=lorry.transfer_id, sku_id=sku())
    return [(m.reason, m.delta, m.in_transit, m.on_hand_after) for m in reversed(journal)]


async def test_a_plan_moves_nothing(lorry: Lorry) -> None:
    planned = await lorry.plan()
    assert (planned.state, planned.in_transit) == (TransferState.PLANNED, 0)
    assert await lorry.on_hand() == (20, 0)
    assert await movements(lorry) == []
    assert await lorry.shop.store.audit(NOW) == []


async def test_what_leaves_is_in_transit_until_it_arrives_in_parts(rolling: Lorry) -> None:
    assert await rolling.on_hand() == (12, 0)
    assert (await rolling.shop.store.transfer(rolling.transfer_id)).in_transit == 11
    assert await rolling.shop.store.audit(NOW) == []

    first = await rolling.arrive("one", line(5))
    assert (first.transfer.state, first.transfer.in_transit) == (TransferState.IN_TRANSIT, 6)
    assert await rolling.on_hand() == (12, 5)
    last = await rolling.arrive("two")

    assert sorted(last.booked, key=repr) == sorted((line(3), line(3, "cup")), key=repr)
    assert (last.transfer.state, last.transfer.in_transit) == (TransferState.COMPLETED, 0)
    assert await rolling.on_hand() == (12, 8)
    assert await movements(rolling) == [
        (_R.TRANSFER_OUT, -8, 8, 12),
        (_R.TRANSFER_IN, 5, -5, 5),
        (_R.TRANSFER_IN, 3, -3, 8),
    ]
    assert await rolling.shop.store.audit(NOW) == []


async def test_what_is_lost_is_written_off_with_its_reason_where_it_came_from(rolling: Lorry) -> None:
    await rolling.lose("ditch", line(2), reason="in a ditch")
    await rolling.arrive("rest")

    ended = await rolling.shop.store.transfer(rolling.transfer_id)
    (tea,) = [each for each in ended.lines if each.sku_id == sku()]
    assert (ended.state, tea.arrived, tea.lost, tea.in_transit) == (TransferState.COMPLETED, 6, 2, 0)
    (written_off,) = [m for m in await rolling.shop.store.journal() if m.reason is _R.TRANSFER_LOST]
    assert (written_off.delta, written_off.in_transit, written_off.on_hand_after) == (0, -2, 12)
    assert (written_off.warehouse_id, written_off.note) == (rolling.start.warehouse_id, "in a ditch")
    assert await rolling.shop.store.audit(NOW) == []


async def test_recalled_goods_arrive_where_they_came_from(rolling: Lorry) -> None:
    await rolling.arrive("one", line(5))
    assert (await rolling.turn()).state is TransferState.RETURNING
    assert (await rolling.turn()).state is TransferState.RETURNING
    home = await rolling.arrive("home")

    assert home.transfer.state is TransferState.COMPLETED
    assert [(each.arrived, each.returned) for each in home.transfer.lines if each.sku_id == sku()] == [(5, 3)]
    assert await rolling.on_hand() == (15, 5)
    assert await rolling.shop.store.audit(NOW) == []


async def test_each_step_counts_once_and_is_answered_alike_again(lorry: Lorry) -> None:
    assert await lorry.plan() == await lorry.plan()
    left = await lorry.leave()
    arrived, lost = await lorry.arrive("one", line(5)), await lorry.lose("two", line(1))
    before = await lorry.shop.everything()

    assert await lorry.leave() == left
    assert await lorry.arrive("one", line(5)) == arrived
    assert await lorry.lose("two", line(1)) == lost
    for other in (lorry.plan(line(1)), lorry.arrive("one", line(4)), lorry.lose("two", line(1), reason="stolen")):
        with pytest.raises(OperationKeyReused):
            await other
    assert await lorry.shop.everything() == before


async def test_promised_and_kept_back_units_do_not_leave(lorry: Lorry) -> None:
    await lorry.plan()
    await lorry.shop.reserve(order(), line(9))
    await lorry.shop.store.set_safety(lorry.start.warehouse_id, sku(), 4, now=NOW)
    before = await lorry.shop.everything()

    with pytest.raises(TransferExceedsAvailable) as refused:
        await lorry.leave()
    assert refused.value.fields["lines"] == [{"sku_id": sku(), "asked": 8, "left": 7}]
    assert await lorry.shop.everything() == before


async def test_more_than_there_is_cannot_even_be_planned(lorry: Lorry) -> None:
    before = await lorry.shop.everything()
    with pytest.raises(TransferExceedsAvailable):
        await lorry.plan(line(8), line(13))
    with pytest.raises(TransferExceedsAvailable):
        await lorry.plan(line(1, "a thing nobody stocks"))
    assert await lorry.shop.everything() == before


async def test_a_transfer_joins_two_warehouses_of_one_merchant(lorry: Lorry) -> None:
    foreign = await lorry.shop.warehouse("c", MerchantId.derive(NOW, "other"))
    before = await lorry.shop.everything()

    def plan(end: WarehouseId) -> OpenTransfer:
        ends = {"from_warehouse_id": lorry.start.warehouse_id, "to_warehouse_id": end}
        return OpenTransfer(transfer_id=lorry.transfer_id, lines=(line(1),), actor="mei", at=NOW, **ends)

    for end, refusal in (
        (lorry.start.warehouse_id, TransferToItself),
        (foreign.warehouse_id, WarehouseOfAnotherMerchant),
        (WarehouseId.derive(NOW, "nowhere"), NotFound),
    ):
        with pytest.raises(refusal):
            await lorry.shop.store.open_transfer(plan(end))
    assert await lorry.shop.everything() == before


async def test_never_more_arrives_or_is_lost_than_is_on_its_way(rolling: Lorry) -> None:
    await rolling.arrive("one", line(5))
    before = await rolling.shop.everything()

    for step in (rolling.arrive("two", line(4)), rolling.lose("two", line(4)), rolling.arrive("two", line(1, "pot"))):
        with pytest.raises(TransferExceedsTransit):
            await step
    with pytest.raises(InvalidRequest):
        await rolling.lose("two", line(1), reason="")
    assert await rolling.shop.everything() == before


async def test_a_step_at_the_wrong_time_is_refused(lorry: Lorry) -> None:
    with pytest.raises(NotFound):
        await lorry.leave()
    await lorry.plan()
    for step in (lorry.arrive("early"), lorry.lose("early"), lorry.turn()):
        with pytest.raises(TransferNotWaiting):
            await step
    await lorry.leave()
    with pytest.raises(TransferNotWaiting):
        await lorry.shop.store.cancel_transfer(lorry.ref)
    await lorry.arrive("all")
    for step in (lorry.arrive("late"), lorry.lose("late"), lorry.turn()):
        with pytest.raises(TransferNotWaiting):
            await step


async def test_undoing_a_dispatch_puts_everything_back_and_nothing_leaves_later(lorry: Lorry) -> None:
    await lorry.plan()
    await lorry.leave()
    await lorry.shop.store.take_back_transfer(lorry.ref)
    before = await lorry.shop.everything()

    await lorry.shop.store.take_back_transfer(lorry.ref)
    await lorry.shop.store.cancel_transfer(lorry.ref)
    await lorry.leave()  # a late duplicate is answered as it was then, and moves nothing

    assert await lorry.shop.everything() == before
    assert (await lorry.shop.store.transfer(lorry.transfer_id)).state is TransferState.CANCELLED
    assert await lorry.on_hand() == (20, 0)
    assert await lorry.shop.store.audit(NOW) == []


async def test_an_undo_that_overtakes_its_step_wins(lorry: Lorry) -> None:
    await lorry.shop.store.take_back_transfer(lorry.ref)
    await lorry.shop.store.cancel_transfer(lorry.ref)
    with pytest.raises(TransferNotWaiting):
        await lorry.plan()

    other = Lorry(lorry.shop, lorry.start, lorry.end, name="other")
    await other.plan()
    await other.shop.store.take_back_transfer(other.ref)
    with pytest.raises(TransferNotWaiting):
        await other.leave()
    assert await lorry.on_hand() == (20, 0)


async def test_a_dispatch_that_takes_a_level_to_its_mark_reports_it_once(lorry: Lorry) -> None:
    await lorry.shop.store.set_safety(lorry.start.warehouse_id, sku(), 0, low_at=12, now=NOW)
    await lorry.plan()
    left = await lorry.leave()
    assert [(low.sku_id, low.available, low.low_at) for low in left.low_stock] == [(sku(), 12, 12)]
    assert (await lorry.arrive("all")).low_stock == ()


async def test_opening_and_calling_off_at_once_leave_no_open_transfer(lorry: Lorry) -> None:
    for n in range(20):
        each = Lorry(lorry.shop, lorry.start, lorry.end, name=f"lorry {n}")
        await asyncio.gather(each.plan(), lorry.shop.store.cancel_transfer(each.ref), return_exceptions=True)
    assert await lorry.shop.store.transfers(state=TransferState.PLANNED) == []


async def test_transfers_come_newest_first_in_pages_by_state_and_warehouse(lorry: Lorry) -> None:
    third = await lorry.shop.warehouse("c")
    for n in range(5):
        end = third if n == 4 else lorry.end
        each = Lorry(lorry.shop, lorry.start, end, (line(1),), f"lorry {n}")
        await each.plan()
        if n < 2:
            await each.leave()
    store, found, before = lorry.shop.store, [], None
    while page := await store.transfers(before=before, limit=2):
        found += [each.transfer_id for each in page]
        before = page[-1].transfer_id

    assert found == sorted({TransferId.derive(NOW, f"lorry {n}") for n in range(5)}, reverse=True)
    assert len(await store.transfers(state=TransferState.IN_TRANSIT)) == 2
    assert [each.to_warehouse_id for each in await store.transfers(warehouse_id=third.warehouse_id)] == [
        third.warehouse_id
    ]


@pytest.mark.parametrize(
    ("sabotage", "kinds"),
    [
        ("UPDATE transfer_lines SET arrived = arrived + 1", {BreakKind.TRANSIT_UNEXPLAINED}),
        ("UPDATE transfer_lines SET lost = 1", {BreakKind.TRANSIT_UNEXPLAINED}),
        ("UPDATE transfers SET state = 'completed'", {BreakKind.TRANSFER_NOT_SETTLED}),
        (
            "ALTER TABLE journal DISABLE TRIGGER ALL; DELETE FROM journal WHERE reason = 'transfer_in'",
            {BreakKind.TRANSIT_UNEXPLAINED, BreakKind.ON_HAND_UNEXPLAINED},
        ),
        (
            "DELETE FROM transfer_lines; DELETE FROM transfers",
            {BreakKind.TRANSIT_UNEXPLAINED},
        ),
    ],
)
async def test_the_audit_finds_goods_that_vanish_on_their_way(
    rolling: Lorry, sabotage: str, kinds: set[BreakKind]
) -> None:
    await rolling.arrive("one", line(5))
    async with rolling.shop.db.reader() as connection:
        await connection.execute(sabotage)
    assert {found.kind for found in await rolling.shop.store.audit(NOW)} == kinds


@pytest.mark.parametrize(
    "change",
    [
        "transfers SET to_warehouse_id = from_warehouse_id",
        "transfers SET left_at = NULL",
        "transfer_lines SET lost = quantity",
        "transfer_lines SET arrived = -1",
    ],
)
async def test_the_database_itself_refuses_impossible_transfers(rolling: Lorry, change: str) -> None:
    await rolling.arrive("one", line(5), line(1, "cup"))
    async with rolling.shop.db.reader() as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(f"UPDATE {change}")
