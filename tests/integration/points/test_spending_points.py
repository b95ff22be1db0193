"""What orders and refunds do to points, each promise on the real database."""

import asyncpg
import pytest

from models.points.errors import PointsNotEnough
from models.promotions.errors import BenefitsConflict, BenefitsReturned
from models.shared.refusals import InvalidRequest
from stores.points.spending import RETURNED_LIVE, spend
from tests.integration.points.purse import BUYER, NOW, OTHER, Purse, day, order


async def test_points_are_taken_from_the_lot_that_expires_first(audited: Purse) -> None:
    await audited.earn(50, "late", days=300)
    await audited.earn(30, "early", days=10)
    await audited.spend(40)
    assert await audited.lots() == [(40, day(300))]
    assert await audited.ledger() == [("earned", 50, 50), ("earned", 30, 80), ("spent", -40, 40)]


async def test_more_than_there_is_is_refused_and_changes_nothing(audited: Purse) -> None:
    await audited.earn(30)
    with pytest.raises(PointsNotEnough) as refused:
        await audited.spend(31)
    assert refused.value.fields == {"balance": 30}
    assert await audited.ledger() == [("earned", 30, 30)]


async def test_who_never_had_points_has_none_to_spend_and_no_account_afterwards(audited: Purse) -> None:
    with pytest.raises(PointsNotEnough):
        await audited.spend(1)
    async with audited.db.reader() as connection:
        assert await connection.fetchval("SELECT count(*) FROM points_accounts") == 0


async def test_expired_points_cannot_be_spent_and_are_written_off_in_passing(audited: Purse) -> None:
    await audited.earn(30, "old", days=10)
    await audited.earn(20, "new", days=100)
    with pytest.raises(PointsNotEnough) as refused:
        await audited.spend(21, at=day(10))
    assert refused.value.fields == {"balance": 20}
    await audited.spend(20, at=day(10))
    assert await audited.ledger() == [
        ("earned", 30, 30),
        ("earned", 20, 50),
        ("expired", -30, 20),
        ("spent", -20, 0),
    ]


async def test_an_order_spends_once_however_often_it_asks(audited: Purse) -> None:
    await audited.earn(50)
    for _ in range(3):
        await audited.spend(20)
    assert await audited.balance() == 30


async def test_an_order_that_spent_cannot_spend_otherwise(audited: Purse) -> None:
    await audited.earn(50)
    await audited.spend(20)
    with pytest.raises(BenefitsConflict):
        await audited.spend(21)
    with pytest.raises(BenefitsConflict):
        await audited.spend(20, user_id=OTHER)
    await audited.return_spent()
    with pytest.raises(BenefitsReturned):
        await audited.spend(20)
    assert await audited.balance() == 50


async def test_no_points_are_nothing_to_spend_and_fewer_than_none_make_no_sense(audited: Purse) -> None:
    await audited.spend(0)
    with pytest.raises(InvalidRequest):
        await audited.spend(-1)
    assert await audited.ledger() == []


async def test_what_was_spent_returns_to_where_it_came_from_exactly_once(audited: Purse) -> None:
    await audited.earn(30, "early", days=10)
    await audited.earn(50, "late", days=300)
    await audited.spend(40)
    assert [await audited.return_spent() for _ in range(3)] == [40, 40, 40]
    assert await audited.lots() == [(30, day(10)), (50, day(300))]
    assert (await audited.ledger())[-1] == ("returned", 40, 80)


async def test_an_order_that_spent_nothing_gets_nothing_back(audited: Purse) -> None:
    await audited.earn(30)
    assert await audited.return_spent() == 0
    assert await audited.return_part(5) == 0
    assert await audited.ledger() == [("earned", 30, 30)]


async def test_points_whose_lot_expired_meanwhile_come_back_and_live_thirty_days(audited: Purse) -> None:
    await audited.earn(30, "early", days=10)
    await audited.earn(50, "late", days=300)
    await audited.spend(40)
    assert await audited.return_spent(at=day(20)) == 40
    assert await audited.lots(day(20)) == [(30, day(20) + RETURNED_LIVE), (50, day(300))]
    assert RETURNED_LIVE.days == 30
    assert await audited.balance(day(20) + RETURNED_LIVE) == 50


