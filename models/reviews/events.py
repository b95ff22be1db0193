"""What the shop tells about reviews: ids, stars and states, never what somebody wrote."""

from models.reviews.types import HeldFor, Part
from models.shared.events import Event
from models.shared.ids import OrderId, ReviewId, SkuId, SpuId, UserId


class ReviewPublished(Event):
    """Everyone can read it: at once, or because an operator let it through. Told again for each version that is published."""

    type = "hanse.reviews.review_published.v1"
    identity = ("review_id", "part", "version")
    ordered_by = "review_id"

    review_id: ReviewId
    part: Part
    version: int
    order_id: OrderId
    user_id: UserId
    spu_id: SpuId
    sku_id: SkuId
    stars: int


class ReviewHeld(Event):
    """It waits for an operator and is not shown meanwhile."""

    type = "hanse.reviews.review_held.v1"
    identity = ("review_id", "part", "version")
    ordered_by = "review_id"

    review_id: ReviewId
    part: Part
    version: int
    user_id: UserId
    spu_id: SpuId
    held_for: HeldFor


class ReviewRejected(Event):
    """It is not shown; its author may appeal once."""

    type = "hanse.reviews.review_rejected.v1"
    identity = ("review_id", "part", "version")
    ordered_by = "review_id"

    review_id: ReviewId
    part: Part
    version: int
    user_id: UserId
    spu_id: SpuId
    by_operator: bool


class ReviewRemoved(Event):
    """Its author took it back."""

    type = "hanse.reviews.review_removed.v1"
    identity = ("review_id",)
    ordered_by = "review_id"

    review_id: ReviewId
    user_id: UserId
    spu_id: SpuId


class ReviewReplied(Event):
    """The shop answered a review."""

    type = "hanse.reviews.review_replied.v1"
    identity = ("review_id", "version")
    ordered_by = "review_id"

    review_id: ReviewId
    version: int
    user_id: UserId
    spu_id: SpuId
