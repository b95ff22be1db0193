"""The audit sees each kind of break, and nothing where all is well."""

import pytest

from stores.promotions.coupon_auditing import BREAKS as QUERY
from tests.integration.coupons.counter import Counter, order

DAMAGE = {
    "claimed_unexplained": "UPDATE coupon_templates SET claimed = claimed + 1",
    "claimant_unexplained": "UPDATE coupon_claimants SET claimed = claimed + 1",
    "quantity_exceeded": "ALTER TABLE coupon_templates DROP CONSTRAINT coupon_templates_claimed; UPDATE coupon_templates SET quantity = 1",
    "per_user_limit_exceeded": """
        ALTER TABLE coupon_template_versions DISABLE TRIGGER ALL;
        UPDATE coupon_template_versions SET terms = jsonb_set(terms, '{per_user_limit}', '1')
    """,
    "code_without_its_coupon": "UPDATE coupons SET code = NULL WHERE code IS NOT NULL",
    "coupon_without_its_code": "DELETE FROM coupon_codes",
    "lock_without_order": "DELETE FROM held_benefits",
    "order_without_lock": "UPDATE coupons SET state = 'claimed', order_id = NULL, locked_at = NULL",
    "points_differ": "UPDATE held_benefits SET points = points + 1",
}


@pytest.fixture
async def busy(counter: Counter) -> Counter:
    """One of everything."""
    template = await counter.template(quantity=10, per_user_limit=5)
    await counter.give_points(100)
    coupon = await counter.claim(template)
    (code,) = await counter.codes(template, 1)
    await counter.coupons.claim_once(coupon.user_id, key="code", now=coupon.claimed_at, code=code)
    await counter.hold(order(), coupon.coupon_id, points=30)
    return counter


async def test_each_break_is_found_by_its_name(busy: Counter) -> None:
    assert await busy.coupons.breaks() == []
    for check, damage in DAMAGE.items():
        async with busy.db.reader() as connection:
            work = connection.transaction()
            await work.start()
            await connection.execute(damage)
            found = {row["check"] for row in await connection.fetch(QUERY)}
            await work.rollback()
        assert check in found, check
    assert await busy.coupons.breaks() == []
