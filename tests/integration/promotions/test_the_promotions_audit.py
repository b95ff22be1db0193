"""The audit of promotions finds each kind of break, and nothing where all is well."""

from tests.conftest import OpenDatabase
from tests.integration.promotions.rulebook import SAVES, ask, open_rulebook, purchase, use

BREAKS = [
    (
        "used_unexplained",
        "UPDATE promotions SET used_minor = used_minor - 1",
        "UPDATE promotions SET used_minor = used_minor + 1",
    ),
    ("used_unexplained", "UPDATE promotions SET used_orders = 1", "UPDATE promotions SET used_orders = 2"),
    ("budget_exceeded", "UPDATE promotions SET budget_minor = 7999", "UPDATE promotions SET budget_minor = 8000"),
    ("total_limit_exceeded", "UPDATE promotions SET total_limit = 1", "UPDATE promotions SET total_limit = 2"),
    (
        "use_differs_from_order",
        "UPDATE promotion_uses SET state = 'redeemed'",
        "UPDATE promotion_uses SET state = 'held'",
    ),
    (
        "purchase_limit_exceeded",
        "UPDATE purchase_counts SET quantity = quantity + 1",
        "UPDATE purchase_counts SET quantity = quantity - 1",
    ),
    (
        "count_differs_from_order",
        "UPDATE counted_orders SET state = 'returned'",
        "UPDATE counted_orders SET state = 'counted'",
    ),
    (
        "version_missing",
        "UPDATE promotions SET terms = jsonb_set(terms, '{priority}', '7')",
        "UPDATE promotions SET terms = jsonb_set(terms, '{priority}', '0')",
    ),
    (
        "per_user_limit_exceeded",
        "INSERT INTO orders_with_uses VALUES ('ord_x', 'held', now());"
        "INSERT INTO promotion_uses SELECT 'ord_x', promotion_id, version, user_id, currency, saved_minor, state, taken_at,"
        " changed_at FROM promotion_uses LIMIT 1",
        "DELETE FROM promotion_uses WHERE order_id = 'ord_x'",
    ),
]


async def test_every_break_is_found_and_nothing_where_all_is_well(database: OpenDatabase) -> None:
    book = open_rulebook(await database("promotions"))
    rule = await book.rule(budget=SAVES * 2, total_limit=2, per_user_limit=2)
    limit = await book.limit(2)
    for n in range(2):
        await book.take(ask(use(rule), name=n))
        await book.limits.count_purchases(purchase([limit], 1, n))
    off = "ALTER TABLE promotions DROP CONSTRAINT promotions_budget, DROP CONSTRAINT promotions_total_limit"
    async with book.db.transaction() as tx:
        await tx.execute(off)
    for check, damage, repair in BREAKS:
        assert await book.store.breaks() == []
        async with book.db.transaction() as tx:
            await tx.execute(damage)
        assert check in {found.check for found in await book.store.breaks()}, damage
        async with book.db.transaction() as tx:
            await tx.execute(repair)
