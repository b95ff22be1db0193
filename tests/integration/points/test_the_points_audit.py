"""The audit finds each kind of break, here made on purpose behind the store's back, and nothing else."""

import pytest
from asyncpg import CheckViolationError

from activities.auditing.books import points
from models.points.types import PointsBreakKind
from tests.integration.points.purse import BUYER, Purse, day, order

KIND = PointsBreakKind
_LEDGER = "ALTER TABLE points_entries DISABLE TRIGGER append_only; "


@pytest.fixture
async def busy(purse: Purse) -> Purse:
    return await in_use(purse)


async def in_use(purse: Purse) -> Purse:
    """Points earned, spent, returned, taken back, adjusted and expired: all of it in order."""
    await purse.earn(100, "a", days=10)
    await purse.earn(100, "b")
    await purse.adjust(25)
    await purse.spend(120)
    await purse.return_part(30)
    await purse.claw_back(2_000, name="b")
    await purse.store.expire_due(day(15), 0, 100)
    return purse


async def test_points_in_order_have_no_break(busy: Purse) -> None:
    assert await busy.store.audit() == []


@pytest.mark.parametrize(
    ("sabotage", "kinds"),
    [
        ("UPDATE points_accounts SET balance = balance + 1", {KIND.BALANCE_UNEXPLAINED}),
        ("UPDATE points_lots SET remaining = remaining - 1 WHERE remaining > 20", {KIND.BALANCE_UNEXPLAINED}),
        (
            _LEDGER + "UPDATE points_entries SET delta = delta + 1 WHERE kind = 'adjusted'",
            {KIND.BALANCE_UNEXPLAINED, KIND.ENTRY_OUT_OF_STEP},
        ),
        (
            _LEDGER + "UPDATE points_entries SET balance = balance + 1 WHERE kind = 'spent'",
            {KIND.ENTRY_OUT_OF_STEP},
        ),
        ("UPDATE points_spends SET points = points + 1", {KIND.SPEND_UNEXPLAINED}),
        ("UPDATE points_spends SET returned = returned + 1", {KIND.SPEND_UNEXPLAINED}),
        ("UPDATE points_spend_lots SET returned = returned - 1 WHERE returned > 0", {KIND.SPEND_UNEXPLAINED}),
        ("DELETE FROM points_spend_lots; DELETE FROM points_spends", {KIND.SPEND_UNEXPLAINED}),
        ("UPDATE points_awards SET points = points + 1", {KIND.AWARD_UNEXPLAINED}),
        ("UPDATE points_awards SET clawed = clawed + 1 WHERE clawed > 0", {KIND.AWARD_UNEXPLAINED}),
        ("DELETE FROM points_refunds", {KIND.AWARD_UNEXPLAINED}),
    ],
)
async def test_each_broken_promise_is_found(busy: Purse, sabotage: str, kinds: set[PointsBreakKind]) -> None:
    await busy.run(sabotage)
    breaks = await busy.store.audit()
    assert {found.kind for found in breaks} == kinds
    assert all(found.detail and found.user_id == BUYER for found in breaks)


async def test_a_lot_that_holds_more_than_it_ever_had_is_found(breakable: Purse) -> None:
    await in_use(breakable)
    await breakable.run("ALTER TABLE points_lots DROP CONSTRAINT points_lots_remaining")
    await breakable.run("UPDATE points_lots SET earned = remaining - 1 WHERE remaining = 25")
    (found,) = await breakable.store.audit()
    assert (found.kind, found.user_id) == (KIND.LOT_OUT_OF_BOUNDS, BUYER)


async def test_a_break_of_an_order_names_the_order(busy: Purse) -> None:
    await busy.run("UPDATE points_spends SET points = points + 1")
    (found,) = await busy.store.audit()
    assert found.order_id == order()
    assert found.detail == ("the order spent 121 and got back 30; the ledger says 120 and 30, its lots say 120 and 30")


async def test_hanse_audit_shows_a_break_at_the_order_it_is_of(busy: Purse) -> None:
    assert (await points(busy.store)).findings == ()
    await busy.run("UPDATE points_spends SET points = points + 1")
    (finding,) = (await points(busy.store)).findings
    assert (finding.check, finding.subject) == ("spend_unexplained", order())


@pytest.mark.parametrize(
    "beyond",
    [
        "UPDATE points_accounts SET balance = -1",
        "UPDATE points_lots SET remaining = -1",
        "UPDATE points_spends SET returned = points + 1",
        "UPDATE points_awards SET clawed = points + 1",
    ],
)
async def test_the_database_itself_refuses_what_must_never_be(busy: Purse, beyond: str) -> None:
    with pytest.raises(CheckViolationError):
        await busy.run(beyond)
