"""The operator's side: every unit that comes or goes is explained, and each request counts once."""

import asyncpg
import pytest

from models.inventory.errors import (
    OperationKeyReused,
    RestockExceedsSold,
    SkuOfAnotherMerchant,
    StockIsReserved,
    WarehouseCodeTaken,
)
from models.inventory.types import MovementReason, Warehouse, WarehouseDetails
from models.shared.ids import MerchantId, WarehouseId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from tests.integration.inventory.shop import MERCHANT, NOW, Shop, line, order, sku


@pytest.fixture
async def a(shop: Shop) -> Warehouse:
    return await shop.warehouse("a")


async def test_received_goods_can_be_sold_and_are_in_the_journal(shop: Shop, a: Warehouse) -> None:
    change = await shop.store.receive(
        a.warehouse_id, sku(), 12, key="delivery 1", actor="mei", now=NOW, note="from the mill"
    )

    assert (change.level.on_hand, change.level.available) == (12, 12)
    (movement,) = await shop.store.journal(warehouse_id=a.warehouse_id, sku_id=sku())
    assert (movement.delta, movement.reason, movement.actor) == (12, MovementReason.RECEIVE, "mei")
    assert (movement.reference, movement.note, movement.at) == ("delivery 1", "from the mill", NOW)


async def test_a_repeated_operation_is_answered_alike_and_counts_once(shop: Shop, a: Warehouse) -> None:
    operations = (
        lambda: shop.store.receive(a.warehouse_id, sku(), 12, key="k", actor="mei", now=NOW),
        lambda: shop.store.adjust(a.warehouse_id, sku(), -2, key="k", actor="mei", now=NOW, note="broken"),
        lambda: shop.store.count(a.warehouse_id, sku(), 9, key="k", actor="mei", now=NOW),
    )
    first = [await operation() for operation in operations]
    before = await shop.everything()

    assert [await operation() for operation in operations] == first
    assert await shop.everything() == before
    assert [change.level.on_hand for change in first] == [12, 10, 9]


async def test_a_key_that_names_another_operation_is_refused(shop: Shop, a: Warehouse) -> None:
    await shop.store.receive(a.warehouse_id, sku(), 12, key="k", actor="mei", now=NOW)
    before = await shop.everything()

    with pytest.raises(OperationKeyReused):
        await shop.store.receive(a.warehouse_id, sku(), 13, key="k", actor="mei", now=NOW)
    with pytest.raises(OperationKeyReused):
        await shop.store.receive(a.warehouse_id, sku("cup"), 12, key="k", actor="mei", now=NOW)
    assert await shop.everything() == before


async def test_promised_goods_cannot_be_adjusted_or_counted_away(shop: Shop, a: Warehouse) -> None:
    await shop.stock(a, sku(), 10)
    await shop.reserve(order(), line(6))
    before = await shop.everything()

    with pytest.raises(StockIsReserved) as refused:
        await shop.store.adjust(a.warehouse_id, sku(), -5, key="k", actor="mei", now=NOW, note="lost")
    with pytest.raises(StockIsReserved):
        await shop.store.count(a.warehouse_id, sku(), 5, key="k", actor="mei", now=NOW)
    assert (refused.value.fields["wanted"], refused.value.fields["reserved"]) == (5, 6)
    with pytest.raises(InvalidRequest):
        await shop.store.adjust(a.warehouse_id, sku(), -11, key="k", actor="mei", now=NOW, note="lost")
    with pytest.raises(InvalidRequest):
        await shop.store.receive(a.warehouse_id, sku(), 0, key="k", actor="mei", now=NOW)
    assert await shop.everything() == before


async def test_a_count_that_finds_what_was_expected_is_still_in_the_journal(shop: Shop, a: Warehouse) -> None:
    await shop.stock(a, sku(), 10)
    await shop.store.count(a.warehouse_id, sku(), 10, key="spring", actor="mei", now=NOW)

    (movement,) = await shop.store.journal(reference="spring")
    assert (movement.delta, movement.on_hand_after) == (0, 10)


async def test_an_unknown_warehouse_and_a_foreign_sku_are_refused(shop: Shop, a: Warehouse) -> None:
    await shop.stock(a, sku(), 10)
    foreign = await shop.warehouse("b", MerchantId.derive(NOW, "other"))
    before = await shop.everything()

    with pytest.raises(NotFound):
        await shop.store.receive(WarehouseId.derive(NOW, "none"), sku(), 1, key="k", actor="mei", now=NOW)
    with pytest.raises(SkuOfAnotherMerchant):
        await shop.store.receive(foreign.warehouse_id, sku(), 1, key="k", actor="mei", now=NOW)
    assert await shop.everything() == before


