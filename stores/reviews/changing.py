"""Every change of a review but votes: one transaction each, idempotent by the key of the change."""

from functools import singledispatchmethod

import asyncpg

from hanse.database import Connection
from models.reviews.errors import AlreadyReviewed, OwnReview, PictureUnknown
from models.reviews.events import ReviewHeld, ReviewPublished, ReviewRejected, ReviewRemoved, ReviewReplied
from models.reviews.messages import (
    AppealReview,
    ChangeReview,
    DecideReview,
    EditReview,
    FollowUpReview,
    PostReview,
    RemoveReview,
    ReplyToReview,
    ReportReview,
    ReviewChanged,
)
from models.reviews.rules import check_appeal, check_decidable, check_editable, check_follow_up, read_as
from models.reviews.types import HeldFor, Judgement, Part, PartState, Reply, Review, ReviewPart
from models.shared import Instant
from models.shared.events import Event, EventBatch
from models.shared.ids import ReviewId, UserId
from models.shared.refusals import StaleVersion
from stores.reviews.counting import recount
from stores.reviews.room import Room
from stores.reviews.rows import as_json, review_in, unknown

Told = tuple[Review, tuple[Event, ...]]


class Changing(Room):
    """Locks the wish's key (advisory) first, then the review, then the summary of its product."""

    async def change_once(self, ask: ChangeReview) -> ReviewChanged:
        """Carry out one wish, and keep the rating summary exact in the same transaction.

        A text is read with the list of words in force right before. Idempotent by `ask.key`: a repeat answers the review as
        it is now with the events of the first time. Refusals are those of the wish: `NotFound`, `AlreadyReviewed`,
        `ReviewNotOpen`, `StaleVersion`, `OwnReview`, `PictureUnknown`.
        """
        wish = ask.wish
        judgement = None
        if isinstance(wish, PostReview | EditReview | FollowUpReview):
            judgement = (await self._words.current()).judge(wish.text)
        async with self._db.transaction() as tx:
            # A try that was given up for slow may still go on here: the next one waits for it, and finds what it did.
            await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", ask.key)
            known = await tx.fetchrow("SELECT review_id, told FROM review_changes WHERE key = $1", ask.key)
            if known is not None:
                events = EventBatch.model_validate({"events": known["told"]}).events
                return ReviewChanged(review=await review_in(tx, ReviewId(known["review_id"])), unannounced=events)
            review, told = await self._carry_out(wish, tx, judgement)
            kept = EventBatch(events=told).model_dump(mode="json")["events"]
            await tx.execute(
                "INSERT INTO review_changes (key, review_id, told, at) VALUES ($1, $2, $3, $4)",
                *(ask.key, review.review_id, kept, wish.at),
            )
        return ReviewChanged(review=review, unannounced=told)

    @singledispatchmethod
    async def _carry_out(self, wish: object, *_: object) -> Told:
        raise TypeError(f"no review can be asked for {wish!r}")

    @_carry_out.register(PostReview)
    async def _post(self, wish: PostReview, tx: Connection, judgement: Judgement) -> Told:
        await _check_pictures(tx, wish.user_id, wish.pictures)
        main = _part(Part.MAIN, wish, judgement)
        review = Review(main=main, posted_at=wish.at, version=1, **wish.model_dump(include=_POSTED))
        try:
            await tx.execute(
                """
                INSERT INTO reviews (review_id, order_id, line_no, user_id, author, sku_id, spu_id, title, options, stars,
                    state, has_pictures, useful, reports, posted_at, version)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, $13, 1)
                """,
                *(review.review_id, review.order_id, review.line_no, review.user_id, review.author, review.sku_id),
                *(review.spu_id, review.title, review.options, review.stars, main.state.value, bool(main.pictures)),
                review.posted_at,
            )
        except asyncpg.UniqueViolationError:
            raise AlreadyReviewed(
                "This line was reviewed already. You can change that review or follow it up."
            ) from None
        await _write_part(tx, review, main)
        await recount(tx, None, review)
        return review, _told(review, main, wish.at)

    @_carry_out.register(EditReview)
    async def _edit(self, wish: EditReview, tx: Connection, judgement: Judgement) -> Told:
        before = await _of_author(tx, wish.review_id, wish.user_id)
        _check_version(before, wish.version)
        check_editable(before, wish.at)
        await _check_pictures(tx, wish.user_id, wish.pictures)
        main = _part(Part.MAIN, wish, judgement).model_copy(update={"appeal": before.main.appeal})
        if before.main.held_for in (HeldFor.REPORTS, HeldFor.APPEAL):  # an edit is no way round the operator
            main = main.model_copy(update={"state": PartState.HELD, "held_for": before.main.held_for})
        after = before.model_copy(update={"main": main, "stars": wish.stars, "edited_at": wish.at})
        return await _changed(tx, before, after, main, wish.at)

    @_carry_out.register(FollowUpReview)
    async def _follow_up(self, wish: FollowUpReview, tx: Connection, judgement: Judgement) -> Told:
        before = await _of_author(tx, wish.review_id, wish.user_id)
        check_follow_up(before, wish.at)
        await _check_pictures(tx, wish.user_id, wish.pictures)
        part = _part(Part.FOLLOW_UP, wish, judgement)
        return await _changed(tx, before, before.model_copy(update={"follow_up": part}), part, wish.at)

    @_carry_out.register(AppealReview)
    async def _appeal(self, wish: AppealReview, tx: Connection, _: None) -> Told:
        before = await _of_author(tx, wish.review_id, wish.user_id)
        part = _named(before, wish.part)
        check_appeal(part)
        assert part is not None
        held = {"state": PartState.HELD, "held_for": HeldFor.APPEAL, "appeal": wish.why}
        return await _with_part(tx, before, part.model_copy(update=held), wish.at)

    @_carry_out.register(RemoveReview)
    async def _remove(self, wish: RemoveReview, tx: Connection, _: None) -> Told:
        before = await _of_author(tx, wish.review_id, wish.user_id)
        if before.main.state is PartState.REMOVED:
            return before, ()
        after = before.model_copy(
            update={
                "main": _emptied(before.main),
                "follow_up": _emptied(before.follow_up) if before.follow_up else None,
            }
        )
        after = await _keep(tx, before, after)
        gone = ReviewRemoved(occurred_at=wish.at, review_id=after.review_id, user_id=after.user_id, spu_id=after.spu_id)
        return after, (gone,)

    @_carry_out.register(ReportReview)
    async def _report(self, wish: ReportReview, tx: Connection, _: None) -> Told:
        before = await review_in(tx, wish.review_id, lock=True)
        if before.main.state is not PartState.PUBLISHED:
            raise unknown(wish.review_id)
        if before.user_id == wish.user_id:
            raise OwnReview("You wrote this review; remove it if you think it should not stand.")
        is_new = await tx.fetchval(
            """
            INSERT INTO review_reports (review_id, user_id, reason, note, open, at) VALUES ($1, $2, $3, $4, true, $5)
            ON CONFLICT DO NOTHING RETURNING true
            """,
            *(wish.review_id, wish.user_id, wish.reason.value, wish.note, wish.at),
        )
        if not is_new:
            return before, ()
        many = await tx.fetchval(
            "UPDATE reviews SET reports = reports + 1 WHERE review_id = $1 RETURNING reports", wish.review_id
        )
        reported = before.model_copy(update={"reports": many})
        if many < self._reports_to_hold:
            return reported, ()
        held = reported.main.model_copy(update={"state": PartState.HELD, "held_for": HeldFor.REPORTS})
        return await _with_part(tx, reported, held, wish.at)

    @_carry_out.register(DecideReview)
    async def _decide(self, wish: DecideReview, tx: Connection, _: None) -> Told:
        before = await review_in(tx, wish.review_id, lock=True)
        _check_version(before, wish.version)
        part = _named(before, wish.part)
        check_decidable(part)
        assert part is not None
        decided = part.model_copy(
            update={
                "state": PartState.PUBLISHED if wish.publish else PartState.REJECTED,
                "held_for": None,
                "decided_by": wish.operator_id,
                "decided_at": wish.at,
                "decided_why": wish.why,
            }
        )
        await tx.execute("UPDATE review_reports SET open = false WHERE review_id = $1", wish.review_id)
        await tx.execute("UPDATE reviews SET reports = 0 WHERE review_id = $1", wish.review_id)
        return await _with_part(tx, before.model_copy(update={"reports": 0}), decided, wish.at)

    @_carry_out.register(ReplyToReview)
    async def _reply(self, wish: ReplyToReview, tx: Connection, _: None) -> Told:
        before = await review_in(tx, wish.review_id, lock=True)
        _check_version(before, wish.version)
        check_decidable(before.main)
        reply = Reply(text=wish.text, by=wish.operator_id, at=wish.at)
        after = await _keep(tx, before, before.model_copy(update={"reply": reply}))
        ids = after.model_dump(include={"review_id", "version", "user_id", "spu_id"})
        return after, (ReviewReplied(occurred_at=wish.at, **ids),)


