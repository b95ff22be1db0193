"""What is asked of reviews, as it travels through Temporal: each kind of change is one wish."""

from typing import Annotated, Literal

from pydantic import Field

from models.reviews.types import Part, Pictures, Reason, ReportReason, Review, SaidOrNot, Stars, Text
from models.shared import Frozen, Instant
from models.shared.events import AnyEvent
from models.shared.ids import OrderId, ReviewId, SkuId, SpuId, UserId


class _Wish(Frozen):
    review_id: ReviewId
    at: Instant


class PostReview(_Wish):
    """A buyer reviews a line that was received, with words or with stars alone. Once a line."""

    kind: Literal["post"] = "post"
    order_id: OrderId
    line_no: int
    user_id: UserId
    author: str
    sku_id: SkuId
    spu_id: SpuId
    title: str
    options: str
    stars: Stars
    text: SaidOrNot
    pictures: Pictures = ()


class EditReview(_Wish):
    """Its author writes it anew."""

    kind: Literal["edit"] = "edit"
    user_id: UserId
    version: int
    stars: Stars
    text: SaidOrNot
    pictures: Pictures = ()


class FollowUpReview(_Wish):
    """Its author adds how it went on; without words there is nothing to add."""

    kind: Literal["follow_up"] = "follow_up"
    user_id: UserId
    text: Text
    pictures: Pictures = ()


class AppealReview(_Wish):
    """Its author speaks against a rejection."""

    kind: Literal["appeal"] = "appeal"
    user_id: UserId
    part: Part
    why: Reason


class RemoveReview(_Wish):
    """Its author takes it back, words and pictures too."""

    kind: Literal["remove"] = "remove"
    user_id: UserId


class ReportReview(_Wish):
    """A reader holds something against it."""

    kind: Literal["report"] = "report"
    user_id: UserId
    reason: ReportReason
    note: Annotated[str, Field(max_length=500)] = ""


class DecideReview(_Wish):
    """An operator decides whether a part is shown."""

    kind: Literal["decide"] = "decide"
    operator_id: UserId
    version: int
    part: Part
    publish: bool
    why: Reason


class ReplyToReview(_Wish):
    """The shop answers, or answers anew."""

    kind: Literal["reply"] = "reply"
    operator_id: UserId
    version: int
    text: Text


Wish = Annotated[
    PostReview
    | EditReview
    | FollowUpReview
    | AppealReview
    | RemoveReview
    | ReportReview
    | DecideReview
    | ReplyToReview,
    Field(discriminator="kind"),
]


class ChangeReview(Frozen):
    """One wish. `key` is its idempotency key: a key changes something once."""

    key: str
    wish: Wish


class ReviewChanged(Frozen):
    """The review after it, and what Kafka is not known to have."""

    review: Review
    unannounced: tuple[AnyEvent, ...] = ()


def review_change_id(key: str) -> str:
    """The workflow id of a change."""
    return f"review-change/{key}"
