"""One buyer buys no more than a purchase limit allows, however the orders come."""

import asyncio

import pytest

from models.promotions.errors import BenefitsConflict, BenefitsReturned, PurchaseLimitReached
from models.promotions.scoping import in_scope
from models.promotions.types import RuleStatus
from models.shared.ids import CategoryId, PurchaseLimitId, UserId
from models.shared.refusals import NotFound
from tests.integration.promotions.rulebook import (
    ANNA,
    BEN,
    DAY,
    HOUR,
    NOW,
    OLGA,
    Rulebook,
    limit_terms,
    line,
    order,
    purchase,
    sku,
)

DRINKS = CategoryId.derive(NOW, "drinks")


async def test_limits_that_count_now_apply_to_the_lines_in_their_scope(book: Rulebook) -> None:
    on_tea = await book.limit(3)
    on_drinks = await book.limit(5, scope={"categories": (DRINKS,), "excluded_skus": (sku("water"),)})
    await book.limit(1, starts_at=NOW + HOUR)
    in_force = await book.limits.in_force(NOW)
    assert in_force == sorted([on_tea, on_drinks], key=lambda limit: limit.limit_id)
    assert [
        [limit.limit_id for limit in (on_tea, on_drinks) if in_scope(limit.terms.scope, each)]
        for each in (line(1), line(1, "juice"), line(1, "water"))
    ] == [[on_tea.limit_id, on_drinks.limit_id], [on_drinks.limit_id], []]


async def test_what_is_counted_is_missing_afterwards_and_comes_back(book: Rulebook) -> None:
    limit = await book.limit(3)
    for _ in range(2):
        await book.limits.count_purchases(purchase([limit], 2))
    assert await book.left(line(1)) == [1]
    assert await book.left(line(1), user_id=BEN) == await book.left(line(1), user_id=None) == [3]
    with pytest.raises(PurchaseLimitReached) as refused:
        await book.limits.count_purchases(purchase([limit], 2, "second"))
    assert refused.value.fields["limits"] == [
        {"limit_id": limit.limit_id, "label": "限购", "sku_id": sku(), "most": 3, "left": 1, "asked": 2}
    ]
    for _ in range(2):
        await book.uncount()
    assert await book.left(line(1)) == [3]
    assert await book.store.breaks() == []


async def test_a_late_count_after_its_uncount_is_refused(book: Rulebook) -> None:
    limit = await book.limit(3)
    await book.uncount("never counted")
    await book.limits.count_purchases(purchase([limit], 1))
    await book.uncount()
    for name in ("order", "never counted"):
        with pytest.raises(BenefitsReturned):
            await book.limits.count_purchases(purchase([limit], 1, name))
    assert await book.left(line(1)) == [3]


async def test_other_goods_for_the_same_order_are_refused(book: Rulebook) -> None:
    limit = await book.limit(3)
    await book.limits.count_purchases(purchase([limit], 1))
    for wish in (purchase([limit], 2), purchase([], 1), purchase([limit], 1, user_id=BEN)):
        with pytest.raises(BenefitsConflict):
            await book.limits.count_purchases(wish)
    assert await book.left(line(1)) == [2]


async def test_of_several_limits_one_that_is_reached_stops_all(book: Rulebook) -> None:
    wide, narrow = await book.limit(10), await book.limit(1)
    with pytest.raises(PurchaseLimitReached) as refused:
        await book.limits.count_purchases(purchase([wide, narrow], 2))
    assert [limit["limit_id"] for limit in refused.value.fields["limits"]] == [narrow.limit_id]
    assert sorted(await book.left(line(1))) == [1, 10]
    await book.limits.count_purchases(purchase([wide, narrow], 1))


async def test_a_limit_counts_each_sku_by_itself_or_all_together(book: Rulebook) -> None:
    each = await book.limit(2, scope={"categories": (DRINKS,)})
    await book.limits.count_purchases(purchase([each], 2, "tea"))
    await book.limits.count_purchases(purchase([each], 2, "juice", goods="juice"))
    together = await book.limit(3, scope={"categories": (DRINKS,)}, each_sku=False)
    await book.limits.count_purchases(purchase([together], 2, "more tea"))
    with pytest.raises(PurchaseLimitReached) as refused:
        await book.limits.count_purchases(purchase([together], 2, "more juice", goods="juice"))
    assert [(one["sku_id"], one["left"]) for one in refused.value.fields["limits"]] == [(None, 1)]
    left = await book.limits.left_for(ANNA, [line(1), line(1, "juice")], NOW)
    assert {(one.limit_id, one.sku_id, one.left, one.asked, one.is_enough) for one in left} == {
        (each.limit_id, sku("tea"), 0, 1, False),
        (each.limit_id, sku("juice"), 0, 1, False),
        (together.limit_id, None, 1, 2, False),
    }
    assert await book.store.breaks() == []


