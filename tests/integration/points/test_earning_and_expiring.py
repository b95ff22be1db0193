"""How points come to be and end, each promise on the real database."""

from datetime import timedelta

import pytest

from models.points.errors import PointsKeyReused, PointsNotEnough
from models.points.events import told
from models.points.types import EntryKind
from models.shared.refusals import InvalidRequest
from tests.integration.points.purse import BUYER, OTHER, Purse, day, order


async def test_a_completed_order_earns_once_whatever_a_repeat_says(audited: Purse) -> None:
    first = await audited.earn(120)
    again = await audited.earn(999, at=day(3))
    assert first == again
    assert [(line.kind, line.delta, line.order_id) for line in first] == [(EntryKind.EARNED, 120, order("earning"))]
    assert await audited.lots() == [(120, day(365))]


async def test_an_order_too_small_to_earn_is_remembered_as_awarded(audited: Purse) -> None:
    assert await audited.earn(0, paid=99) == ()
    assert await audited.earn(50) == ()
    assert await audited.balance() == 0


async def test_expired_points_are_never_shown_written_off_or_not(audited: Purse) -> None:
    await audited.earn(30, "early", days=10)
    await audited.earn(50, "late", days=300)
    assert await audited.balance(day(10) - timedelta(microseconds=1)) == 80
    assert await audited.balance(day(10)) == 50
    assert await audited.lots(day(10)) == [(50, day(300))]
    await audited.store.expire_due(day(10), 0, 100)
    assert await audited.balance(day(10)) == 50


async def test_each_expired_lot_is_written_off_once_with_a_line_of_its_own(audited: Purse) -> None:
    await audited.earn(30, "one", days=10)
    await audited.earn(20, "two", days=11)
    await audited.earn(50, "three", days=12)
    written = await audited.store.expire_due(day(11), 0, 100)
    assert [(line.kind, line.delta, line.balance) for line in written] == [
        (EntryKind.EXPIRED, -30, 70),
        (EntryKind.EXPIRED, -20, 50),
    ]
    assert await audited.store.expire_due(day(11), 1, 100) == ()


async def test_a_batch_that_is_repeated_answers_what_it_wrote_the_first_time(audited: Purse) -> None:
    for n in range(3):
        await audited.earn(10 + n, n, days=10 + n)
    first = await audited.store.expire_due(day(20), 0, 100)
    await audited.earn(5, "expired since", days=1)
    assert await audited.store.expire_due(day(20), 0, 100) == first
    assert [line.delta for line in await audited.store.expire_due(day(20), 1, 100)] == [-5]


async def test_batches_are_bounded_and_end_when_nothing_is_due(audited: Purse) -> None:
    async with audited.db.transaction() as tx:  # a lot each for many buyers, made where earning them would take long
        await tx.execute(
            """
            INSERT INTO points_accounts SELECT 'usr_' || lpad(n::text, 26, '0'), 7 FROM generate_series(1, 25) n;
            INSERT INTO points_entries (entry_id, user_id, kind, delta, balance, reference, occasion, actor, why, at)
            SELECT replace(user_id, 'usr', 'pte'), user_id, 'adjusted', 7, 7, user_id, 'x', 'x', 'x', '2026-01-01Z'
            FROM points_accounts;
            INSERT INTO points_lots (user_id, entry_id, earned, remaining, expires_at)
            SELECT user_id, entry_id, 7, 7, '2026-02-01Z' FROM points_entries
            """
        )
    sizes = [len(await audited.store.expire_due(day(1), batch, 10)) for batch in range(4)]
    assert sizes == [10, 10, 5, 0]


async def test_an_operator_gives_points_that_live_and_takes_those_that_expire_first(audited: Purse) -> None:
    await audited.earn(30, days=10)
    (given,) = await audited.adjust(50, "gift", why="late parcel")
    (taken,) = await audited.adjust(-40, "correction")
    assert (given.kind, given.delta, given.actor, given.why) == (EntryKind.ADJUSTED, 50, "operator", "late parcel")
    assert (taken.delta, taken.balance) == (-40, 40)
    assert await audited.lots() == [(40, day(365))]


async def test_a_key_adjusts_once_and_only_what_it_was_for(audited: Purse) -> None:
    first = await audited.adjust(50)
    assert await audited.adjust(50, at=day(1)) == first
    with pytest.raises(PointsKeyReused):
        await audited.adjust(51)
    with pytest.raises(PointsKeyReused):
        await audited.adjust(50, why="another reason")
    assert await audited.balance() == 50


async def test_an_operator_takes_no_more_than_there_is(audited: Purse) -> None:
    await audited.earn(30)
    with pytest.raises(PointsNotEnough):
        await audited.adjust(-31)
    with pytest.raises(InvalidRequest):
        await audited.adjust(0)
    assert await audited.balance() == 30


async def test_the_ledger_is_read_in_pages_newest_first_and_only_ones_own(audited: Purse) -> None:
    for n in range(5):
        await audited.earn(n + 1, n)
    newest = await audited.store.entries(BUYER, limit=2)
    older = await audited.store.entries(BUYER, before=newest[-1].entry_id, limit=10)
    assert [line.delta for line in [*newest, *older]] == [5, 4, 3, 2, 1]
    assert await audited.store.entries(OTHER, before=newest[-1].entry_id) == []


async def test_a_change_is_an_event_named_after_its_line(audited: Purse) -> None:
    (line,) = await audited.earn(30)
    (event,) = told((line,))
    assert event.event_id == f"points_changed/{line.entry_id}"
    assert (event.key, event.delta, event.balance, event.occurred_at) == (BUYER, 30, 30, line.at)


async def test_a_line_that_could_take_nothing_is_no_change_to_tell(audited: Purse) -> None:
    await audited.earn(30)
    await audited.spend(30)
    assert await audited.claw_back(3_000) == 30
    (line, *_) = await audited.store.entries(BUYER)
    assert (line.kind, line.delta, told((line,))) == (EntryKind.CLAWED_BACK, 0, ())
