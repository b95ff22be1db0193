"""What holds when everything comes at once, on twenty connections."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from models.points.errors import PointsNotEnough
from tests.integration.points.purse import Purse, day, order


async def together(*calls: Coroutine[Any, Any, Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_twenty_orders_for_the_same_balance_spend_no_more_than_there_is(audited: Purse) -> None:
    await audited.earn(60, "a", days=10)
    await audited.earn(45, "b", days=20)
    answers = await together(*(audited.spend(10, n) for n in range(20)))
    assert sum(answer is None for answer in answers) == 10
    assert all(isinstance(answer, PointsNotEnough) for answer in answers if answer is not None)
    assert await audited.balance() == 5


async def test_one_order_that_spends_twenty_times_at_once_spends_once(audited: Purse) -> None:
    await audited.earn(100)
    assert await together(*(audited.spend(30) for _ in range(20))) == [None] * 20
    assert await audited.balance() == 70


async def test_twenty_copies_of_an_award_earn_once(audited: Purse) -> None:
    answers = await together(*(audited.earn(100) for _ in range(20)))
    assert len({answer[0].entry_id for answer in answers}) == 1
    assert await audited.ledger() == [("earned", 100, 100)]


async def test_twenty_copies_of_an_adjustment_adjust_once(audited: Purse) -> None:
    answers = await together(*(audited.adjust(100) for _ in range(20)))
    assert len({answer[0].entry_id for answer in answers}) == 1
    assert await audited.balance() == 100


async def test_parts_and_the_whole_returning_at_once_return_exactly_what_was_spent(audited: Purse) -> None:
    await audited.earn(100)
    await audited.spend(90)
    parts = [audited.return_part(20, n) for n in range(8)]
    wholes = [audited.return_spent() for _ in range(8)]
    answers = await together(*(call for pair in zip(parts, wholes, strict=True) for call in pair))
    assert sum(answers[::2]) + max(answers[1::2]) == 90
    assert set(answers[1::2]) <= {0, max(answers[1::2])}
    assert await audited.balance() == 100


async def test_a_return_racing_its_spend_leaves_it_spent_or_returned_but_never_doubled(audited: Purse) -> None:
    await audited.earn(1000)
    calls = [call for n in range(10) for call in (audited.spend(100, n), audited.return_spent(n))]
    answers = await together(*calls)
    assert answers[::2] == [None] * 10
    back = sum(answers[1::2])
    assert await audited.balance() == back
    await together(*(audited.return_spent(n) for n in range(10)))
    assert await audited.balance() == 1000


async def test_refunds_spending_and_expiry_at_once_never_make_a_balance_negative(audited: Purse) -> None:
    await audited.earn(100, "a", days=10)
    await audited.earn(100, "b", days=20)
    at = day(10)
    answers = await together(
        *(audited.spend(15, n, at) for n in range(8)),
        *(audited.claw_back(1_000, n, "b", at=at) for n in range(8)),
        *(audited.store.expire_due(at, n, 100) for n in range(4)),
    )
    assert [a for a in answers if isinstance(a, BaseException) and not isinstance(a, PointsNotEnough)] == []
    assert sum(delta for kind, delta, _ in await audited.ledger() if kind == "expired") == -100
    assert await audited.balance(at) >= 0


async def test_an_award_among_refunds_of_its_order_leaves_what_is_earned_on_the_rest(audited: Purse) -> None:
    for round_ in range(5):
        refunds = [audited.claw_back(1_000, f"{round_}/{n}", f"o{round_}") for n in range(6)]
        awards = [audited.earn(100, f"o{round_}") for _ in range(3)]
        answers = await together(*refunds[:3], *awards, *refunds[3:])
        assert [answer for answer in answers if isinstance(answer, BaseException)] == []
        assert await audited.balance() == 40 * (round_ + 1)


async def test_the_changes_of_orders_that_ran_at_once_are_each_their_own(audited: Purse) -> None:
    await audited.earn(100)
    await together(*(audited.spend(10, n) for n in range(10)))
    for n in range(10):
        (change,) = await audited.changes_of(order(n))
        assert (change.order_id, change.delta) == (order(n), -10)
