"""The audit of promotions finds each kind of break, and nothing where all is well."""

import pytest

from tests.conftest import OpenDatabase
from tests.integration.promotions.rulebook import SAVES, Rulebook, ask, open_rulebook, purchase, use


@pytest.fixture
async def book(database: OpenDatabase) -> Rulebook:
    """A rule used by two orders of Anna's, a limit she has reached; the checks of the database are off."""
    book = open_rulebook(await database("promotions"))
    rule = await book.rule(budget=SAVES * 2, total_limit=2, per_user_limit=2)
    limit = await book.limit(2)
    for n in range(2):
        await book.take(ask(use(rule), name=n))
        await book.limits.count_purchases(purchase([limit], 1, n))
    await book.redeem(0)
    async with book.db.transaction() as tx:
        await tx.execute(
            "ALTER TABLE promotions DROP CONSTRAINT promotions_budget, DROP CONSTRAINT promotions_total_limit"
        )
    return book


async def test_all_is_well(book: Rulebook) -> None:
    assert await book.store.breaks() == []


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE promotions SET used_minor = used_minor - 1", "used_unexplained"),
        ("UPDATE promotions SET used_orders = 1", "used_unexplained"),
        ("UPDATE promotions SET budget_minor = 7999", "budget_exceeded"),
        ("UPDATE promotions SET total_limit = 1", "total_limit_exceeded"),
        ("UPDATE promotion_uses SET state = 'held' WHERE state = 'redeemed'", "use_differs_from_order"),
        ("UPDATE purchase_counts SET quantity = quantity + 1", "purchase_limit_exceeded"),
        ("UPDATE counted_orders SET state = 'returned'", "count_differs_from_order"),
        ("UPDATE promotions SET terms = jsonb_set(terms, '{label}', '\"else\"')", "version_missing"),
        (
            "INSERT INTO orders_with_uses VALUES ('ord_x', 'held', now());"
            "INSERT INTO promotion_uses SELECT 'ord_x', promotion_id, version, user_id, currency, saved_minor, 'held', taken_at,"
            " changed_at FROM promotion_uses LIMIT 1",
            "per_user_limit_exceeded",
        ),
    ],
    ids=lambda value: value if "_" in value and " " not in value else "",
)
async def test_what_is_broken_is_found(book: Rulebook, damage: str, check: str) -> None:
    async with book.db.transaction() as tx:
        await tx.execute(damage)
    assert check in {found.check for found in await book.store.breaks()}
