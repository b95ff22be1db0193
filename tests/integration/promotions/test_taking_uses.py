"""Orders take uses out of budgets and limits, and give them back: exactly, also when everyone comes at once."""

import asyncio
import random

import pytest

from hanse.database import Database
from models.promotions.errors import BenefitsConflict, BenefitsReturned, PromotionUsedUp
from models.promotions.offers import NForM
from models.promotions.types import RuleStatus
from models.shared import Money
from models.shared.ids import PromotionId, UserId
from models.shared.refusals import NotFound
from tests.conftest import OpenDatabase
from tests.integration.promotions.rulebook import (
    ANNA,
    BEN,
    NOW,
    OLGA,
    SAVES,
    Rulebook,
    ask,
    terms,
    use,
)


def user(n: int) -> UserId:
    return UserId.derive(NOW, f"user {n}")


async def test_uses_are_taken_once_and_given_back_once(book: Rulebook) -> None:
    rule = await book.rule(budget=SAVES * 3)
    for _ in range(2):
        await book.take(ask(use(rule)))
    assert await book.used(rule) == (1, 4_000)
    for _ in range(2):
        await book.give_back()
    assert await book.used(rule) == (0, 0)
    with pytest.raises(BenefitsReturned):
        await book.take(ask(use(rule)))
    assert await book.store.breaks() == []


async def test_what_has_a_budget_or_a_limit_is_offered_as_something_to_take(book: Rulebook) -> None:
    free = await book.rule()
    counted = [await book.rule(**some) for some in ({"budget": SAVES}, {"total_limit": 9}, {"per_user_limit": 9})]
    offered = await book.in_force()
    assert {rule_id for rule_id, offer in offered.items() if offer.is_counted} == {c.promotion_id for c in counted}
    assert free.promotion_id in offered


async def test_all_of_an_orders_uses_are_taken_or_none(book: Rulebook) -> None:
    plenty, spent = await book.rule(budget=SAVES * 9), await book.rule(budget=Money(minor=3_999))
    with pytest.raises(PromotionUsedUp) as refused:
        await book.take(ask(use(plenty), use(spent)))
    assert refused.value.fields == {"promotion_id": spent.promotion_id}
    assert await book.used(plenty) == (0, 0)
    await book.take(ask(use(plenty)))
    assert await book.used(plenty) == (1, 4_000)


async def test_an_order_that_holds_other_uses_is_refused(book: Rulebook) -> None:
    rule, other = await book.rule(budget=SAVES * 9), await book.rule(budget=SAVES * 9)
    await book.take(ask(use(rule)))
    for wish in (ask(use(other)), ask(use(rule), use(other)), ask(use(rule, SAVES * 2)), ask(use(rule), user_id=BEN)):
        with pytest.raises(BenefitsConflict):
            await book.take(wish)
    assert (await book.used(rule), await book.used(other)) == ((1, 4_000), (0, 0))


async def test_what_was_given_back_before_it_was_taken_is_never_taken(book: Rulebook) -> None:
    rule = await book.rule(budget=SAVES)
    await book.give_back()
    with pytest.raises(BenefitsReturned):
        await book.take(ask(use(rule)))
    assert await book.used(rule) == (0, 0)


async def test_redeemed_uses_still_count_and_can_be_given_back(book: Rulebook) -> None:
    rule = await book.rule(total_limit=1)
    await book.redeem("has taken nothing")
    await book.take(ask(use(rule)))
    for _ in range(2):
        await book.redeem()
    await book.take(ask(use(rule)))
    assert await book.used(rule) == (1, 4_000)
    with pytest.raises(PromotionUsedUp):
        await book.take(ask(use(rule), name="other"))
    await book.give_back()
    with pytest.raises(BenefitsReturned):
        await book.redeem()
    await book.take(ask(use(rule), name="other"))
    assert await book.used(rule) == (1, 4_000)
    assert await book.store.breaks() == []


async def test_what_a_quote_promised_counts_though_the_rule_was_revised_and_paused_since(book: Rulebook) -> None:
    rule = await book.rule(budget=SAVES * 9)
    await book.store.rules.revise(rule.promotion_id, 1, terms(budget=SAVES * 2), OLGA, NOW)
    await book.store.rules.set_status(rule.promotion_id, 2, RuleStatus.PAUSED, NOW)
    await book.take(ask(use(rule, version=1)))
    assert await book.used(rule) == (1, 4_000)
    with pytest.raises(PromotionUsedUp):
        await book.take(ask(use(rule, SAVES * 2, version=1), name="beyond the newest budget"))


async def test_a_rule_or_version_that_never_was_is_not_found(book: Rulebook) -> None:
    rule = await book.rule(budget=SAVES)
    unknown = rule.model_copy(update={"promotion_id": PromotionId.derive(NOW, "never made")})
    for wish in (use(unknown), use(rule, version=2)):
        with pytest.raises(NotFound):
            await book.take(ask(wish))
    assert await book.used(rule) == (0, 0)


