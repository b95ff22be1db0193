"""kill -9 of everything, one after the other, while orders flow: nothing acknowledged is lost, nothing happens twice."""

import asyncio
import os
import random
from collections.abc import Sequence

import pytest

from tests.e2e.crowds import Crowd, at_rest, dice_for
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop

EVERYTHING = (
    *("worker", "api", "payment-sandbox", "carrier-sandbox", "consumers"),
    *("redis", "kafka", "temporal", "postgres"),
)


async def kill_in_turn(
    shop: RunningShop, victims: Sequence[str], dice: random.Random, pause: tuple[float, float]
) -> None:
    """Each victim once, at a random moment; the next one only when the one before is ready again."""
    for victim in victims:
        await asyncio.sleep(dice.uniform(*pause))
        before = shop.restarts(victim)
        shop.kill(victim)
        await shop.is_back(victim, before)


async def survives(
    shop: RunningShop, shelves: Shelves, dice: random.Random, victims: Sequence[str], buyers: int, at_once: int
) -> None:
    """The crowd shops while the victims die; then all is at rest, in order, and nobody is stuck."""
    good = await shelves.good(buyers, buyers)
    crowd = Crowd(shop, good, dice, await shop.buyers(buyers))
    shopping = asyncio.create_task(crowd.shop_until_stopped(at_once))
    try:
        await kill_in_turn(shop, victims, dice, (0.1, 1.0))
    finally:
        crowd.stop()
        await asyncio.gather(shopping, return_exceptions=True)
    shopping.result()
    assert len(crowd.done) >= len(victims), "too few orders were under way to prove anything"
    await at_rest(shop, crowd.done)
    await shop.nothing_is_stuck()
    sold = sum(one.wanted() != "cancelled" for one in crowd.done)
    assert await shop.operator.available(good.sku_id) == 2 * buyers - sold
    await shop.audit_is_clean()


@pytest.mark.proof
async def test_orders_outlive_the_death_of_any_process(shop: RunningShop, shelves: Shelves) -> None:
    dice = dice_for("any process")
    await survives(shop, shelves, dice, dice.sample(EVERYTHING, 4), buyers=40, at_once=4)


@pytest.mark.chaos
@pytest.mark.timeout(400)
async def test_orders_outlive_the_death_of_every_process(shop: RunningShop, shelves: Shelves) -> None:
    dice = dice_for("every process")
    await survives(shop, shelves, dice, dice.sample(EVERYTHING, len(EVERYTHING)), buyers=60, at_once=4)


@pytest.mark.proof  # `make test` has test_chaos_round.py
async def test_orders_outlive_workers_that_die_again_and_again(shop: RunningShop, shelves: Shelves) -> None:
    await survives(shop, shelves, dice_for("workers"), ["worker"] * 2, buyers=20, at_once=10)


@pytest.mark.chaos
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("part", range(int(os.environ.get("HANSE_CHAOS_ROUNDS", "10"))))
async def test_orders_outlive_hours_of_it(shop: RunningShop, shelves: Shelves, part: int) -> None:
    dice = dice_for(f"round {part}")
    victims = dice.choices(EVERYTHING, k=12)
    await survives(shop, shelves, dice, victims, buyers=150, at_once=6)
