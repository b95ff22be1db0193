"""The schema of database `reviews` in written form; the migrations create it, a test holds the two together."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.shared.columns import identifier, moment, structure, whole, words


class ReviewsDatabase(SQLModel):
    """The base of every table in database `reviews`."""

    metadata = MetaData()


def _number() -> Any:
    return Field(sa_column=Column(Integer, nullable=False))


def _of_review(*, key: bool = False) -> Any:
    return identifier(ForeignKey("reviews.review_id"), key=key)


_SHOWN = text("state = 'published'")


class ReviewTable(ReviewsDatabase, table=True):
    """A review of one line. `state` is that of its main part: what the lists and the rating summary go by."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("order_id", "line_no", name="reviews_once_a_line"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="reviews_stars"),
        CheckConstraint("state IN ('published', 'held', 'rejected', 'removed')", name="reviews_state"),
        CheckConstraint("useful >= 0 AND reports >= 0", name="reviews_counters"),
        CheckConstraint("num_nonnulls(reply, replied_by, replied_at) IN (0, 3)", name="reviews_reply"),
        Index("reviews_by_user", "user_id", "review_id"),
        Index("reviews_newest", "spu_id", "review_id", postgresql_where=_SHOWN),
        Index("reviews_useful", "spu_id", "useful", "review_id", postgresql_where=_SHOWN),
    )

    review_id: str = identifier(key=True)
    order_id: str = identifier()
    line_no: int = _number()
    user_id: str = identifier()
    author: str = words()
    sku_id: str = identifier()
    spu_id: str = identifier()
    title: str = words()
    options: str = words()
    stars: int = _number()
    state: str = words()
    has_pictures: bool = Field(sa_column=Column(Boolean, nullable=False))
    useful: int = _number()
    reports: int = _number()
    reply: str | None = words(nullable=True)
    replied_by: str | None = identifier(nullable=True)
    replied_at: datetime | None = moment(nullable=True)
    posted_at: datetime = moment()
    edited_at: datetime | None = moment(nullable=True)
    version: int = _number()


class ReviewPartTable(ReviewsDatabase, table=True):
    """What was written: once, and once more as a follow-up."""

    __tablename__ = "review_parts"
    __table_args__ = (
        CheckConstraint("part IN ('main', 'follow_up')", name="review_parts_part"),
        CheckConstraint("state IN ('published', 'held', 'rejected', 'removed')", name="review_parts_state"),
        CheckConstraint("(state = 'held') = (held_for IS NOT NULL)", name="review_parts_held"),
        CheckConstraint("held_for IN ('words', 'reports', 'appeal')", name="review_parts_held_for"),
        Index("review_parts_queue", "held_for", "review_id", postgresql_where=text("state = 'held'")),
    )

    review_id: str = _of_review(key=True)
    part: str = words(key=True)
    text: str = words()
    shown: str = words()
    pictures: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = words()
    held_for: str | None = words(nullable=True)
    findings: list[dict[str, Any]] = structure()
    words_version: int = whole()
    written_at: datetime = moment()
    decided_by: str | None = identifier(nullable=True)
    decided_at: datetime | None = moment(nullable=True)
    decided_why: str | None = words(nullable=True)
    appeal: str | None = words(nullable=True)


class ReviewChangeTable(ReviewsDatabase, table=True):
    """Changes that were carried out, by their keys, with what was to be told: a repeat answers the same."""

    __tablename__ = "review_changes"

    key: str = identifier(key=True)
    review_id: str = _of_review()
    told: list[dict[str, Any]] = structure()
    at: datetime = moment()


class ReviewVoteTable(ReviewsDatabase, table=True):
    """Who found which review useful."""

    __tablename__ = "review_votes"

    review_id: str = _of_review(key=True)
    user_id: str = identifier(key=True)
    at: datetime = moment()


class ReviewReportTable(ReviewsDatabase, table=True):
    """Who reported which review; open until an operator decides about it."""

    __tablename__ = "review_reports"
    __table_args__ = (
        CheckConstraint(
            "reason IN ('advertising', 'abuse', 'false', 'privacy', 'other')", name="review_reports_reason"
        ),
    )

    review_id: str = _of_review(key=True)
    user_id: str = identifier(key=True)
    reason: str = words()
    note: str = words()
    open: bool = Field(sa_column=Column(Boolean, nullable=False))
    at: datetime = moment()


class RatingSummaryTable(ReviewsDatabase, table=True):
    """How buyers rate a product: counted in the transaction that publishes or takes down a review."""

    __tablename__ = "rating_summaries"
    __table_args__ = (
        CheckConstraint("least(one, two, three, four, five, with_pictures) >= 0", name="rating_summaries_counts"),
    )

    spu_id: str = identifier(key=True)
    one: int = _number()
    two: int = _number()
    three: int = _number()
    four: int = _number()
    five: int = _number()
    with_pictures: int = _number()


class ReviewPictureTable(ReviewsDatabase, table=True):
    """Pictures that a buyer uploaded to review something; the bytes are in the blob storage."""

    __tablename__ = "review_pictures"
    __table_args__ = (Index("review_pictures_unused", "at", postgresql_where=text("NOT used")),)

    name: str = identifier(key=True)
    user_id: str = identifier(key=True)
    small_name: str = identifier()
    width: int = _number()
    height: int = _number()
    at: datetime = moment()
    used: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))


class ModerationListTable(ReviewsDatabase, table=True):
    """One row: the version of the list of words, one more with every change. Whoever reads a text asks for it first."""

    __tablename__ = "moderation_list"
    __table_args__ = (CheckConstraint("single", name="moderation_list_one_row"),)

    single: bool = Field(sa_column=Column(Boolean, primary_key=True))
    version: int = whole()


class ModerationWordTable(ReviewsDatabase, table=True):
    """The list of words as it is now. `looks_for` is what is compared: two entries never look for the same."""

    __tablename__ = "moderation_words"
    __table_args__ = (
        UniqueConstraint("looks_for", name="moderation_words_once"),
        CheckConstraint("verdict IN ('pass', 'mask', 'hold', 'reject')", name="moderation_words_verdict"),
    )

    word_id: str = identifier(key=True)
    looks_for: str = words()
    text: str = words()
    verdict: str = words()
    homophones: bool = Field(sa_column=Column(Boolean, nullable=False))
    note: str = words()
    active: bool = Field(sa_column=Column(Boolean, nullable=False))
    version: int = _number()
    changed_by: str = identifier()
    changed_at: datetime = moment()


class ModerationWordVersionTable(ReviewsDatabase, table=True):
    """Every version that an entry ever had, who wrote it and which version of the list it made. Append-only."""

    __tablename__ = "moderation_word_versions"
    __table_args__ = (Index("moderation_word_versions_by_list", "list_version"),)

    word_id: str = identifier(ForeignKey("moderation_words.word_id"), key=True)
    version: int = Field(sa_column=Column(Integer, primary_key=True))
    list_version: int = whole()
    terms: dict[str, Any] = structure()
    changed_by: str = identifier()
    changed_at: datetime = moment()
