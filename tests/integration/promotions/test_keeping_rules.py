"""Rules and campaigns as operators keep them, and which of them count."""

import asyncio
import time
from datetime import datetime

import pytest
from asyncpg import RaiseError

from models.promotions.errors import PromotionOver, PromotionStepIllegal, PromotionTermsInvalid
from models.promotions.offers import DirectCut, NForM
from models.promotions.types import CampaignTerms, RuleStatus
from models.shared import Money
from models.shared.ids import CampaignId, PromotionId
from models.shared.refusals import NotFound, StaleVersion
from tests.integration.promotions.rulebook import (
    ANNA,
    BEN,
    DAY,
    HOUR,
    NOW,
    OLGA,
    SAVES,
    Rulebook,
    ask,
    terms,
    use,
)


async def test_a_rule_is_a_draft_until_it_is_activated(book: Rulebook) -> None:
    draft = await book.rule(status=None)
    assert (draft.status, draft.version, await book.in_force()) == (RuleStatus.DRAFT, 1, {})
    await book.store.rules.set_status(draft.promotion_id, 1, RuleStatus.ACTIVE, NOW)
    (offer,) = (await book.in_force()).values()
    assert (offer.rule_id, offer.rule_version, offer.offer) == (draft.promotion_id, 1, draft.terms.offer)


async def test_creating_a_rule_twice_makes_one(book: Rulebook) -> None:
    promotion_id = PromotionId.derive(NOW, "same")
    made = await asyncio.gather(
        *(book.store.rules.create(promotion_id, terms(label=f"{n}"), OLGA, NOW) for n in range(5))
    )
    assert len({one.terms.label for one in made}) == 1
    assert len(await book.store.rules.versions(promotion_id, limit=10)) == 1


async def test_a_revision_is_a_new_version_and_the_old_one_stays_readable(book: Rulebook) -> None:
    first = await book.rule(on_refund="keep")
    second = await book.store.rules.revise(first.promotion_id, 1, terms(label="New", priority=5), OLGA, NOW + HOUR)
    assert (second.version, second.status, second.terms.label) == (2, RuleStatus.ACTIVE, "New")
    versions = await book.store.rules.versions(first.promotion_id, limit=10)
    assert [(one.version, one.terms.label, one.decided_by) for one in versions] == [
        (2, "New", OLGA),
        (1, first.terms.label, OLGA),
    ]
    then, now = await book.store.offers_at_versions([(first.promotion_id, 1), (first.promotion_id, 2)])
    assert [(one.rule_version, one.label, one.claws_back, one.priority) for one in (then, now)] == [
        (1, first.terms.label, False, 0),
        (2, "New", True, 5),
    ]
    with pytest.raises(NotFound):
        await book.store.offers_at_versions([(first.promotion_id, 1), (first.promotion_id, 3)])


async def test_the_same_terms_again_make_no_version(book: Rulebook) -> None:
    rule = await book.rule()
    again = await book.store.rules.revise(rule.promotion_id, 1, terms(), OLGA, NOW + HOUR)
    assert again == rule


async def test_an_edit_of_what_someone_else_changed_is_refused(book: Rulebook) -> None:
    rule = await book.rule()
    await book.store.rules.revise(rule.promotion_id, 1, terms(label="First"), OLGA, NOW)
    with pytest.raises(StaleVersion):
        await book.store.rules.revise(rule.promotion_id, 1, terms(label="Second"), OLGA, NOW)
    with pytest.raises(StaleVersion):
        await book.store.rules.set_status(rule.promotion_id, 1, RuleStatus.PAUSED, NOW)
    assert (await book.store.rules.get(rule.promotion_id)).terms.label == "First"


async def test_of_two_operators_who_revise_at_once_one_wins(book: Rulebook) -> None:
    rule = await book.rule()
    answers = await asyncio.gather(
        *(book.store.rules.revise(rule.promotion_id, 1, terms(label=f"{n}"), OLGA, NOW) for n in range(10)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, StaleVersion) for answer in answers) == 9
    assert len(await book.store.rules.versions(rule.promotion_id, limit=10)) == 2