async def test_parts_return_once_a_refund_last_taken_first_and_never_more_than_was_spent(audited: Purse) -> None:
    await audited.earn(30, "early", days=10)
    await audited.earn(50, "late", days=300)
    await audited.spend(40)
    assert [await audited.return_part(15, "first") for _ in range(2)] == [15, 15]
    assert await audited.lots() == [(5, day(10)), (50, day(300))]
    assert await audited.return_part(1000, "second") == 25
    assert await audited.return_part(5, "third") == 0
    assert await audited.return_spent() == 0
    assert await audited.balance() == 80


async def test_the_rest_returns_after_a_part_has(audited: Purse) -> None:
    await audited.earn(50)
    await audited.spend(40)
    await audited.return_part(15)
    assert [await audited.return_spent() for _ in range(2)] == [25, 25]
    assert await audited.balance() == 50


@pytest.mark.parametrize("whole", [False, True])
async def test_a_whole_refund_takes_back_exactly_what_was_earned(audited: Purse, whole: bool) -> None:
    await audited.earn(7, paid=799)
    assert await audited.claw_back(300, "first") == 0
    assert (await audited.ledger())[-1] == ("clawed_back", -2, 5)
    assert await audited.claw_back(0 if whole else 499, "second", whole=whole) == 0
    assert (await audited.ledger())[-1] == ("clawed_back", -5, 0)


async def test_a_refund_takes_points_back_once(audited: Purse) -> None:
    await audited.earn(100)
    for _ in range(3):
        await audited.claw_back(5_000)
    assert await audited.balance() == 50


async def test_earned_points_that_were_spent_cannot_be_taken_and_the_ledger_says_how_many(audited: Purse) -> None:
    await audited.earn(100)
    await audited.spend(80)
    assert [await audited.claw_back(5_000) for _ in range(2)] == [30, 30]
    (line, *_) = await audited.store.entries(BUYER)
    assert (line.delta, line.balance, line.why) == (-20, 0, "30 of 50 points could not be taken: they were spent")


async def test_what_was_missing_is_taken_with_the_next_refund_of_the_order(audited: Purse) -> None:
    await audited.earn(100)
    await audited.spend(100)
    assert await audited.claw_back(5_000, "first") == 50
    await audited.earn(500, "another order")
    assert await audited.claw_back(5_000, "second") == 0
    assert await audited.balance() == 400


async def test_points_are_taken_back_from_the_lot_of_their_order_first(audited: Purse) -> None:
    await audited.earn(100, "another order", days=10)
    await audited.earn(100, days=300)
    await audited.claw_back(5_000)
    assert await audited.lots() == [(100, day(10)), (50, day(300))]


async def test_it_does_not_matter_whether_the_refund_or_the_award_comes_first(audited: Purse) -> None:
    assert await audited.claw_back(3_000, "before") == 0
    await audited.earn(100)
    assert await audited.balance() == 70
    assert await audited.claw_back(3_000, "before") == 0
    assert await audited.claw_back(7_000, "after") == 0
    assert await audited.balance() == 0


async def test_nothing_is_earned_on_an_order_of_which_nothing_is_left(audited: Purse) -> None:
    await audited.claw_back(3_000, whole=True)
    assert await audited.earn(100) == ()


async def test_the_ledger_is_append_only(audited: Purse) -> None:
    await audited.earn(100)
    for sabotage in (
        "UPDATE points_entries SET delta = 200",
        "DELETE FROM points_entries",
        "TRUNCATE points_entries CASCADE",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await audited.run(sabotage)


async def test_what_a_transaction_spent_is_gone_with_its_rollback(audited: Purse) -> None:
    await audited.earn(100)
    async with audited.db.reader() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await spend(connection, BUYER, order(), 60, NOW)
        await transaction.rollback()
    assert await audited.balance() == 100


async def test_the_changes_of_an_order_are_told_with_what_expired_in_passing(audited: Purse) -> None:
    await audited.earn(10, "old", days=10)
    await audited.earn(50, "new")
    await audited.spend(40, at=day(20))
    await audited.return_part(15, at=day(20))
    changes = await audited.changes_of(order())
    assert [(change.kind.value, change.delta) for change in changes] == [
        ("expired", -10),
        ("spent", -40),
        ("returned", 15),
    ]
