"""What reviews promise: once a line, shown only when they may be, counted exactly."""

import asyncio
import random

import pytest
from pydantic import ValidationError

from activities.auditing import books
from models.reviews.errors import AlreadyReviewed, OwnReview, PictureUnknown, ReviewNotOpen
from models.reviews.types import HeldFor, Part, PartState, ReviewOrder, Verdict
from models.shared.refusals import NotFound, StaleVersion
from tests.integration.reviews.desk import NOW, OTHER_PRODUCT, PRODUCT, Desk, day, posting, user


async def test_a_line_is_reviewed_once_and_a_repeat_answers_the_same(desk: Desk) -> None:
    first = await desk.ask(posting(), "one")
    again = await desk.ask(posting(), "one")
    assert (again.review, again.unannounced) == (first.review, first.unannounced)
    assert [event.event_id for event in first.unannounced] == [f"review_published/{first.review.review_id}/main/1"]
    with pytest.raises(AlreadyReviewed):
        await desk.post("second try", order_id=first.review.order_id)
    assert await desk.stars() == (0, 0, 0, 0, 1)


async def test_a_wish_that_is_tried_ten_times_at_once_is_carried_out_once_and_answered_ten_times(desk: Desk) -> None:
    tries = await asyncio.gather(*(desk.ask(posting(), "one") for _ in range(10)))
    assert all((each.review, each.unannounced) == (tries[0].review, tries[0].unannounced) for each in tries)


async def test_what_is_held_or_rejected_counts_only_when_an_operator_publishes_it(desk: Desk) -> None:
    await desk.word("加微信", Verdict.HOLD)
    await desk.word("赌博", Verdict.REJECT)
    held, rejected = await desk.post(1, text="加微信", stars=1), await desk.post(2, text="赌博", stars=2)
    assert (held.main.state, held.main.held_for) == (PartState.HELD, HeldFor.WORDS)
    assert rejected.main.state is PartState.REJECTED
    assert await desk.stars() == (0, 0, 0, 0, 0)
    assert await desk.store.reviews_on(PRODUCT, limit=10) == []
    shown = await desk.decide(held, publish=True)
    assert (shown.main.state, shown.main.decided_why) == (PartState.PUBLISHED, "seen")
    assert await desk.stars() == (1, 0, 0, 0, 0)
    gone = await desk.decide(shown, publish=False)
    assert gone.main.state is PartState.REJECTED
    assert await desk.stars() == (0, 0, 0, 0, 0)


async def test_a_rejection_is_appealed_once_and_what_the_operator_then_says_stands(desk: Desk) -> None:
    await desk.word("赌博", Verdict.REJECT)
    review = await desk.appeal(await desk.post(text="赌博"))
    assert (review.main.state, review.main.held_for) == (PartState.HELD, HeldFor.APPEAL)
    assert [each.review_id for each in await desk.store.waiting(limit=5, held_for=HeldFor.APPEAL)] == [review.review_id]
    review = await desk.decide(review, publish=False)
    with pytest.raises(ReviewNotOpen):
        await desk.appeal(review)
    with pytest.raises(ReviewNotOpen):
        await desk.edit(review, text="harmless")


async def test_three_reports_take_a_review_off_the_page_and_an_edit_does_not_bring_it_back(desk: Desk) -> None:
    review = await desk.post()
    for reader in (1, 1, 2):
        review = await desk.report(review, reader)
    assert (review.reports, review.main.state) == (2, PartState.PUBLISHED)
    review = await desk.report(review, 3)
    assert (review.main.state, review.main.held_for) == (PartState.HELD, HeldFor.REPORTS)
    review = await desk.edit(review, text="harmless now")
    assert review.main.held_for is HeldFor.REPORTS
    assert [report.open for report in await desk.store.reports(review.review_id)] == [True] * 3
    review = await desk.decide(review, publish=True)
    assert (review.reports, await desk.stars()) == (0, (0, 0, 0, 0, 1))
    assert [report.open for report in await desk.store.reports(review.review_id)] == [False] * 3


