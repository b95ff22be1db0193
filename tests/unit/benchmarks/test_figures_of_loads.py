"""What the benchmarks say about their samples, and what counts as an answer."""

import asyncio

import pytest

from benchmarks.budget import at_least, at_most
from benchmarks.figures import Figure, Run, percentile, ratio
from benchmarks.loops import Refused, closed_loop, open_loop
from benchmarks.plot import plot


def run(per_second: float) -> Run:
    return Run(per_second=per_second, p50_ms=1, p99_ms=2, count=10, refused=0, failed=0, seconds=1)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, 0),
        ([7], 0.99, 7),
        ([3, 1, 2], 0.5, 2),
        (list(range(1, 101)), 0.99, 99),
        (list(range(1, 101)), 1.0, 100),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_a_ratio_is_taken_round_by_round() -> None:
    both_slow_in_the_second_round = ratio(Figure.of([10, 1, 12]), Figure.of([20, 2, 20]))
    assert both_slow_in_the_second_round.median == 0.5
    assert (both_slow_in_the_second_round.low, both_slow_in_the_second_round.high) == (0.5, 0.6)


async def test_refusals_and_failures_are_counted_apart_and_end_no_load() -> None:
    outcomes = [Refused("409 sold_out"), RuntimeError("500"), None]
    asked = 0

    async def work() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        outcome = outcomes[asked % 3]
        if outcome is not None:
            raise outcome

    found = await closed_loop(work, clients=3, seconds=0.05)
    assert found.count + found.refused + found.failed == asked
    assert min(found.count, found.refused, found.failed) > 0


async def test_an_open_loop_charges_a_stall_to_everything_it_held_up() -> None:
    one_at_a_time = asyncio.Lock()
    stalled = False

    async def work() -> None:
        nonlocal stalled
        async with one_at_a_time:
            if not stalled:
                stalled = True
                await asyncio.sleep(0.3)

    found = await open_loop(work, per_second=50, seconds=0.2)
    assert found.count == 10
    assert found.p50_ms > 100  # only one was slow by itself, the others waited for it


def test_a_rate_below_its_share_of_the_floor_is_a_gap() -> None:
    rounds = {"raw": [run(100), run(100)], "ours": [run(60), run(60)]}
    assert at_least("work", "/s", rounds, "raw", "ours", 0.7).verdict == "gap"
    assert at_least("work", "/s", rounds, "raw", "ours", 0.6).verdict == "met"


def test_every_budget_that_was_measured_is_drawn() -> None:
    lines = [at_most("start <cold>", Figure.of([30.0]), "s", 20), at_most("units lost", Figure.of([0.0]), "units", 0)]
    drawn = plot(lines, "today")
    assert "start &lt;cold&gt;" in drawn
    assert drawn.count("<rect") == 1 + len(lines)
