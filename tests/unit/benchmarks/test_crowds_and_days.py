"""What open loops, rushes and a day of orders say of what they saw."""

import asyncio
import random

import pytest

from benchmarks.figures import ENOUGH_FOR_P999, summarise
from benchmarks.loops import Refused, open_loop
from benchmarks.rush import SOLD_OUT, rush
from benchmarks.soak.judging import FLAT_BELOW, growth


def test_the_last_thousandth_is_told_of_a_thousand_answers_only() -> None:
    assert summarise([0.001] * (ENOUGH_FOR_P999 - 1), {}, 0, 1).p999_ms is None
    enough = summarise([0.001] * (ENOUGH_FOR_P999 - 2) + [2, 3], {}, 0, 1)
    assert (enough.p999_ms, enough.most_ms) == (2_000, 3_000)


async def test_an_overload_shows_in_its_thirds() -> None:
    one_at_a_time = asyncio.Lock()

    async def work() -> None:
        async with one_at_a_time:
            await asyncio.sleep(0.01)

    found = await open_loop(work, per_second=300, seconds=0.2)
    first, second, last = found.p50_ms_by_third
    assert first < second < last
    assert (found.count, found.asked_per_second) == (60, 300)


async def test_refusals_are_told_by_what_was_said() -> None:
    said = ["503 service_busy", "429 rate_limited", "429 rate_limited"]

    async def work() -> None:
        raise Refused(said.pop())

    found = await open_loop(work, per_second=1_000, seconds=0.003)
    assert found.refused_as == {"503 service_busy": 1, "429 rate_limited": 2}
    assert (found.refused, found.count) == (3, 0)


async def test_a_rush_counts_winners_and_tells_when_the_last_unit_went() -> None:
    left = 3

    async def work() -> None:
        nonlocal left
        if not left:
            raise Refused(SOLD_OUT)
        left -= 1
        await asyncio.sleep(0.02)

    found = await rush(work, per_second=1_000, arrivals=8)
    assert (found.winners, found.sold_out, found.failed, found.others) == (3, 5, 0, {})
    assert found.seconds_to_last_unit >= 0.02


@pytest.mark.parametrize(
    ("kb_an_order", "noise_mb", "verdict"), [(0.05, 0.5, "flat"), (4.0, 0.5, "grows"), (1.0, 4.0, "cannot be told")]
)
def test_a_day_is_flat_when_less_is_left_than_anything_that_is_kept(
    kb_an_order: float, noise_mb: float, verdict: str
) -> None:
    chance = random.Random(5)
    orders = [float(number * 20) for number in range(200)]
    warm_up = [min(40.0, done / 20) for done in orders]
    mb = [
        200 + warm + done * kb_an_order / 1000 + chance.gauss(0, noise_mb)
        for warm, done in zip(warm_up, orders, strict=True)
    ]
    found = growth(orders, mb)
    assert found is not None
    assert found.verdict == verdict
    assert found.a_day_mb == pytest.approx(found.per_thousand_mb * 20)
    if verdict == "flat":
        assert found.per_thousand_mb < FLAT_BELOW


def test_a_day_that_was_cut_short_is_not_judged() -> None:
    assert growth([0.0, 1.0, 2.0], [100.0, 101.0, 102.0]) is None
    assert growth([], []) is None