async def test_a_review_is_written_anew_for_thirty_days_and_followed_up_once(desk: Desk) -> None:
    review = await desk.edit(await desk.post(), stars=2, text="too thin")
    assert (review.stars, review.edited_at, await desk.stars()) == (2, NOW, (0, 1, 0, 0, 0))
    with pytest.raises(StaleVersion):
        await desk.edit(review.model_copy(update={"version": 1}))
    with pytest.raises(ReviewNotOpen):
        await desk.edit(review, at=day(31))
    review = await desk.follow_up(review, at=day(100))
    assert review.follow_up is not None
    assert review.follow_up.state is PartState.PUBLISHED
    with pytest.raises(ReviewNotOpen):
        await desk.follow_up(review)
    with pytest.raises(ReviewNotOpen):
        await desk.follow_up(await desk.post(2), at=day(181))


async def test_stars_stand_without_words_and_a_follow_up_does_not(desk: Desk) -> None:
    await desk.word("加微信", Verdict.HOLD)
    review = await desk.post(text=" ", stars=3)
    assert (review.main.text, review.main.state, await desk.stars()) == ("", PartState.PUBLISHED, (0, 0, 1, 0, 0))
    review = await desk.edit(await desk.edit(review, text="加微信"), text="")
    assert (review.main.state, await desk.stars()) == (PartState.PUBLISHED, (0, 0, 1, 0, 0))
    with pytest.raises(ValidationError):
        await desk.follow_up(review, " ")


async def test_a_follow_up_is_held_by_itself(desk: Desk) -> None:
    await desk.word("加微信", Verdict.HOLD)
    review = await desk.follow_up(await desk.post(), "加微信")
    assert review.follow_up is not None
    assert (review.main.state, review.follow_up.state) == (PartState.PUBLISHED, PartState.HELD)
    review = await desk.decide(review, publish=False, part=Part.FOLLOW_UP)
    assert review.follow_up is not None
    assert (review.follow_up.state, await desk.stars()) == (PartState.REJECTED, (0, 0, 0, 0, 1))


async def test_a_removed_review_says_nothing_any_more_and_its_line_stays_reviewed(desk: Desk) -> None:
    review = await desk.remove(await desk.follow_up(await desk.post()))
    assert review.follow_up is not None
    assert (review.main.text, review.main.state, review.follow_up.text) == ("", PartState.REMOVED, "")
    assert (await desk.remove(review)).version == review.version
    with pytest.raises(AlreadyReviewed):
        await desk.post("again", order_id=review.order_id)


async def test_a_review_belongs_to_its_author(desk: Desk) -> None:
    review = await desk.post()
    stolen = review.model_copy(update={"user_id": user("Eve")})
    for act in (desk.edit, desk.follow_up, desk.appeal, desk.remove):
        with pytest.raises(NotFound):
            await act(stolen)
    with pytest.raises(OwnReview):
        await desk.report(review, "review")
    with pytest.raises(OwnReview):
        await desk.store.vote_once(review.review_id, PRODUCT, review.user_id, NOW)
    with pytest.raises(NotFound):
        await desk.store.vote_once(review.review_id, OTHER_PRODUCT, user("Eve"), NOW)


async def test_a_picture_that_someone_else_uploaded_cannot_be_named(desk: Desk) -> None:
    with pytest.raises(PictureUnknown):
        await desk.post(pictures=(f"{'a' * 64}.webp",))


async def test_the_shop_replies_and_replies_anew(desk: Desk) -> None:
    review = await desk.reply(await desk.reply(await desk.post()), "非常感谢")
    assert review.reply is not None
    assert (review.reply.text, review.version) == ("非常感谢", 3)


