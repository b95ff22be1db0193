"""What holds when everyone comes at once, on real connections: in one process, where orders are served together, and as
from many processes, where each is served for itself."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from models.inventory.errors import SoldOut
from models.inventory.transfers import TransferState
from models.inventory.types import ReservationState
from models.shared import Refusal
from models.shared.ids import SkuId, WarehouseId
from tests.integration.inventory.lorry import Lorry
from tests.integration.inventory.shop import NOW, Shop, line, order, sku

pytestmark = pytest.mark.parametrize("processes", [1, 4, 50])


@pytest.fixture(autouse=True)
def spread(shop: Shop, processes: int) -> None:
    shop.spread_over(processes)


async def test_two_hundred_buyers_get_exactly_the_fifty_units_there_are(shop: Shop) -> None:
    for name in "abcde":
        await shop.stock(await shop.warehouse(name), sku(), 10)

    answers = await asyncio.gather(*(shop.reserve(order(n), line(1)) for n in range(200)), return_exceptions=True)

    assert sum(not isinstance(answer, BaseException) for answer in answers) == 50
    refusals = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(refusal, SoldOut) for refusal in refusals), refusals
    assert await shop.in_stock([sku()]) == {sku(): 0}
    assert await shop.store.audit(NOW) == []


async def test_two_hundred_buyers_for_the_last_unit_leave_one_winner(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 1)

    answers = await asyncio.gather(*(shop.reserve(order(n), line(1)) for n in range(200)), return_exceptions=True)

    assert [answer.state for answer in answers if not isinstance(answer, BaseException)] == [ReservationState.HELD]
    assert all(isinstance(answer, SoldOut) for answer in answers if isinstance(answer, BaseException))
    assert await shop.store.audit(NOW) == []


async def test_fifty_copies_of_one_request_hold_once(shop: Shop) -> None:
    for name in "ab":
        await shop.stock(await shop.warehouse(name), sku(), 30)

    answers = await asyncio.gather(*(shop.reserve(order(), line(7)) for _ in range(50)))

    assert len({answer.model_dump_json() for answer in answers}) == 1
    assert await shop.in_stock([sku()]) == {sku(): 53}
    assert await shop.store.audit(NOW) == []


async def test_a_release_racing_its_reserve_never_leaves_stock_held(shop: Shop) -> None:
    await shop.stock(await shop.warehouse("a"), sku(), 100)

    for n in range(40):
        await asyncio.gather(shop.reserve(order(n), line(1)), shop.store.release(order(n), NOW), return_exceptions=True)

    assert await shop.in_stock([sku()]) == {sku(): 100}
    assert await shop.store.audit(NOW) == []


async def test_one_receipt_sent_fifty_times_arrives_once(shop: Shop) -> None:
    a = await shop.warehouse("a")

    async def receive() -> object:
        return await shop.store.receive(a.warehouse_id, sku(), 5, key="delivery 1", actor="test", now=NOW)

    answers = await asyncio.gather(*(receive() for _ in range(50)))

    assert len(set(map(repr, answers))) == 1
    assert await shop.in_stock([sku()]) == {sku(): 5}


async def test_fifty_connections_in_any_order_never_deadlock(shop: Shop) -> None:
    """Many lines over few rows, named in any order, every call sent twice, with operators and transfers in between."""
    chance = random.Random(7)
    names = [f"sku {n}" for n in range(6)]
    warehouses = [await shop.warehouse(name) for name in "abc"]
    for warehouse in warehouses:
        for name in names:
            await shop.stock(warehouse, sku(name), 60)
    calls: list[Callable[[], Awaitable[object]]] = []
    for n in range(150):
        lines = [line(chance.randint(1, 5), name) for name in chance.sample(names, chance.randint(1, 6))]
        twisted = chance.sample(lines, len(lines))
        ending = chance.choice((shop.store.release, shop.store.commit))
        calls += [
            lambda n=n, lines=lines: shop.reserve(order(n), *lines),
            lambda n=n, lines=twisted: shop.reserve(order(n), *lines),
            lambda n=n, ending=ending: ending(order(n), NOW),
            lambda n=n, ending=ending: ending(order(n), NOW),
            lambda n=n, lines=lines: shop.store.restock(order(n), "back", lines[:1], NOW),
        ]
    for n in range(60):
        warehouse, sku_id = chance.choice(warehouses), sku(chance.choice(names))
        calls.append(lambda n=n, w=warehouse.warehouse_id, s=sku_id: _receive(shop, w, s, n))
        calls.append(lambda n=n, w=warehouse.warehouse_id, s=sku_id: _count(shop, w, s, n))
    for n in range(25):
        start, end = chance.sample(warehouses, 2)
        load = [line(chance.randint(1, 5), name) for name in chance.sample(names, chance.randint(1, 6))]
        lorry = Lorry(shop, start, end, tuple(load), f"lorry {n}")
        calls += [call for call in _ways_of(lorry, chance) for _ in range(2)]
    chance.shuffle(calls)
    waiting = asyncio.Queue[Callable[[], Awaitable[object]]]()
    for call in calls:
        waiting.put_nowait(call)

    async def client() -> int:
        done = 0
        while not waiting.empty():
            try:
                await waiting.get_nowait()()
                done += 1
            except Refusal:
                pass
        return done

    done = sum(
        await asyncio.gather(*(client() for _ in range(50)))
    )  # a deadlock would be raised here: it is no Refusal

    assert done > 150
    assert await shop.store.transfers(state=TransferState.COMPLETED)
    assert await shop.store.audit(NOW) == []


async def _receive(shop: Shop, warehouse_id: WarehouseId, sku_id: SkuId, n: int) -> object:
    return await shop.store.receive(warehouse_id, sku_id, 3, key=f"delivery {n}", actor="test", now=NOW)


async def _count(shop: Shop, warehouse_id: WarehouseId, sku_id: SkuId, n: int) -> object:
    return await shop.store.count(warehouse_id, sku_id, 40, key=f"count {n}", actor="test", now=NOW)


def _ways_of(lorry: Lorry, chance: random.Random) -> list[Callable[[], Awaitable[object]]]:
    """What can be asked of one transfer; each may come before what it needs, and is refused then."""

    async def leave() -> object:
        await lorry.plan()
        return await lorry.leave()

    async def arrive() -> object:
        await leave()
        await lorry.arrive("half", lorry.load[0])
        return await lorry.arrive("rest")

    async def lose() -> object:
        await leave()
        return await lorry.lose("gone", lorry.load[-1])

    undo = chance.choice((lorry.turn, lambda: lorry.shop.store.take_back_transfer(lorry.ref)))
    return [leave, arrive, chance.choice((lose, undo, arrive))]