async def test_a_budget_pays_in_its_own_currency_only(book: Rulebook) -> None:
    three_for_two = NForM(take=3, pay=2)
    euros = Money(minor=100, currency="EUR")
    rule, open_ended = await book.rule(offer=three_for_two, budget=SAVES), await book.rule(offer=three_for_two)
    with pytest.raises(PromotionUsedUp):
        await book.take(ask(use(rule, euros)))
    await book.take(ask(use(open_ended, euros)))
    assert await book.used(open_ended) == (1, 0)
    assert await book.store.breaks() == []


async def test_two_hundred_orders_at_once_never_exceed_a_limit_of_fifty(database: OpenDatabase, book: Rulebook) -> None:
    rule = await book.rule(total_limit=50)
    answers = await asyncio.gather(
        *(book.take(ask(use(rule), name=n, user_id=user(n))) for n in range(200)), return_exceptions=True
    )
    assert sum(answer is None for answer in answers) == 50
    assert all(isinstance(answer, PromotionUsedUp) for answer in answers if answer is not None), answers
    assert await book.used(rule) == (50, 200_000)
    assert await book.store.breaks() == []


async def test_two_hundred_orders_of_different_worth_never_exceed_a_budget(book: Rulebook) -> None:
    rule, other = await book.rule(budget=Money(minor=30_000)), await book.rule(budget=Money(minor=40_000))
    chance = random.Random(7)
    wishes = [
        ask(*chance.sample([use(rule, Money(minor=n)), use(other, Money(minor=n))], 2), name=n, user_id=user(n))
        for n in range(100, 300)
    ]
    answers = await asyncio.gather(*map(book.take, wishes), return_exceptions=True)
    assert all(answer is None or isinstance(answer, PromotionUsedUp) for answer in answers), answers
    taken = sum(wish.uses[0].saved.minor for wish, answer in zip(wishes, answers, strict=True) if answer is None)
    refused = [w.uses[0].saved.minor for w, answer in zip(wishes, answers, strict=True) if answer is not None]
    assert (await book.used(rule))[1] == (await book.used(other))[1] == taken <= 30_000
    assert refused
    assert min(refused) + taken > 30_000, "an order was refused though the budget had room for it"
    assert await book.store.breaks() == []


async def test_one_buyer_on_twenty_connections_uses_a_rule_as_often_as_one_may(
    book: Rulebook, database: OpenDatabase
) -> None:
    rule = await book.rule(per_user_limit=3)
    answers = await asyncio.gather(*(book.take(ask(use(rule), name=n)) for n in range(20)), return_exceptions=True)
    assert sum(answer is None for answer in answers) == 3
    assert all(isinstance(answer, PromotionUsedUp) for answer in answers if answer is not None), answers
    await book.take(ask(use(rule), name="hers", user_id=BEN))


async def test_copies_of_one_order_take_once_while_they_race_its_return(book: Rulebook) -> None:
    rule = await book.rule(budget=SAVES * 50)
    same = await asyncio.gather(*(book.take(ask(use(rule))) for _ in range(20)), return_exceptions=True)
    assert set(same) == {None}
    assert await book.used(rule) == (1, 4_000)
    racing = [call for n in range(30) for call in (book.take(ask(use(rule), name=n)), book.give_back(n))]
    answers = await asyncio.gather(*racing, return_exceptions=True)
    assert all(answer is None or isinstance(answer, BenefitsReturned) for answer in answers), answers
    assert await book.used(rule) == (1, 4_000)
    assert await book.store.breaks() == []


async def test_orders_that_name_rules_in_any_order_do_not_deadlock(book: Rulebook) -> None:
    rules = [await book.rule(budget=SAVES * 1000) for _ in range(5)]
    chance = random.Random(3)
    wishes = [ask(*(use(rule) for rule in chance.sample(rules, 5)), name=n) for n in range(100)]
    assert set(await asyncio.gather(*map(book.take, wishes))) == {None}
    backs = [book.give_back(n) for n in range(0, 100, 2)]
    more = [book.take(ask(*(use(rule) for rule in chance.sample(rules, 5)), name=n)) for n in range(100, 150)]
    assert set(await asyncio.gather(*backs, *more)) == {None}
    assert {await book.used(rule) for rule in rules} == {(100, 400_000)}
    assert await book.store.breaks() == []


async def test_the_database_itself_refuses_what_the_store_would_never_do(book: Rulebook) -> None:
    rule = await book.rule(budget=SAVES, total_limit=1)
    await book.take(ask(use(rule)))
    for change in ("used_minor = used_minor + 1", "used_orders = used_orders + 1", "used_minor = -1"):
        with pytest.raises(Exception, match="violates check constraint"):
            await _execute(book.db, f"UPDATE promotions SET {change}")
    assert ANNA not in str(await book.store.breaks())


async def _execute(db: Database, statement: str) -> None:
    async with db.transaction() as tx:
        await tx.execute(statement)
