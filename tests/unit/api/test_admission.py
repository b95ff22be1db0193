"""Places for new orders: whoever finds none hears it at once; one that becomes free is for who waited longest."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from api.edge.admission import Admission
from api.edge.refusals import ServiceBusy, ShopFull
from hanse.settings import Settings
from models.inventory.errors import SoldOut


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def of(clock: Clock, least: int = 2, most: int = 2) -> Admission:
    settings = Settings(
        orders_under_way_least=least, orders_under_way_most=most, orders_answered_within=timedelta(seconds=1)
    )
    return Admission(settings, clock)


@asynccontextmanager
async def full(door: Admission) -> AsyncIterator[AsyncExitStack]:
    """A house in which every place is taken."""
    async with AsyncExitStack() as inside:
        for _ in range(door.limit):
            await inside.enter_async_context(door.place())
        yield inside


async def order(door: Admission, clock: Clock, seconds: float, error: Exception | None = None) -> None:
    """One order that takes so long and ends so."""
    async with door.place():
        clock.at += seconds
        if error is not None:
            raise error


async def turned_away(entering: Awaitable[object]) -> ShopFull:
    with pytest.raises(ShopFull) as told:
        await entering
    return told.value


async def test_a_full_house_turns_away_and_a_place_that_becomes_free_is_taken() -> None:
    door = of(Clock())
    async with full(door):
        assert (await turned_away(order(door, Clock(), 0))).fields == {"retry_after": 1}
    await order(door, Clock(), 0)


async def test_a_crowd_before_a_full_house_hears_one_time_after_the_other() -> None:
    door = of(Clock())
    async with full(door):
        answers = await asyncio.gather(*(turned_away(order(door, Clock(), 0)) for _ in range(50)))
    told = sorted(answer.fields["retry_after"] for answer in answers)
    assert told == sorted(-(-(n + 1) // 2) for n in range(50)), "two a second are answered within the goal"


async def test_who_waits_is_let_in_in_the_order_of_coming_and_only_as_many_as_there_are_places() -> None:
    door, came = of(Clock()), list[int]()

    async def enter(number: int) -> None:
        async with door.place():
            came.append(number)

    async with full(door):
        first, second = asyncio.create_task(enter(1)), asyncio.create_task(enter(2))
        await asyncio.sleep(0)
        assert (await turned_away(enter(3))).code == "shop_full", "no more than two wait for two places"
        assert came == []
    await asyncio.gather(first, second)
    assert came == [1, 2]


async def test_who_leaves_while_waiting_takes_no_place_with_him() -> None:
    door = of(Clock())
    async with full(door) as inside:
        gone, late = (asyncio.create_task(order(door, Clock(), 0)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        stays = asyncio.create_task(order(door, Clock(), 0))
        await asyncio.sleep(0)
        await inside.aclose()
        late.cancel()  # it has been given a place in this moment
        await asyncio.gather(late, return_exceptions=True)
        await stays
    async with full(door):
        pass


async def test_what_was_begun_before_is_let_in_whatever_is_under_way() -> None:
    door = of(Clock())
    async with full(door), door.place(begun=True):
        await turned_away(order(door, Clock(), 0))
    async with full(door):
        pass


async def test_late_answers_and_none_make_it_smaller_and_refusals_in_time_do_not() -> None:
    clock = Clock()
    door = of(clock, least=2, most=8)
    for _ in range(8):
        with pytest.raises(SoldOut):
            await order(door, clock, 0.5, SoldOut("Nothing is left."))
    assert door.limit == 8
    for _ in range(2):
        await order(door, clock, 1.5)
    assert door.limit == 5
    for _ in range(2):
        with pytest.raises(ServiceBusy):
            await order(door, clock, 0, ServiceBusy("Temporal is away."))
    assert door.limit == 3


async def test_what_fails_on_our_side_says_nothing_about_how_busy_the_shop_is() -> None:
    clock = Clock()
    door = of(clock, least=2, most=8)
    for _ in range(20):
        with pytest.raises(RuntimeError):
            await order(door, clock, 30, RuntimeError("a bug"))
    assert door.limit == 8


async def test_it_grows_again_while_a_full_house_is_answered_in_time() -> None:
    clock = Clock()
    door = of(clock, least=2, most=8)
    for _ in range(20):
        await order(door, clock, 2)
    assert door.limit == 2
    for _ in range(30):
        async with full(door):
            pass
    assert door.limit == 8


def test_a_least_above_the_most_is_a_mistake_that_is_named() -> None:
    with pytest.raises(ValueError, match="HANSE_ORDERS_UNDER_WAY_LEAST"):
        of(Clock(), least=9, most=8)