_POSTED = {"review_id", "order_id", "line_no", "user_id", "author", "sku_id", "spu_id", "title", "options", "stars"}


async def _of_author(tx: Connection, review_id: ReviewId, user_id: UserId) -> Review:
    """The review, locked; for everyone but its author there is none."""
    review = await review_in(tx, review_id, lock=True)
    if review.user_id != user_id:
        raise unknown(review_id)
    return review


def _check_version(review: Review, version: int) -> None:
    if review.version != version:
        raise StaleVersion(
            f"The review is at version {review.version} now, not {version}; read it again and decide anew.",
            current_version=review.version,
        )


async def _check_pictures(tx: Connection, user_id: UserId, names: tuple[str, ...]) -> None:
    """They are this buyer's; from now on they are kept for ever."""
    known = await tx.fetch(
        "UPDATE review_pictures SET used = true WHERE user_id = $1 AND name = ANY($2::text[]) RETURNING name",
        *(user_id, list(names)),
    )
    if len(known) != len(set(names)) or len(set(names)) != len(names):
        raise PictureUnknown("Upload each picture to /v1/reviews/pictures first and name it once.")


def _part(part: Part, wish: PostReview | EditReview | FollowUpReview, judgement: Judgement) -> ReviewPart:
    state, held_for = read_as(judgement)
    return ReviewPart(
        part=part,
        text=wish.text,
        shown=judgement.shown,
        pictures=wish.pictures,
        state=state,
        held_for=held_for,
        findings=judgement.findings,
        words_version=judgement.version,
        written_at=wish.at,
    )