async def test_lists_are_sorted_filtered_and_paged(desk: Desk) -> None:
    reviews = [await desk.post(n, stars=1 + n % 5, at=day(n / 100)) for n in range(6)]
    for reader in range(3):
        await desk.store.vote_once(reviews[2].review_id, PRODUCT, user(f"reader {reader}"), NOW)
    newest = [each.main.written_at for each in await desk.store.reviews_on(PRODUCT, limit=10)]
    assert len(newest) == 6
    first = await desk.store.reviews_on(PRODUCT, limit=2, order=ReviewOrder.USEFUL)
    assert first[0].review_id == reviews[2].review_id
    last = (first[-1].useful, first[-1].review_id)
    rest = await desk.store.reviews_on(PRODUCT, limit=10, order=ReviewOrder.USEFUL, after=last)
    assert len({each.review_id for each in [*first, *rest]}) == 6
    assert {each.stars for each in await desk.store.reviews_on(PRODUCT, limit=10, stars=[1, 2])} == {1, 2}
    assert await desk.store.reviews_on(PRODUCT, limit=10, with_pictures=True) == []


async def test_the_summary_is_exact_whatever_happens_at_once(desk: Desk) -> None:
    await desk.word("加微信", Verdict.HOLD)
    chance = random.Random(4)
    posted = await asyncio.gather(*(desk.post(n, stars=1 + n % 5) for n in range(30)))

    async def live(n: int) -> None:
        review = posted[n]
        match n % 5:
            case 0:
                await desk.remove(review)
            case 1:
                await desk.edit(review, stars=1 + chance.randrange(5))
            case 2:
                await desk.edit(await desk.edit(review, text="加微信"), text="fine", stars=3)
            case 3:
                await asyncio.gather(*(desk.report(review, f"reader {reader}") for reader in range(3)))
            case 4:
                await desk.decide(review, publish=False)

    await asyncio.gather(*(live(n) for n in range(30)))
    assert await desk.store.audit() == []
    assert sum(await desk.stars()) == 12  # removed, held for reports and rejected ones are gone


async def test_many_edits_of_one_review_at_once_make_one(desk: Desk) -> None:
    review = await desk.post()
    outcomes = await asyncio.gather(*(desk.edit(review, stars=1 + n % 5) for n in range(10)), return_exceptions=True)
    assert [type(each).__name__ for each in outcomes].count("StaleVersion") == 9
    assert sum(await desk.stars()) == 1


async def test_votes_are_counted_once_a_reader_whoever_votes_at_once(desk: Desk) -> None:
    review = await desk.post()
    for voting in (desk.store.vote_once,) * 2:
        await asyncio.gather(*(voting(review.review_id, PRODUCT, user(f"r{n}"), NOW) for n in range(12)))
    back = await asyncio.gather(
        *(desk.store.take_vote_back(review.review_id, PRODUCT, user(f"r{n % 4}")) for n in range(8))
    )
    assert min(back) == 8
    assert (await desk.store.review(review.review_id)).useful == 8
    assert len(await desk.store.voted_for(user("r7"), [review.review_id])) == 1


@pytest.mark.parametrize(
    ("sabotage", "says"),
    [
        ("UPDATE rating_summaries SET three = three + 1", "the summary says"),
        ("UPDATE reviews SET useful = 7", "counts 7 votes"),
        ("UPDATE reviews SET reports = 2", "and 2 open reports"),
        ("UPDATE reviews SET has_pictures = NOT has_pictures", "its main part is"),
        ("DELETE FROM review_votes", "counts 1 votes and 0 open reports; there are 0"),
    ],
)
async def test_the_audit_finds_what_does_not_add_up_at_its_product(unaudited: Desk, sabotage: str, says: str) -> None:
    posted = await unaudited.post()
    await unaudited.store.vote_once(posted.review_id, PRODUCT, user("voter"), NOW)
    assert (await books.reviews(unaudited.store)).findings == ()
    async with unaudited.db.reader() as connection:
        await connection.execute(sabotage)
    found = (await books.reviews(unaudited.store)).findings
    assert {(finding.check, finding.subject) for finding in found} == {("rating_unexplained", PRODUCT)}
    assert any(says in finding.detail for finding in found)
