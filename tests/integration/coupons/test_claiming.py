"""Claiming: limits hold whoever comes at once, and a repeat claims nothing."""

import asyncio
import secrets
import time
from datetime import timedelta
from typing import Any

import pytest

from models.promotions.coupon_rules import CODE_ENTROPY, write_codes
from models.promotions.coupons import Coupon
from models.promotions.errors import CouponCodeWrong, CouponLimitReached, CouponNotClaimable, CouponSoldOut
from models.promotions.types import RuleStatus
from models.promotions.wallets import MOST_CODES
from models.shared import Refusal
from models.shared.ids import CampaignId, CouponBatchId
from models.shared.refusals import InvalidRequest
from tests.integration.coupons.counter import NOW, OPERATOR, Counter, user


def refused(answers: list[Any], kind: type[Refusal]) -> int:
    """How many of these refused; every other one is a coupon."""
    assert [answer for answer in answers if not isinstance(answer, (Coupon, kind))] == []
    return sum(isinstance(answer, kind) for answer in answers)


async def test_two_hundred_claims_at_once_get_exactly_the_fifty_coupons_there_are(counter: Counter) -> None:
    template = await counter.template(quantity=50)

    answers = await asyncio.gather(*(counter.claim(template, n) for n in range(200)), return_exceptions=True)

    assert refused(answers, CouponSoldOut) == 150
    assert (await counter.coupons.template(template.template_id)).claimed == 50


async def test_one_buyer_on_twenty_connections_gets_as_many_as_one_may(counter: Counter) -> None:
    template = await counter.template(per_user_limit=3)

    answers = await asyncio.gather(
        *(counter.claim(template, key=str(n)) for n in range(20)),
        counter.claim(template, "eve"),
        return_exceptions=True,
    )

    assert refused(answers, CouponLimitReached) == 17
    assert len(await counter.coupons.wallet(user("anna"), NOW)) == 3


async def test_twenty_copies_of_one_request_claim_one_coupon(counter: Counter) -> None:
    template = await counter.template(per_user_limit=5)

    answers = await asyncio.gather(*(counter.claim(template, now=NOW + timedelta(seconds=n)) for n in range(20)))

    assert len({coupon.coupon_id for coupon in answers}) == 1
    assert (await counter.coupons.template(template.template_id)).claimed == 1


async def test_a_repeat_gets_its_coupon_even_when_nothing_is_left_or_offered(counter: Counter) -> None:
    template = await counter.template(quantity=1)
    first = await counter.claim(template)
    await counter.coupons.set_template_status(template.template_id, 1, RuleStatus.ENDED, NOW)

    assert await counter.claim(template, now=NOW + timedelta(days=300)) == first


async def test_one_key_for_two_templates_claims_one_of_them(counter: Counter) -> None:
    templates = [await counter.template(name) for name in "ab"]

    answers = await asyncio.gather(*(counter.claim(template) for template in templates), return_exceptions=True)

    assert refused(answers, InvalidRequest) == 1
    assert len(await counter.coupons.wallet(user("anna"), NOW)) == 1


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ({"by_code_only": True}, timedelta()),
        ({"claim_from": NOW + timedelta(seconds=1)}, timedelta()),
        ({"claim_until": NOW + timedelta(hours=1)}, timedelta(hours=1)),
        ({"quantity": 1}, timedelta()),
    ],
    ids=["by code only", "too early", "too late", "sold out"],
)
async def test_what_is_not_offered_is_not_claimed_and_leaves_nothing(
    counter: Counter, said: dict[str, Any], after: timedelta
) -> None:
    template = await counter.template(**said)
    if "quantity" in said:
        await counter.claim(template, "eve")
    before = await counter.everything()

    with pytest.raises((CouponNotClaimable, CouponSoldOut)):
        await counter.claim(template, now=NOW + after)

    assert await counter.everything() == before


async def test_drafts_and_paused_templates_are_not_offered(counter: Counter) -> None:
    template = await counter.template()
    await counter.coupons.set_template_status(template.template_id, 1, RuleStatus.PAUSED, NOW)
    with pytest.raises(CouponNotClaimable):
        await counter.claim(template)
    await counter.coupons.set_template_status(template.template_id, 1, RuleStatus.ACTIVE, NOW)
    assert (await counter.claim(template)).template_id == template.template_id


async def test_a_paused_campaign_pauses_its_coupons_too(counter: Counter) -> None:
    campaign_id = CampaignId.derive(NOW, "spring")
    async with counter.db.reader() as connection:
        await connection.execute(
            """
            INSERT INTO campaigns (campaign_id, version, status, terms, starts_at, ends_at, created_at, changed_at)
            VALUES ($1, 1, 'active', '{}', $2, $3, $2, $2)
            """,
            *(campaign_id, NOW, NOW + timedelta(days=2)),
        )
    template = await counter.template(campaign_id=campaign_id)
    await counter.claim(template)
    with pytest.raises(CouponNotClaimable):
        await counter.claim(template, "late", now=NOW + timedelta(days=2))
    async with counter.db.reader() as connection:
        await connection.execute("UPDATE campaigns SET status = 'paused'")
    with pytest.raises(CouponNotClaimable):
        await counter.claim(template, "eve")
    assert await counter.coupons.claimable(user("eve"), NOW) == []