def _emptied(part: ReviewPart) -> ReviewPart:
    nothing = {"text": "", "shown": "", "pictures": (), "findings": (), "held_for": None, "appeal": None}
    return part.model_copy(update={"state": PartState.REMOVED, **nothing})


def _named(review: Review, part: Part) -> ReviewPart | None:
    return review.main if part is Part.MAIN else review.follow_up


async def _with_part(tx: Connection, before: Review, part: ReviewPart, at: Instant) -> Told:
    return await _changed(tx, before, before.model_copy(update={part.part.value: part}), part, at)


async def _changed(tx: Connection, before: Review, after: Review, part: ReviewPart, at: Instant) -> Told:
    kept = await _keep(tx, before, after)
    return kept, _told(kept, part, at)


async def _keep(tx: Connection, before: Review, after: Review) -> Review:
    """Write the review down as it is now, one version on, and count it as it is now."""
    after = after.model_copy(update={"version": before.version + 1})
    reply = after.reply
    await tx.execute(
        """
        UPDATE reviews SET stars = $2, state = $3, has_pictures = $4, edited_at = $5, version = $6, reply = $7,
            replied_by = $8, replied_at = $9
        WHERE review_id = $1
        """,
        *(after.review_id, after.stars, after.main.state.value, bool(after.main.pictures), after.edited_at),
        *(after.version, reply.text if reply else None, reply.by if reply else None, reply.at if reply else None),
    )
    for part in (after.main, after.follow_up):
        if part is not None:
            await _write_part(tx, after, part)
    await recount(tx, before, after)
    return after


async def _write_part(tx: Connection, review: Review, part: ReviewPart) -> None:
    await tx.execute(
        """
        INSERT INTO review_parts (review_id, part, text, shown, pictures, state, held_for, findings, words_version,
            written_at, decided_by, decided_at, decided_why, appeal)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (review_id, part) DO UPDATE
            SET (text, shown, pictures, state, held_for, findings, words_version, written_at, decided_by, decided_at,
                 decided_why, appeal) = ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        *(review.review_id, part.part.value, part.text, part.shown, list(part.pictures), part.state.value),
        *(part.held_for.value if part.held_for else None, as_json(part.findings), part.words_version, part.written_at),
        *(part.decided_by, part.decided_at, part.decided_why, part.appeal),
    )


def _told(review: Review, part: ReviewPart, at: Instant) -> tuple[Event, ...]:
    """What is said about a part that is in another state, or says something else, now."""
    same = {
        "occurred_at": at,
        "part": part.part,
        **review.model_dump(include={"review_id", "version", "user_id", "spu_id"}),
    }
    match part.state:
        case PartState.PUBLISHED:
            more = review.model_dump(include={"order_id", "sku_id", "stars"})
            return (ReviewPublished(**same, **more),)
        case PartState.HELD:
            return (ReviewHeld(**same, held_for=part.held_for),)
        case PartState.REJECTED:
            return (ReviewRejected(**same, by_operator=part.decided_by is not None),)
        case PartState.REMOVED:
            return ()