async def test_a_version_can_never_be_changed_or_deleted(book: Rulebook) -> None:
    await book.rule()
    for statement in ("UPDATE promotion_versions SET terms = '{}'", "DELETE FROM promotion_versions"):
        with pytest.raises(RaiseError, match="for ever"):
            async with book.db.transaction() as tx:
                await tx.execute(statement)


async def test_a_status_steps_only_where_it_may(book: Rulebook) -> None:
    rule = await book.rule(status=None)

    async def become(status: RuleStatus) -> RuleStatus:
        return (await book.store.rules.set_status(rule.promotion_id, 1, status, NOW)).status

    with pytest.raises(PromotionStepIllegal):
        await become(RuleStatus.PAUSED)
    for status in (RuleStatus.ACTIVE, RuleStatus.PAUSED, RuleStatus.ACTIVE, RuleStatus.ACTIVE, RuleStatus.ENDED):
        assert await become(status) is status
    with pytest.raises(PromotionOver):
        await become(RuleStatus.ACTIVE)
    with pytest.raises(PromotionOver):
        await book.store.rules.revise(rule.promotion_id, 1, terms(label="Back"), OLGA, NOW)


async def test_terms_that_make_no_sense_are_refused(book: Rulebook) -> None:
    rule = await book.rule()
    senseless = (
        {"ends_at": NOW - DAY},
        {"budget": Money(minor=0)},
        {"budget": Money(minor=100, currency="EUR")},
        {"campaign_id": CampaignId.derive(NOW, "never made")},
    )
    for changes in senseless:
        with pytest.raises(PromotionTermsInvalid):
            await book.rule(**changes)
        with pytest.raises(PromotionTermsInvalid):
            await book.store.rules.revise(rule.promotion_id, 1, terms(**changes), OLGA, NOW)
    assert await book.store.rules.page(limit=10) == [rule]


async def test_budget_and_limit_do_not_fall_below_what_is_used_and_the_currency_stays(book: Rulebook) -> None:
    rule = await book.rule(budget=SAVES * 3, total_limit=3)
    await book.take(ask(use(rule)))
    await book.take(ask(use(rule), name="other"))
    for changes in (
        {"budget": SAVES},
        {"total_limit": 1},
        {"offer": DirectCut(off=Money(minor=100, currency="EUR"))},
    ):
        with pytest.raises(PromotionTermsInvalid):
            await book.store.rules.revise(rule.promotion_id, 1, terms(**changes), OLGA, NOW)
    exact = await book.store.rules.revise(
        rule.promotion_id, 1, terms(budget=SAVES * 2, total_limit=2, offer=NForM(take=3, pay=2)), OLGA, NOW
    )
    assert (exact.version, exact.used_orders, exact.used_amount) == (2, 2, SAVES * 2)


async def test_only_what_is_active_in_its_window_and_its_campaigns_counts(book: Rulebook) -> None:
    short = await book.campaign(starts_at=NOW, ends_at=NOW + HOUR)
    silent = await book.campaign(status=None)
    plain, in_short = await book.rule(), await book.rule(campaign_id=short.campaign_id)
    await book.rule(status=RuleStatus.ENDED)
    await book.rule(starts_at=NOW + HOUR)
    await book.rule(campaign_id=silent.campaign_id)

    async def counts(at: datetime) -> set[str]:
        return set(await book.in_force(at=at))

    assert await counts(NOW) == {plain.promotion_id, in_short.promotion_id}
    assert await counts(NOW - HOUR) == {plain.promotion_id}
    assert in_short.promotion_id not in await counts(NOW + HOUR)
    assert plain.promotion_id not in await counts(NOW + DAY), "the end is exclusive"
    await book.store.campaigns.set_status(short.campaign_id, 1, RuleStatus.PAUSED, NOW)
    assert await counts(NOW) == {plain.promotion_id}
    await book.store.campaigns.set_status(short.campaign_id, 1, RuleStatus.ACTIVE, NOW)
    assert await counts(NOW) == {plain.promotion_id, in_short.promotion_id}


