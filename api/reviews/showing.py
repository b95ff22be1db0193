"""Reviews under their product, for everyone; and what readers say to them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import CurrentUser, MaybeUser
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.wired import Wired
from api.reviews.asking import changed
from api.reviews.schemas import ReportRequest, ShownReview, ShownSummary, Useful
from models.reviews.errors import OwnReview
from models.reviews.messages import ReportReview
from models.reviews.types import PartState, Review, ReviewOrder, Stars
from models.shared.ids import ReviewId, SpuId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated

router = APIRouter(prefix="/v1/products/{spu_id}/reviews", tags=["reviews"])
reporting = idempotent_router(prefix="/v1/products/{spu_id}/reviews", tags=["reviews"])
_VOTE = (NotAuthenticated, NotFound, OwnReview)


def _place(text: str) -> tuple[int, ReviewId]:
    votes, _, review_id = text.partition("/")
    return int(votes), ReviewId(review_id)


@router.get("", summary="Reviews of a product", responses=refusals(InvalidRequest))
async def list_reviews(
    spu_id: SpuId,
    who: MaybeUser,
    shop: Wired,
    stars: Annotated[
        list[Stars] | None, Query(description="Only with so many stars; may be given several times.")
    ] = None,
    with_pictures: bool = False,
    sort: ReviewOrder = ReviewOrder.NEWEST,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[ShownReview]:
    """Published ones, the newest or the most useful first. Words of the list are masked."""
    found = await shop.reviews.reviews_on(
        spu_id,
        limit=limit + 1,
        order=sort,
        after=read_cursor(cursor, _place),
        stars=stars or (),
        with_pictures=with_pictures,
    )
    mine = await shop.reviews.voted_for(who.user_id, [each.review_id for each in found]) if who else set()

    def show(review: Review) -> ShownReview:
        own = who is not None and review.user_id == who.user_id
        return ShownReview.of(review, found_useful=review.review_id in mine, own=own)

    return page(found, limit, lambda review: f"{review.useful}/{review.review_id}", show)


@router.get("/summary", summary="How a product is rated")
async def show_summary(spu_id: SpuId, shop: Wired) -> ShownSummary:
    """Counted with every review that is published or taken down; exact at every moment."""
    return ShownSummary.of(await shop.reviews.summary(spu_id))


@router.put("/{shown_id}/useful", summary="Find a review useful", responses=refusals(*_VOTE))
async def vote(spu_id: SpuId, shown_id: ReviewId, who: CurrentUser, shop: Wired) -> Useful:
    """Counted once, however often it is said."""
    return Useful(useful=await shop.reviews.vote_once(shown_id, spu_id, who.user_id, shop.clock()), found_useful=True)


@router.delete("/{shown_id}/useful", summary="Take that back", responses=refusals(*_VOTE))
async def take_vote_back(spu_id: SpuId, shown_id: ReviewId, who: CurrentUser, shop: Wired) -> Useful:
    """Nothing happens if it was not said."""
    return Useful(useful=await shop.reviews.take_vote_back(shown_id, spu_id, who.user_id), found_useful=False)


@reporting.post(
    "/{shown_id}/reports", status_code=204, summary="Report a review", responses=refusals(*_VOTE, ServiceBusy)
)
async def report_review(
    spu_id: SpuId, shown_id: ReviewId, ask: ReportRequest, who: CurrentUser, errand: Once, shop: Wired
) -> None:
    """Once a reader. When several report one, it is taken off the page until an operator has looked at it."""
    review = await shop.reviews.review(shown_id)
    if review.spu_id != spu_id or review.main.state is not PartState.PUBLISHED:
        raise NotFound(f"There is no review {shown_id}.")
    wish = ReportReview(
        review_id=shown_id, user_id=who.user_id, reason=ask.reason, note=ask.note, at=errand.first_seen_at
    )
    await changed(shop, wish, f"report/{shown_id}/{errand.caller}/{errand.key}")
