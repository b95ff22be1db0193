"""Stock that is split over rows: sold to the last unit, never twice, split and merged while sales go on."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest

from models.inventory.errors import SoldOut
from models.inventory.hot import CALM_AFTER, ROWS, SplitMode, SplitSetting, StockSplit
from models.inventory.types import Warehouse
from models.shared import Refusal
from models.shared.refusals import NotFound, StaleVersion
from stores.inventory import InventoryStore
from tests.integration.inventory.shop import NOW, SHANGHAI, Shop, line, order, sku


async def split(shop: Shop, warehouse: Warehouse, name: str = "tea", rows: int = ROWS) -> StockSplit:
    return await say(shop, warehouse, SplitMode.ALWAYS, name, rows)


async def say(shop: Shop, warehouse: Warehouse, mode: SplitMode, name: str = "tea", rows: int = ROWS) -> StockSplit:
    before = await shop.store.splitting(warehouse.warehouse_id, sku(name))
    setting = SplitSetting(mode=mode, rows=rows)
    return await shop.store.set_splitting(warehouse.warehouse_id, sku(name), setting, before.version, NOW)


async def buckets(shop: Shop, name: str = "tea") -> list[int]:
    async with shop.db.reader() as connection:
        rows = await connection.fetch("SELECT free FROM stock_buckets WHERE sku_id = $1 ORDER BY bucket", sku(name))
    return [row["free"] for row in rows]


async def left(shop: Shop, name: str = "tea") -> int:
    return (await shop.in_stock([sku(name)]))[sku(name)]


@pytest.mark.parametrize("processes", [1, 4, 50])
async def test_two_hundred_buyers_of_fifty_split_units_get_all_fifty_and_no_more(shop: Shop, processes: int) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 50)
    assert (await split(shop, a)).split_over == ROWS
    shop.spread_over(processes)

    answers = await asyncio.gather(*(shop.reserve(order(n), line(1)) for n in range(200)), return_exceptions=True)

    refusals = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(refusal, SoldOut) for refusal in refusals), refusals
    assert len(answers) - len(refusals) == 50
    assert await left(shop) == 0
    assert await shop.store.audit(NOW) == []


@pytest.mark.parametrize("processes", [1, 20])
async def test_orders_larger_than_any_bucket_take_every_unit_there_is(shop: Shop, processes: int) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 90)
    await split(shop, a)
    assert max(await buckets(shop)) < 30
    shop.spread_over(processes)

    answers = await asyncio.gather(*(shop.reserve(order(n), line(30)) for n in range(5)), return_exceptions=True)

    assert sum(not isinstance(answer, BaseException) for answer in answers) == 3
    assert await left(shop) == 0
    assert await shop.store.audit(NOW) == []


async def test_three_buckets_with_one_unit_each_serve_an_order_for_all_of_it(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 17)
    await split(shop, a, rows=3)
    assert await buckets(shop) == [4, 4, 4]
    await shop.reserve(order("looks"), line(1))  # from the row; this process now knows that the level is split
    for n in range(3):
        await shop.reserve(order(n), line(3))
    assert await buckets(shop) == [1, 1, 1]

    with pytest.raises(SoldOut) as refused:
        await shop.reserve(order("too much"), line(8))
    everything = await shop.reserve(order("everything"), line(7))

    assert refused.value.fields["lines"][0]["left"] == 7
    assert everything.allocations[0].quantity == 7
    assert await left(shop) == 0
    assert await shop.store.audit(NOW) == []


async def test_orders_of_a_split_level_count_once_and_end_as_others_do(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 100)
    await split(shop, a)
    await shop.reserve(order("looks"), line(1))

    held = [await shop.reserve(order(n), line(2)) for n in (1, 2, 3)]
    in_buckets = sum(await buckets(shop))
    again = await asyncio.gather(*(shop.reserve(order(1), line(2)) for _ in range(20)))
    await shop.store.release(order(2), NOW)
    await shop.store.commit(order(3), NOW)

    assert in_buckets == ROWS * 11 - 6, "they came from buckets"
    assert again == [held[0]] * 20
    assert await shop.store.reservation(order(1)) == held[0]
    for n, wish, code in ((1, line(3), "reservation_conflict"), (2, line(2), "reservation_released")):
        with pytest.raises(Refusal) as refused:
            await shop.reserve(order(n), wish)
        assert refused.value.code == code
    (level,) = await shop.store.levels(sku_id=sku())
    assert (level.on_hand, level.reserved, level.available, level.split_over) == (98, 3, 95, ROWS)
    assert await shop.store.audit(NOW) == []


async def test_baskets_of_hot_and_cold_lines_are_held_whole_or_not_at_all(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku("tea"), 60)
    await shop.stock(a, sku("cup"), 30)
    await split(shop, a, "tea")

    answers = await asyncio.gather(
        *(shop.reserve(order(n), line(1, "tea"), line(1, "cup")) for n in range(40)),
        *(shop.reserve(order(100 + n), line(1, "tea")) for n in range(40)),
        return_exceptions=True,
    )

    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(refusal, SoldOut) for refusal in refused), refused
    assert await left(shop, "cup") == 0 or await left(shop, "tea") == 0
    assert await shop.store.audit(NOW) == []


async def test_the_threshold_is_crossed_once_however_the_stock_is_split(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 100)
    await shop.store.set_safety(a.warehouse_id, sku(), 5, low_at=10, now=NOW)
    await split(shop, a)
    shop.spread_over(3)

    answers = await asyncio.gather(*(shop.reserve(order(n), line(1)) for n in range(95)))

    assert [(low.available, low.low_at) for answer in answers for low in answer.low_stock] == [(10, 10)]
    assert await left(shop) == 0
    assert await shop.store.audit(NOW) == []


async def test_crowds_split_a_level_by_themselves_and_quiet_merges_it(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 1000)

    await asyncio.gather(*(shop.reserve(order(n), line(1)) for n in range(200)))
    hot = await shop.store.splitting(a.warehouse_id, sku())
    later = NOW + CALM_AFTER + timedelta(seconds=1)
    for n in range(2):
        await shop.store.reserve_all_or_nothing(order(f"late {n}"), [line(1)], SHANGHAI, later, None)
    calm = await shop.store.splitting(a.warehouse_id, sku())

    assert (hot.since, hot.mode, hot.split_over, hot.version) == (NOW, SplitMode.AUTOMATIC, ROWS, 0)
    assert (calm.since, calm.split_over) == (None, 0)
    assert await buckets(shop) == []
    assert await left(shop) == 798
    assert await shop.store.audit(NOW) == []


async def test_an_operators_word_stands_against_the_load(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku("tea"), 1000)
    await shop.stock(a, sku("cup"), 1000)
    await say(shop, a, SplitMode.NEVER, "tea")
    await split(shop, a, "cup", rows=3)

    await asyncio.gather(*(shop.reserve(order(n), line(1, "tea")) for n in range(200)))
    later = NOW + CALM_AFTER + timedelta(seconds=1)
    for n in range(2):
        await shop.store.reserve_all_or_nothing(order(f"late {n}"), [line(1, "cup")], SHANGHAI, later, None)

    assert {level.sku_id: level.split_over for level in await shop.store.levels()} == {sku("tea"): 0, sku("cup"): 3}


async def test_two_operators_do_not_overrule_each_other_unseen(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 100)
    said = await split(shop, a)

    with pytest.raises(StaleVersion):
        await shop.store.set_splitting(a.warehouse_id, sku(), SplitSetting(mode=SplitMode.NEVER), said.version - 1, NOW)
    with pytest.raises(NotFound):
        await shop.store.splitting(a.warehouse_id, sku("never stocked"))
    assert await shop.store.splitting(a.warehouse_id, sku()) == said


async def test_operators_count_a_split_level_as_if_it_were_one_row(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 100)
    await split(shop, a)
    await shop.reserve(order(), line(10))

    counted = await shop.store.count(a.warehouse_id, sku(), 60, key="count", actor="test", now=NOW)
    scarce = await shop.store.adjust(a.warehouse_id, sku(), -45, key="lost", actor="test", now=NOW, note="lost")
    plenty = await shop.store.receive(a.warehouse_id, sku(), 200, key="more", actor="test", now=NOW)
    kept = await shop.store.set_safety(a.warehouse_id, sku(), 50, low_at=100, now=NOW)

    assert [
        (change.level.on_hand, change.level.reserved, change.level.available, change.level.split_over)
        for change in (counted, scarce, plenty, kept)
    ] == [(60, 10, 50, ROWS), (15, 10, 5, 0), (215, 10, 205, ROWS), (215, 10, 155, ROWS)]
    assert sum(await buckets(shop)) < 155 - 100
    assert await shop.store.audit(NOW) == []


async def test_a_warehouse_switched_off_sells_nothing_from_its_buckets(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 100)
    await split(shop, a)
    await shop.reserve(order("looks"), line(1))
    await shop.store.edit_warehouse(a.warehouse_id, a.model_copy(update={"active": False}), a.version)

    with pytest.raises(SoldOut):
        await shop.reserve(order(), line(1))


def trades(shop: Shop, chance: random.Random, names: list[str]) -> list[Callable[[], Awaitable[object]]]:
    """Orders for some of the names, their ends and returns, each twice."""
    calls: list[Callable[[], Awaitable[object]]] = []
    for n in range(200):
        lines = [line(chance.choice((1, 1, 2, 25)), name) for name in chance.sample(names, chance.choice((1, 1, 1, 3)))]
        ending = chance.choice((shop.store.release, shop.store.commit))
        back = partial(shop.store.restock, order(n), "back", lines[:1], NOW)
        calls += [partial(shop.reserve, order(n), *lines), partial(ending, order(n), NOW), back] * 2
    return calls


async def test_splitting_and_merging_go_on_beside_fifty_connections_that_trade(shop: Shop) -> None:
    """Hot and cold lines mixed, every call sent twice, from many processes; a deadlock would be raised: it is no refusal."""
    chance = random.Random(11)
    names = ["tea", "cup", "pot"]
    warehouses = [await shop.warehouse(name) for name in "ab"]
    for warehouse in warehouses:
        for name in names:
            await shop.stock(warehouse, sku(name), 80)
    shop.spread_over(7)
    calls = trades(shop, chance, names) + [
        partial(say, shop, chance.choice(warehouses), mode, chance.choice(names), chance.randint(2, 12))
        for mode in chance.choices(list(SplitMode), k=60)
    ]
    for n in range(20):
        where, what = chance.choice(warehouses).warehouse_id, sku(chance.choice(names))
        calls.append(partial(shop.store.receive, where, what, 5, key=f"delivery {n}", actor="test", now=NOW))
    chance.shuffle(calls)
    waiting = iter(calls)

    async def client() -> int:
        done = 0
        for call in waiting:
            try:
                await call()
                done += 1
            except Refusal:
                pass
        return done

    done = sum(await asyncio.gather(*(client() for _ in range(50))))

    assert done > 200
    assert await shop.store.audit(NOW) == []
    for warehouse in warehouses:
        for name in names:
            await say(shop, warehouse, SplitMode.NEVER, name)
    assert [await buckets(shop, name) for name in names] == [[], [], []]
    assert await shop.store.audit(NOW) == []


async def test_another_process_learns_of_a_split_and_of_its_end_by_itself(shop: Shop) -> None:
    a = await shop.warehouse("a")
    await shop.stock(a, sku(), 100)
    other = InventoryStore(shop.db)
    await split(shop, a)
    for n in range(3):
        await other.reserve_all_or_nothing(order(n), [line(1)], SHANGHAI, NOW, None)
    taken = ROWS * 11 - sum(await buckets(shop))
    await say(shop, a, SplitMode.NEVER)
    last = await other.reserve_all_or_nothing(order("last"), [line(97)], SHANGHAI, NOW, None)

    assert taken == 2
    assert last.allocations[0].quantity == 97
    assert await shop.store.audit(NOW) == []