async def test_a_revised_campaign_moves_the_window_of_its_rules(book: Rulebook) -> None:
    campaign = await book.campaign()
    await book.rule(campaign_id=campaign.campaign_id)
    shorter = CampaignTerms(name="Short", starts_at=NOW - DAY, ends_at=NOW)
    revised = await book.store.campaigns.revise(campaign.campaign_id, 1, shorter, OLGA, NOW)
    assert (revised.version, await book.in_force()) == (2, {})
    assert [one.terms.name for one in await book.store.campaigns.versions(campaign.campaign_id, limit=10)] == [
        "Short",
        "Spring",
    ]


async def test_offers_say_what_is_left_and_who_has_used_them_up(book: Rulebook) -> None:
    budgeted = await book.rule(budget=Money(minor=10_000))
    limited = await book.rule(total_limit=2)
    for_each = await book.rule(per_user_limit=1)
    await book.take(ask(use(budgeted), use(limited), use(for_each)))
    offers = await book.in_force(ANNA)
    assert offers[budgeted.promotion_id].left == Money(minor=6_000)
    assert [offers[rule.promotion_id].is_exhausted for rule in (budgeted, limited, for_each)] == [False, False, True]
    assert not (await book.in_force(BEN))[for_each.promotion_id].is_exhausted
    assert not (await book.in_force(None))[for_each.promotion_id].is_exhausted
    await book.take(ask(use(limited), name="second", user_id=BEN))
    assert (await book.in_force(None))[limited.promotion_id].is_exhausted
    await book.give_back()
    offers = await book.in_force(ANNA)
    assert offers[budgeted.promotion_id].left == Money(minor=10_000)
    assert [offers[rule.promotion_id].is_exhausted for rule in (limited, for_each)] == [False, False]


async def test_the_storefront_sees_what_runs_and_is_not_used_up(book: Rulebook) -> None:
    campaign = await book.campaign(starts_at=NOW - HOUR, ends_at=NOW + 3 * DAY)
    plain = await book.rule()
    within = await book.rule(campaign_id=campaign.campaign_id, label="In the campaign")
    used_up = await book.rule(budget=SAVES)
    await book.rule(status=None)
    await book.take(ask(use(used_up)))
    found = await book.store.running(NOW, limit=10)
    assert [(one.promotion_id, one.label, one.campaign) for one in found] == [
        (within.promotion_id, "In the campaign", "Spring"),
        (plain.promotion_id, plain.terms.label, None),
    ]
    assert (found[0].starts_at, found[0].ends_at) == (NOW - HOUR, NOW + DAY)
    assert await book.store.running(NOW, limit=10, before=found[0].promotion_id) == found[1:]


async def test_lists_are_filtered_and_paged(book: Rulebook) -> None:
    campaign = await book.campaign()
    made = [await book.rule(campaign_id=campaign.campaign_id) for _ in range(3)]
    await book.rule(status=None)
    rules = book.store.rules
    first = await rules.page(limit=2, campaign_id=campaign.campaign_id)
    rest = await rules.page(limit=2, before=first[-1].promotion_id, campaign_id=campaign.campaign_id)
    assert [one.promotion_id for one in first + rest] == [one.promotion_id for one in reversed(made)]
    assert len(await rules.page(limit=10, status=RuleStatus.DRAFT)) == 1
    assert [one.campaign_id for one in await book.store.campaigns.page(limit=5, status=RuleStatus.ACTIVE)] == [
        campaign.campaign_id
    ]
    assert await book.store.campaigns.page(limit=5, status=RuleStatus.ENDED) == []


async def test_thousands_of_old_rules_do_not_slow_down_what_counts_now(book: Rulebook) -> None:
    rule = await book.rule()
    async with book.db.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO promotions SELECT 'prm_' || lpad(n::text, 26, '0'), 1, 'active', p.terms, now() - interval '900 days',
                now() - interval '800 days', NULL, 'CNY', NULL, NULL, NULL, 0, 0, now(), now()
            FROM promotions p, generate_series(1, 5000) n
            """
        )
        await tx.execute("ANALYZE promotions")
        plan = await tx.fetchval(
            "EXPLAIN (FORMAT JSON) SELECT * FROM promotions WHERE status = 'active' AND ends_at > $1", NOW
        )
    assert "promotions_on_offer" in str(plan)
    began = time.perf_counter()
    for _ in range(20):
        assert set(await book.in_force()) == {rule.promotion_id}
    assert (time.perf_counter() - began) / 20 < 0.05
