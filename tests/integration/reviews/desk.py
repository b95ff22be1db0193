"""Reviews of one product in an emptied database, and short words for what happens to them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hanse.database import Database
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
from models.reviews.types import Part, ReportReason, Review, Verdict, Word, WordTerms
from models.shared.ids import OrderId, ReviewId, SkuId, SpuId, UserId, WordId
from stores.reviews import ReviewStore, WordStore

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PRODUCT, OTHER_PRODUCT = SpuId.derive(NOW, "product"), SpuId.derive(NOW, "other product")
OLGA = UserId.derive(NOW, "Olga")
_keys = count()


def user(name: str | int = "Anna") -> UserId:
    return UserId.derive(NOW, "user", str(name))


def day(number: float) -> datetime:
    return NOW + timedelta(days=number)


def posting(name: str | int = "review", **changed: Any) -> PostReview:
    """A review by the user of the same name, five stars for PRODUCT."""
    said: dict[str, Any] = {
        "review_id": ReviewId.derive(NOW, str(name)),
        "at": NOW,
        "order_id": OrderId.derive(NOW, str(name)),
        "line_no": 1,
        "user_id": user(name),
        "author": "A***a",
        "sku_id": SkuId.derive(NOW, "sku"),
        "spu_id": PRODUCT,
        "title": "Linen shirt",
        "options": "Red / M",
        "stars": 5,
        "text": "很好 very good",
    }
    return PostReview(**said | changed)


@dataclass
class Desk:
    """The store with its list of words."""

    store: ReviewStore
    words: WordStore
    db: Database

    async def ask(self, wish: Any, key: str = "") -> ReviewChanged:
        return await self.store.change_once(ChangeReview(key=key or f"key-{next(_keys)}", wish=wish))

    async def post(self, name: str | int = "review", **changed: Any) -> Review:
        return (await self.ask(posting(name, **changed))).review

    async def edit(self, review: Review, at: datetime = NOW, **changed: Any) -> Review:
        said = {"stars": review.stars, "text": review.main.text, "pictures": review.main.pictures} | changed
        wish = EditReview(review_id=review.review_id, user_id=review.user_id, version=review.version, at=at, **said)
        return (await self.ask(wish)).review

    async def follow_up(self, review: Review, text: str = "still good", at: datetime = NOW) -> Review:
        wish = FollowUpReview(review_id=review.review_id, user_id=review.user_id, text=text, at=at)
        return (await self.ask(wish)).review

    async def appeal(self, review: Review) -> Review:
        wish = AppealReview(review_id=review.review_id, user_id=review.user_id, part=Part.MAIN, why="no insult", at=NOW)
        return (await self.ask(wish)).review

    async def remove(self, review: Review) -> Review:
        return (await self.ask(RemoveReview(review_id=review.review_id, user_id=review.user_id, at=NOW))).review

    async def report(self, review: Review, by: str | int) -> Review:
        wish = ReportReview(review_id=review.review_id, user_id=user(by), reason=ReportReason.ABUSE, at=NOW)
        return (await self.ask(wish)).review

    async def decide(self, review: Review, publish: bool, part: Part = Part.MAIN) -> Review:
        wish = DecideReview(
            review_id=review.review_id,
            operator_id=OLGA,
            version=review.version,
            part=part,
            publish=publish,
            why="seen",
            at=NOW,
        )
        return (await self.ask(wish)).review

    async def reply(self, review: Review, text: str = "谢谢") -> Review:
        wish = ReplyToReview(review_id=review.review_id, operator_id=OLGA, version=review.version, text=text, at=NOW)
        return (await self.ask(wish)).review

    async def word(self, text: str, verdict: Verdict, **more: Any) -> Word:
        terms = WordTerms(text=text, verdict=verdict, **more)
        return await self.words.add(WordId.derive(NOW, text), terms, OLGA, NOW)

    async def stars(self, spu_id: SpuId = PRODUCT) -> tuple[int, ...]:
        """How many gave one star, two, … five."""
        return (await self.store.summary(spu_id)).by_stars

    async def empty(self) -> None:
        """As if nobody had ever said anything."""
        async with self.db.reader() as connection:
            await connection.execute(
                """
                ALTER TABLE moderation_word_versions DISABLE TRIGGER append_only;
                TRUNCATE reviews, review_parts, review_changes, review_votes, review_reports, rating_summaries,
                    review_pictures, moderation_words, moderation_word_versions;
                ALTER TABLE moderation_word_versions ENABLE TRIGGER append_only;
                UPDATE moderation_list SET version = version + 1;
                """
            )
