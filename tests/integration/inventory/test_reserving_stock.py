"""Reserve, release and commit: each once per order, whatever is repeated or late."""

import asyncio

import pytest

from models.inventory.errors import (
    NothingReserved,
    ReservationCommitted,
    ReservationConflict,
    ReservationReleased,
    SoldOut,
)
from models.inventory.types import LowStock, MovementReason, ReservationState
from models.shared import Refusal
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
    assert await shop.in_stock([sku("tea"), sku("cup"), sku("unknown")]) == {
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
    await shop.store.set_safety(a.warehouse_id, sku(), 4, now=NOW)

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
    assert await shop.in_stock([sku()]) == {sku(): 0}


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
    assert await shop.in_stock([sku()]) == {sku(): 5}


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
    assert await shop.in_stock([sku()]) == {sku(): 5}
    assert await shop.store.audit(NOW) == []


async def test_who_asks_again_after_a_lost_refusal_still_hears_how_many_are_left(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 1)
    await shop.store.release(order(), NOW)
    with pytest.raises(SoldOut) as refused:
        await shop.reserve(order(), line(2))
    assert refused.value.fields["lines"] == [{"sku_id": sku(), "asked": 2, "left": 1}]


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
    await shop.store.set_safety(a.warehouse_id, sku(), 2, low_at=3, now=NOW)

    above = await shop.reserve(order(1), line(4))
    crossing = await shop.reserve(order(2), line(2))
    below = await shop.reserve(order(3), line(1))

    assert above.low_stock == ()
    low = LowStock(warehouse_id=a.warehouse_id, sku_id=sku(), available=2, safety=2, low_at=3)
    assert crossing.low_stock == (low,)
    assert await shop.reserve(order(2), line(2)) == crossing
    assert below.low_stock == ()


async def test_orders_served_together_are_each_held_whole_or_not_at_all(shop: Shop) -> None:
    for name, units in (("a", 6), ("b", 4)):
        warehouse = await shop.warehouse(name)
        await shop.stock(warehouse, sku("tea"), units)
        await shop.stock(warehouse, sku("cup"), units)
    await shop.store.release(order("given up"), NOW)
    wishes = {
        "first": [line(6, "tea")],
        "too much": [line(1, "cup"), line(5, "tea")],
        "given up": [line(1, "cup")],
        "second": [line(3, "tea"), line(3, "cup")],
        "twice": [line(2, "cup")],
        "nobody has it": [line(1, "pot")],
    }

    answers = await asyncio.gather(
        *(shop.reserve(order(name), *lines) for name, lines in [*wishes.items(), ("twice", [line(2, "cup")])]),
        shop.reserve(order("twice"), line(3, "cup")),
        return_exceptions=True,
    )

    assert [answer.code if isinstance(answer, Refusal) else answer.state for answer in answers] == [
        "held",
        "sold_out",
        "reservation_released",
        "held",
        "held",
        "sold_out",
        "held",
        "reservation_conflict",
    ]
    assert await shop.in_stock([sku("tea"), sku("cup")]) == {sku("tea"): 1, sku("cup"): 5}
    for answer in answers:
        if not isinstance(answer, BaseException):
            assert await shop.store.reservation(answer.order_id) == answer
    assert await shop.store.audit(NOW) == []


async def test_of_orders_served_together_one_crosses_the_threshold(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 30)
    await shop.store.set_safety(a.warehouse_id, sku(), 2, low_at=10, now=NOW)

    answers = await asyncio.gather(*(shop.reserve(order(n), line(1)) for n in range(25)))

    assert [(low.available, low.low_at) for answer in answers for low in answer.low_stock] == [(10, 10)]
    for answer in answers:
        assert await shop.store.reservation(answer.order_id) == answer


async def test_a_caller_that_gives_up_while_it_waits_takes_nobody_elses_turn_with_it(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 100)
    calls = [asyncio.create_task(shop.reserve(order(n), line(1))) for n in range(40)]
    await asyncio.sleep(0)
    given_up = calls[::3]
    for call in given_up:
        call.cancel()

    answers = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)

    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::3])
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 40 - len(given_up)
    late = (await shop.reserve(order("later"), line(1))).order_id
    held = {n for n in range(40) if await shop.store.reservation(order(n)) is not None}
    assert held >= {n for n in range(40) if n % 3}
    assert await shop.in_stock([sku()]) == {sku(): 100 - len(held) - len([late])}
    assert await shop.store.audit(NOW) == []
