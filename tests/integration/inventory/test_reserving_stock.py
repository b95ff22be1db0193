"""Reserve, release and commit: each once per order, whatever is repeated or late."""

import pytest

from models.inventory.errors import (
    NothingReserved,
    ReservationCommitted,
    ReservationConflict,
    ReservationReleased,
    SoldOut,
)
from models.inventory.types import LowStock, MovementReason, ReservationState
from models.shared.ids import MerchantId
from models.shared.refusals import InvalidRequest
from tests.integration.inventory.shop import NOW, Shop, line, order, sku


async def test_a_reservation_holds_every_line_and_says_from_where(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku("tea"), 10)
    await shop.stock(a, sku("cup"), 10)

    held = await shop.reserve(order(), line(3, "tea"), line(4, "cup"))

    assert held.state is ReservationState.HELD
    assert {(part.warehouse_id, part.sku_id, part.quantity) for part in held.allocations} == {
        (a.warehouse_id, sku("tea"), 3),
        (a.warehouse_id, sku("cup"), 4),
    }
    assert await shop.store.available([sku("tea"), sku("cup"), sku("unknown")]) == {
        sku("tea"): 7,
        sku("cup"): 6,
        sku("unknown"): 0,
    }
    assert await shop.store.reservation(order()) == held


async def test_one_short_line_holds_nothing_and_says_how_many_are_left(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku("tea"), 10)
    await shop.stock(a, sku("cup"), 2)
    before = await shop.everything()

    with pytest.raises(SoldOut) as refused:
        await shop.reserve(order(), line(1, "tea"), line(3, "cup"), line(1, "never stocked"))

    assert {(entry["sku_id"], entry["asked"], entry["left"]) for entry in refused.value.fields["lines"]} == {
        (sku("cup"), 3, 2),
        (sku("never stocked"), 1, 0),
    }
    assert await shop.everything() == before


async def test_a_reservation_without_lines_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidRequest):
        await shop.reserve(order())


async def test_safety_stock_is_not_sold(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 10)
    await shop.store.set_safety(a.warehouse_id, sku(), 4)

    with pytest.raises(SoldOut) as refused:
        await shop.reserve(order(), line(7))

    assert refused.value.fields["lines"][0]["left"] == 6
    assert (await shop.reserve(order(), line(6))).state is ReservationState.HELD


async def test_a_warehouse_that_is_switched_off_serves_no_new_order(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 10)
    off = a.model_copy(update={"active": False})
    await shop.store.edit_warehouse(a.warehouse_id, off, a.version)

    with pytest.raises(SoldOut):
        await shop.reserve(order(), line(1))
    assert await shop.store.available([sku()]) == {sku(): 0}


async def test_the_same_lines_again_are_answered_with_the_same_reservation(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku("tea"), 5)
    await shop.stock(a, sku("cup"), 5)
    held = await shop.reserve(order(), line(5, "tea"), line(1, "cup"))
    before = await shop.everything()

    assert await shop.reserve(order(), line(1, "cup"), line(2, "tea"), line(3, "tea"), minutes=60) == held
    assert await shop.everything() == before


async def test_the_same_lines_again_after_the_commit_are_answered_with_what_was_sold(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 5)
    await shop.reserve(order(), line(5))
    sold = await shop.store.commit(order(), NOW)

    assert await shop.reserve(order(), line(5)) == sold


async def test_other_lines_for_the_same_order_are_refused(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 5)
    await shop.reserve(order(), line(2))
    before = await shop.everything()

    for quantity in (1, 3, 99):
        with pytest.raises(ReservationConflict):
            await shop.reserve(order(), line(quantity))
    assert await shop.everything() == before


async def test_a_release_gives_everything_back_once(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 5)
    held = await shop.reserve(order(), line(2))

    released = await shop.store.release(order(), NOW)

    assert released == held.model_copy(update={"state": ReservationState.RELEASED})
    after = await shop.everything()
    assert await shop.store.release(order(), NOW) == released
    assert await shop.everything() == after
    assert await shop.store.available([sku()]) == {sku(): 5}


async def test_a_late_duplicate_never_takes_released_stock_again(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 5)
    await shop.reserve(order(), line(2))
    await shop.store.release(order(), NOW)
    before = await shop.everything()

    with pytest.raises(ReservationReleased):
        await shop.reserve(order(), line(2))
    assert await shop.everything() == before


async def test_a_release_that_overtakes_its_reserve_is_remembered(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 5)

    assert (await shop.store.release(order(), NOW)).allocations == ()
    assert (await shop.store.release(order(), NOW)).state is ReservationState.RELEASED
    with pytest.raises(ReservationReleased):
        await shop.reserve(order(), line(2))
    assert await shop.store.available([sku()]) == {sku(): 5}
    assert await shop.store.audit(NOW) == []


async def test_a_commit_takes_the_goods_off_the_books_once_and_says_why(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 5)
    held = await shop.reserve(order(), line(2))

    sold = await shop.store.commit(order(), NOW)

    assert sold == held.model_copy(update={"state": ReservationState.COMMITTED})
    after = await shop.everything()
    assert await shop.store.commit(order(), NOW) == sold
    assert await shop.everything() == after
    (level,) = await shop.store.levels(sku_id=sku())
    assert (level.on_hand, level.reserved, level.available) == (3, 0, 3)
    (movement,) = await shop.store.journal(reference=order())
    assert (movement.delta, movement.on_hand_after, movement.reason) == (-2, 3, MovementReason.COMMIT)


async def test_a_commit_of_nothing_is_refused(shop: Shop) -> None:
    before = await shop.everything()
    with pytest.raises(NothingReserved):
        await shop.store.commit(order(), NOW)
    assert await shop.everything() == before


async def test_a_commit_after_a_release_is_refused(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 5)
    await shop.reserve(order(), line(2))
    await shop.store.release(order(), NOW)
    before = await shop.everything()

    with pytest.raises(ReservationReleased):
        await shop.store.commit(order(), NOW)
    assert await shop.everything() == before


async def test_a_release_after_a_commit_is_refused(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 5)
    await shop.reserve(order(), line(2))
    await shop.store.commit(order(), NOW)
    before = await shop.everything()

    with pytest.raises(ReservationCommitted):
        await shop.store.release(order(), NOW)
    assert await shop.everything() == before


async def test_each_merchant_serves_its_own_lines(shop: Shop) -> None:
    other = MerchantId.derive(NOW, "other")
    a, b = await shop.warehouse("a"), await shop.warehouse("b", other)
    await shop.stock(a, sku("tea"), 5)
    await shop.stock(b, sku("cup"), 5)

    held = await shop.reserve(order(), line(1, "tea"), line(1, "cup"))

    assert {(part.merchant_id, part.warehouse_id, part.sku_id) for part in held.allocations} == {
        (shop.merchant_id, a.warehouse_id, sku("tea")),
        (other, b.warehouse_id, sku("cup")),
    }


async def test_the_reservation_that_crosses_the_threshold_says_so_and_no_other(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 10)
    await shop.store.set_safety(a.warehouse_id, sku(), 2, low_at=3)

    above = await shop.reserve(order(1), line(4))
    crossing = await shop.reserve(order(2), line(2))
    below = await shop.reserve(order(3), line(1))

    assert above.low_stock == ()
    low = LowStock(warehouse_id=a.warehouse_id, sku_id=sku(), available=2, safety=2, low_at=3)
    assert crossing.low_stock == (low,)
    assert await shop.reserve(order(2), line(2)) == crossing
    assert below.low_stock == ()