async def test_a_rolling_window_forgets_what_is_older(book: Rulebook) -> None:
    rolling, whole = await book.limit(2, window_days=7), await book.limit(4)
    await book.limits.count_purchases(purchase([rolling, whole], 1, "first", at=NOW - 8 * DAY))
    await book.limits.count_purchases(purchase([rolling, whole], 1, "second", at=NOW - 6 * DAY))
    left = {one.limit_id: one.left for one in await book.limits.left_for(ANNA, [line(1)], NOW)}
    assert left == {rolling.limit_id: 1, whole.limit_id: 2}
    await book.limits.count_purchases(purchase([rolling, whole], 1, "third"))
    with pytest.raises(PurchaseLimitReached) as refused:
        await book.limits.count_purchases(purchase([rolling], 1, "fourth"))
    assert [limit["limit_id"] for limit in refused.value.fields["limits"]] == [rolling.limit_id]
    await book.limits.count_purchases(purchase([rolling], 1, "fifth", at=NOW + 2 * DAY))
    assert await book.store.breaks() == []


async def test_what_is_paused_or_over_neither_binds_nor_counts(book: Rulebook) -> None:
    campaign = await book.campaign(ends_at=NOW + HOUR)
    paused, within = await book.limit(1), await book.limit(1, campaign_id=campaign.campaign_id)
    await book.limits.set_status(paused.limit_id, 1, RuleStatus.PAUSED, NOW)
    await book.limits.count_purchases(purchase([paused, within], 5, "later", at=NOW + HOUR))
    assert await book.left(line(1)) == [1]
    await book.limits.set_status(paused.limit_id, 1, RuleStatus.ACTIVE, NOW)
    assert await book.left(line(1)) == [1, 1]
    assert await book.store.breaks() == []


async def test_a_limit_that_never_was_is_not_found_and_nothing_counts(book: Rulebook) -> None:
    limit = await book.limit(3)
    unknown = limit.model_copy(update={"limit_id": PurchaseLimitId.derive(NOW, "never made")})
    with pytest.raises(NotFound):
        await book.limits.count_purchases(purchase([limit, unknown], 1))
    assert await book.left(line(1)) == [3]


async def test_a_lowered_limit_lets_nobody_buy_more_and_takes_nothing_back(book: Rulebook) -> None:
    limit = await book.limit(3)
    await book.limits.count_purchases(purchase([limit], 3))
    await book.limits.revise(limit.limit_id, 1, limit_terms(1), OLGA, NOW)
    assert await book.left(line(1)) == [0]
    with pytest.raises(PurchaseLimitReached):
        await book.limits.count_purchases(purchase([limit], 1, "second"))
    assert await book.store.breaks() == []


async def test_one_buyer_on_twenty_connections_buys_three(book: Rulebook) -> None:
    limit = await book.limit(3)
    answers = await asyncio.gather(
        *(book.limits.count_purchases(purchase([limit], 1, n)) for n in range(20)), return_exceptions=True
    )
    assert sum(answer is None for answer in answers) == 3
    assert all(isinstance(answer, PurchaseLimitReached) for answer in answers if answer is not None), answers
    assert await book.left(line(1)) == [0]
    assert await book.store.breaks() == []


async def test_two_limits_on_two_goods_hold_for_orders_that_ask_both_ways(book: Rulebook) -> None:
    tea, juice = await book.limit(3), await book.limit(3, scope={"skus": (sku("juice"),)})
    both = [
        purchase([tea], 1, n).model_copy(
            update={
                "lines": (
                    *purchase([tea], 1).lines,
                    *purchase([juice], 1, goods="juice").lines,
                )[:: 1 if n % 2 else -1]
            }
        )
        for n in range(40)
    ]
    answers = await asyncio.gather(*map(book.limits.count_purchases, both), return_exceptions=True)
    assert sum(answer is None for answer in answers) == 3
    assert all(isinstance(answer, PurchaseLimitReached) for answer in answers if answer is not None), answers


async def test_a_count_that_races_its_uncount_never_stays(book: Rulebook) -> None:
    limit = await book.limit(1000)
    racing = [
        call for n in range(30) for call in (book.limits.count_purchases(purchase([limit], 1, n)), book.uncount(n))
    ]
    answers = await asyncio.gather(*racing, return_exceptions=True)
    assert all(answer is None or isinstance(answer, BenefitsReturned) for answer in answers), answers
    assert await book.left(line(1)) == [1000]


async def test_buyers_do_not_wait_for_each_other(book: Rulebook) -> None:
    limit = await book.limit(3)
    many = [UserId.derive(NOW, f"{n}") for n in range(20)]
    async with book.db.transaction() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 4811002))", ANNA)
        await asyncio.wait_for(
            asyncio.gather(*(book.limits.count_purchases(purchase([limit], 1, one, user_id=one)) for one in many[:10])),
            timeout=10,
        )
    assert order("order") == purchase([limit], 1).order_id