async def test_lowering_what_is_available_reports_the_crossing_once(shop: Shop, a: Warehouse) -> None:
    await shop.stock(a, sku(), 10)

    raised = await shop.store.set_safety(a.warehouse_id, sku(), 5, low_at=2, now=NOW)
    crossed = await shop.store.adjust(a.warehouse_id, sku(), -4, key="k", actor="mei", now=NOW, note="lost")
    again = await shop.store.set_safety(a.warehouse_id, sku(), 5, low_at=2, now=NOW)

    assert raised.low_stock is None
    assert crossed.low_stock is not None
    assert (crossed.low_stock.available, crossed.low_stock.low_at) == (1, 2)
    assert again.low_stock is None
    assert [level.sku_id for level in await shop.store.levels(only_low=True)] == [sku()]


async def test_returned_goods_lie_again_where_they_came_from(shop: Shop, a: Warehouse) -> None:
    b = await shop.warehouse("b")
    await shop.stock(a, sku(), 3)
    await shop.stock(b, sku(), 3)
    await shop.reserve(order(), line(5))
    await shop.store.commit(order(), NOW)

    back = await shop.store.restock(order(), "refund 1", [line(4)], NOW)
    before = await shop.everything()

    assert sum(part.quantity for part in back.allocations) == 4
    assert await shop.store.restock(order(), "refund 1", [line(4)], NOW) == back
    assert await shop.everything() == before
    assert await shop.in_stock([sku()]) == {sku(): 5}
    assert await shop.store.audit(NOW) == []


async def test_never_more_comes_back_than_was_sold(shop: Shop, a: Warehouse) -> None:
    await shop.stock(a, sku(), 9)
    await shop.reserve(order(), line(5))
    before_commit = await shop.everything()
    with pytest.raises(RestockExceedsSold):
        await shop.store.restock(order(), "refund 1", [line(1)], NOW)
    assert await shop.everything() == before_commit

    await shop.store.commit(order(), NOW)
    await shop.store.restock(order(), "refund 1", [line(3)], NOW)
    before = await shop.everything()
    with pytest.raises(RestockExceedsSold) as refused:
        await shop.store.restock(order(), "refund 2", [line(3)], NOW)
    with pytest.raises(RestockExceedsSold):
        await shop.store.restock(order(), "refund 2", [line(1, "cup")], NOW)
    with pytest.raises(OperationKeyReused):
        await shop.store.restock(order(), "refund 1", [line(2)], NOW)
    assert refused.value.fields["lines"] == [{"sku_id": sku(), "asked": 3, "left": 2}]
    assert await shop.everything() == before


@pytest.mark.parametrize("statement", ["UPDATE journal SET delta = 99", "DELETE FROM journal", "TRUNCATE journal"])
async def test_the_journal_cannot_be_edited(shop: Shop, a: Warehouse, statement: str) -> None:
    await shop.stock(a, sku(), 3)
    async with shop.db.reader() as connection:
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await connection.execute(statement)


@pytest.mark.parametrize("change", ["on_hand = -1", "reserved = -1", "reserved = on_hand + 1", "safety = -1"])
async def test_the_database_itself_refuses_impossible_stock(shop: Shop, a: Warehouse, change: str) -> None:
    await shop.stock(a, sku(), 3)
    async with shop.db.reader() as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(f"UPDATE stock SET {change}")


async def test_levels_and_journal_come_in_pages_without_gap_or_repeat(shop: Shop) -> None:
    for name in "ab":
        warehouse = await shop.warehouse(name)
        for n in range(5):
            await shop.stock(warehouse, sku(str(n)), 1)

    levels, after = [], None
    while page := await shop.store.levels(after=after, limit=3):
        levels += page
        after = (page[-1].warehouse_id, page[-1].sku_id)
    movements, before = [], None
    while entries := await shop.store.journal(before=before, limit=4):
        movements += entries
        before = entries[-1].number

    assert [(x.warehouse_id, x.sku_id) for x in levels] == sorted({(x.warehouse_id, x.sku_id) for x in levels})
    assert len(levels) == 10
    assert [m.number for m in movements] == sorted({m.number for m in movements}, reverse=True)
    assert len(movements) == 10


async def test_a_warehouse_is_added_once_and_edited_only_by_who_saw_it_last(shop: Shop, a: Warehouse) -> None:
    details = WarehouseDetails(code="a", name="North", merchant_id=MERCHANT)
    assert await shop.store.add_warehouse(a.warehouse_id, details, NOW) == a
    with pytest.raises(WarehouseCodeTaken):
        await shop.store.add_warehouse(WarehouseId.derive(NOW, "other"), details, NOW)

    edited = await shop.store.edit_warehouse(a.warehouse_id, details, a.version)
    assert (edited.name, edited.version) == ("North", 2)
    with pytest.raises(StaleVersion):
        await shop.store.edit_warehouse(a.warehouse_id, details, a.version)
    foreign = details.model_copy(update={"merchant_id": MerchantId.derive(NOW, "other")})
    with pytest.raises(NotFound):
        await shop.store.edit_warehouse(a.warehouse_id, foreign, edited.version)
    assert list(await shop.store.warehouses()) == [edited]
