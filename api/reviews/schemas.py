"""What goes over the wire about reviews, where it is not a value of the domain itself."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from api.spoken import Spoken
from models.reviews.messages import DecideReview
from models.reviews.types import (
    HeldFor,
    Part,
    PartState,
    PictureName,
    Pictures,
    RatingSummary,
    Reason,
    Report,
    ReportReason,
    Review,
    ReviewPart,
    SaidOrNot,
    Stars,
    Text,
)
from models.shared import Instant
from models.shared.ids import OrderId, ReviewId, SkuId, SpuId

_SAID = "颜色和照片一样，穿着很舒服。Soft, and the colour is as shown."

PictureAddress = Annotated[str, Field(examples=[f"/media/{'7130c22af8cd9015' * 4}.webp"])]


def _like(**example: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


class ReviewRequest(Spoken):
    """What the buyer says, or only how many stars. Pictures are uploaded before and named here."""

    model_config = _like(stars=5, text=_SAID, pictures=[], anonymous=False)

    stars: Stars
    text: SaidOrNot = ""
    pictures: Pictures = ()
    anonymous: bool = Field(default=False, description="Show no letter of your name.")


class ReviewEdit(Spoken):
    """The review anew."""

    model_config = _like(stars=4, text="After a week: a little thin, still soft.", pictures=[])

    stars: Stars
    text: SaidOrNot
    pictures: Pictures = ()


class FollowUpRequest(Spoken):
    """How it went on."""

    model_config = _like(text="洗了三次没有变形。After three washes it still fits.", pictures=[])

    text: Text
    pictures: Pictures = ()


class AppealRequest(Spoken):
    """What you say against the rejection."""

    model_config = _like(part="main", why="It names a colour, not a person.")

    part: Part = Part.MAIN
    why: Reason


class ReportRequest(Spoken):
    """What is wrong with the review."""

    model_config = _like(reason="advertising", note="It sells something else.")

    reason: ReportReason
    note: str = Field(default="", max_length=500, pattern=r"^[^\x00]*$")


class DecisionRequest(Spoken):
    """Whether the part is shown, and why; its author reads it."""

    model_config = _like(part="main", publish=True, why="Harsh, but about the goods.")

    part: Part = Part.MAIN
    publish: bool
    why: Reason

    def about(self, **more: Any) -> DecideReview:
        """As a wish."""
        return DecideReview(part=self.part, publish=self.publish, why=self.why, **more)


class ReplyRequest(Spoken):
    """What the shop says to it."""

    model_config = _like(text="谢谢您的评价！Thank you for telling us.")

    text: Text


class ShownPart(Spoken):
    """A text as others read it, with its pictures."""

    text: str
    pictures: tuple[PictureAddress, ...]
    """Addresses."""
    at: Instant


class ShownReply(Spoken):
    """What the shop answered."""

    text: str
    at: Instant


class ShownReview(Spoken):
    """A review as everyone sees it."""

    model_config = _like(
        review_id="rev_01jd8x4q2r7m9v3k5t6w8y0zab",
        author="A***a",
        stars=5,
        sku_id="sku_01jd8x4q2r7m9v3k5t6w8y0zab",
        options="Red / M",
        main={"text": _SAID, "pictures": [], "at": "2026-11-22T10:00:00Z"},
        follow_up=None,
        reply=None,
        useful=3,
        found_useful=False,
        own=False,
        edited=False,
    )

    review_id: ReviewId
    author: str
    stars: Stars
    sku_id: SkuId
    options: str
    main: ShownPart
    follow_up: ShownPart | None
    reply: ShownReply | None
    useful: int
    found_useful: bool
    """Whether you said so."""
    own: bool
    """Whether you wrote it."""
    edited: bool

    @classmethod
    def of(cls, review: Review, *, found_useful: bool, own: bool) -> "ShownReview":
        """A published review; a follow-up only if that is published, too."""
        follow_up = review.follow_up
        shown = follow_up is not None and follow_up.state is PartState.PUBLISHED
        return cls(
            review_id=review.review_id,
            author=review.author,
            stars=review.stars,
            sku_id=review.sku_id,
            options=review.options,
            main=_shown(review.main),
            follow_up=_shown(follow_up) if shown and follow_up else None,
            reply=ShownReply(text=review.reply.text, at=review.reply.at) if review.reply else None,
            useful=review.useful,
            found_useful=found_useful,
            own=own,
            edited=review.edited_at is not None,
        )


class OwnPart(Spoken):
    """A text as its author sees it, in every state."""

    part: Part
    text: str
    shown: str
    """What others read; words of the list are masked."""
    pictures: tuple[PictureAddress, ...]
    picture_names: tuple[PictureName, ...]
    state: PartState
    held_for: HeldFor | None
    decided_why: str | None
    """What an operator said about it."""
    appeal: str | None
    at: Instant


class OwnReview(Spoken):
    """A review as its author sees it."""

    review_id: ReviewId
    order_id: OrderId
    line_no: int
    spu_id: SpuId
    title: str
    options: str
    stars: Stars
    main: OwnPart
    follow_up: OwnPart | None
    reply: ShownReply | None
    useful: int
    version: int

    @classmethod
    def of(cls, review: Review) -> "OwnReview":
        """Everything but what the list of words found, and who decided."""
        return cls(
            main=_own(review.main),
            follow_up=_own(review.follow_up) if review.follow_up else None,
            reply=ShownReply(text=review.reply.text, at=review.reply.at) if review.reply else None,
            **review.model_dump(
                include={"review_id", "order_id", "line_no", "spu_id", "title", "options", "stars", "useful", "version"}
            ),
        )


class ReviewableLine(Spoken):
    """A line of an order, and what its buyer says about it or may."""

    line_no: int
    sku_id: SkuId
    spu_id: SpuId
    title: str
    options: str
    reviewable: bool
    """Received and not reviewed yet."""
    review: OwnReview | None


class ShownSummary(Spoken):
    """How buyers rate a product: published reviews only, exact."""

    model_config = _like(
        spu_id="spu_01jd8x4q2r7m9v3k5t6w8y0zab", count=5, by_stars=[0, 0, 1, 1, 3], with_pictures=2, average=4.4
    )

    spu_id: SpuId
    count: int
    by_stars: tuple[int, ...]
    """How many gave one star, two, … five."""
    with_pictures: int
    average: float | None
    """To two decimals; null before the first review."""

    @classmethod
    def of(cls, summary: RatingSummary) -> "ShownSummary":
        """With its average."""
        return cls(average=summary.average, **summary.model_dump())


class Useful(Spoken):
    """How many found the review useful."""

    useful: int
    found_useful: bool


class ReviewDesk(Spoken):
    """A review with everything an operator decides by."""

    review: Review
    reports: tuple[Report, ...]


class TrialRequest(Spoken):
    """A text to be read for words; it is kept nowhere."""

    model_config = _like(text="这件衣服真不错，加微信领红包")

    text: Text


def _shown(part: ReviewPart) -> ShownPart:
    return ShownPart(text=part.shown, pictures=_addresses(part), at=part.written_at)


def _own(part: ReviewPart) -> OwnPart:
    return OwnPart(
        pictures=_addresses(part),
        picture_names=part.pictures,
        at=part.written_at,
        **part.model_dump(include={"part", "text", "shown", "state", "held_for", "decided_why", "appeal"}),
    )


def _addresses(part: ReviewPart) -> tuple[str, ...]:
    return tuple(f"/media/{name}" for name in part.pictures)