async def test_members_only_coupons_are_for_members(counter: Counter) -> None:
    await counter.template(members_only=True)
    (to_member,), (to_visitor,) = [await counter.coupons.claimable(who, NOW) for who in (user(), None)]
    assert (to_member.is_claimable, to_visitor.is_claimable) == (True, False)


# ---- codes -----------------------------------------------------------------------------------------------------------


async def test_each_code_becomes_one_coupon_whoever_tries_it_at_once(counter: Counter) -> None:
    template = await counter.template(by_code_only=True)
    (code, other) = await counter.codes(template, 2)

    async def claim(n: int) -> Coupon:
        return await counter.coupons.claim_once(user(n), key="k", now=NOW, code=code)

    answers = await asyncio.gather(*(claim(n) for n in range(20)), return_exceptions=True)

    assert refused(answers, CouponCodeWrong) == 19
    (won,) = [answer for answer in answers if isinstance(answer, Coupon)]
    again = await counter.coupons.claim_once(won.user_id, key="k", now=NOW, code=code.lower().replace("-", " "))
    assert again == won
    assert (await counter.coupons.claim_once(user("eve"), key="k", now=NOW, code=other)).code == other
    (batch,) = await counter.coupons.batches(template.template_id)
    assert (batch.codes, batch.used) == (2, 2)


async def test_unknown_used_and_voided_codes_answer_alike(counter: Counter) -> None:
    template = await counter.template(by_code_only=True)
    used, voided = await counter.codes(template, 2)
    await counter.coupons.claim_once(user("eve"), key="k", now=NOW, code=used)
    await counter.coupons.void_batch(CouponBatchId.derive(NOW, "batch"), NOW)
    said = set()
    for code in (used, voided, "0000-0000-0000-0000", "", "ü" * 30):
        with pytest.raises(CouponCodeWrong) as answer:
            await counter.coupons.claim_once(user(), key="k", now=NOW, code=code)
        said.add((answer.value.detail, str(answer.value.fields)))
    assert len(said) == 1


async def test_no_claim_gets_through_once_its_batch_is_void(counter: Counter) -> None:
    template = await counter.template(by_code_only=True)
    codes = await counter.codes(template, 30)
    after: list[Coupon] = []
    voided = asyncio.Event()

    async def claim(n: int, code: str) -> None:
        late = voided.is_set()
        try:
            coupon = await counter.coupons.claim_once(user(n), key="k", now=NOW, code=code)
        except CouponCodeWrong:
            return
        after.extend([coupon] if late else [])

    async def void() -> None:
        await counter.coupons.void_batch(CouponBatchId.derive(NOW, "batch"), NOW)
        voided.set()

    early = [asyncio.create_task(claim(n, code)) for n, code in enumerate(codes[:15])]
    await void()
    used = (await counter.coupons.batches(template.template_id))[0].used
    await asyncio.gather(*early, *(claim(n + 15, code) for n, code in enumerate(codes[15:])))
    assert after == []
    assert (await counter.coupons.batches(template.template_id))[0].used == used


async def test_codes_count_against_the_limits_of_their_template(counter: Counter) -> None:
    template = await counter.template(quantity=2, per_user_limit=1)
    codes = await counter.codes(template, 3)
    await counter.coupons.claim_once(user(), key="a", now=NOW, code=codes[0])
    with pytest.raises(CouponLimitReached):
        await counter.coupons.claim_once(user(), key="b", now=NOW, code=codes[1])
    await counter.coupons.claim_once(user("eve"), key="a", now=NOW, code=codes[1])
    with pytest.raises(CouponSoldOut):
        await counter.coupons.claim_once(user("bob"), key="a", now=NOW, code=codes[2])


@pytest.mark.proof
async def test_a_hundred_thousand_codes_are_made_in_seconds_and_none_is_kept_readable(counter: Counter) -> None:
    template = await counter.template(by_code_only=True)
    codes = list(write_codes(secrets.token_bytes(CODE_ENTROPY * MOST_CODES)))
    batch_id = CouponBatchId.derive(NOW, "many")
    started = time.perf_counter()

    batch = await counter.coupons.add_batch(batch_id, template.template_id, "x", codes, made_by=OPERATOR, now=NOW)

    assert time.perf_counter() - started < 20
    assert (batch.codes, batch.used) == (MOST_CODES, 0)
    async with counter.db.reader() as connection:
        rows = await connection.fetch("SELECT k::text FROM coupon_codes k ORDER BY digest LIMIT 100")
    assert [code for code in codes[:1000] for row in rows if code in row["k"]] == []


async def test_a_batch_of_no_codes_of_twins_or_of_too_many_is_refused(counter: Counter) -> None:
    template = await counter.template()
    batch_id = CouponBatchId.derive(NOW, "odd")
    code = "7K2M-Q0XD-91VB-ETNA"
    for codes in ([], [code, code.lower()], [code] * (MOST_CODES + 1)):
        with pytest.raises(InvalidRequest):
            await counter.coupons.add_batch(batch_id, template.template_id, "x", codes, made_by=OPERATOR, now=NOW)
    assert await counter.coupons.batches(template.template_id) == []
