"""Writing reviews, and what becomes of them, for their authors."""

import secrets

from fastapi import APIRouter, Response, UploadFile

from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import CurrentUser
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.versions import ExpectedVersion, IfMatchMissing, set_etag
from api.edge.wired import Wired
from api.reviews.asking import changed
from api.reviews.schemas import (
    AppealRequest,
    FollowUpRequest,
    OwnReview,
    ReviewableLine,
    ReviewEdit,
    ReviewRequest,
)
from hanse.pictures import MAX_BYTES
from models.reviews.errors import (
    AlreadyReviewed,
    NotYetReviewable,
    PictureUnknown,
    ReviewNotOpen,
    ReviewPictureRefused,
)
from models.reviews.messages import AppealReview, EditReview, FollowUpReview, PostReview, RemoveReview
from models.reviews.rules import author_shown, is_received, line_to_review
from models.reviews.types import Review
from models.shared.ids import OrderId, ReviewId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from models.users.errors import NotAuthenticated
from stores.reviews.pictures import ReviewPicture

router = APIRouter(prefix="/v1", tags=["reviews"])
writing = idempotent_router(prefix="/v1", tags=["reviews"])
_OWN = (NotAuthenticated, NotFound)
_CHANGE = (*_OWN, ReviewNotOpen, ServiceBusy)


def _answer(review: Review, response: Response) -> OwnReview:
    set_etag(response, review.version)
    return OwnReview.of(review)


@router.post(
    "/reviews/pictures",
    status_code=201,
    summary="Upload a picture for a review",
    responses=refusals(NotAuthenticated, ReviewPictureRefused),
)
async def upload_review_picture(file: UploadFile, who: CurrentUser, shop: Wired) -> ReviewPicture:
    """JPEG, PNG, WebP or GIF of at most 5 MB and 6000 pixels a side; kept as WebP without its metadata. Name it in a review.

    What the bytes are decides, not the name or the declared type. The same picture again gives the same answer.
    """
    return await shop.review_pictures.keep(await file.read(MAX_BYTES + 1), who.user_id, shop.clock())


@router.get("/orders/{order_id}/reviews", summary="What of an order can be reviewed", responses=refusals(*_OWN))
async def list_reviewable(order_id: OrderId, who: CurrentUser, shop: Wired) -> list[ReviewableLine]:
    """Each line with its review, or whether it may be reviewed: received, by who bought it."""
    order = await shop.orders.order_of(order_id, who.user_id)
    parcels = await shop.fulfillment.shipments_of(order_id)
    written = {review.line_no: review for review in await shop.reviews.reviews_of_order(order_id)}
    return [
        ReviewableLine(
            reviewable=line.line_no not in written and is_received(order, line, parcels),
            review=OwnReview.of(written[line.line_no]) if line.line_no in written else None,
            **line.model_dump(include={"line_no", "sku_id", "spu_id", "title", "options"}),
        )
        for line in order.lines
    ]


@writing.post(
    "/orders/{order_id}/lines/{line_no}/review",
    status_code=201,
    summary="Review a line",
    responses=refusals(*_OWN, NotYetReviewable, AlreadyReviewed, PictureUnknown, ServiceBusy),
)
async def post_review(
    order_id: OrderId,
    line_no: int,
    ask: ReviewRequest,
    who: CurrentUser,
    errand: Once,
    response: Response,
    shop: Wired,
) -> OwnReview:
    """Once a line, by who bought it, once it was received. It is read for words first: its `state` says what came of that."""
    order = await shop.orders.order_of(order_id, who.user_id)
    line = line_to_review(order, line_no, await shop.fulfillment.shipments_of(order_id))
    account = await shop.users.accounts.get(who.user_id)
    wish = PostReview(
        review_id=ReviewId.derive(errand.first_seen_at, errand.caller, errand.key),
        at=errand.first_seen_at,
        order_id=order_id,
        user_id=who.user_id,
        author=author_shown(account.display_name, ask.anonymous),
        stars=ask.stars,
        text=ask.text,
        pictures=ask.pictures,
        **line.model_dump(include={"line_no", "sku_id", "spu_id", "title", "options"}),
    )
    return _answer(await changed(shop, wish, wish.review_id), response)


@router.get("/reviews", summary="Your reviews", responses=refusals(NotAuthenticated, InvalidRequest))
async def list_own_reviews(who: CurrentUser, shop: Wired, limit: Limit = 20, cursor: Cursor = None) -> Page[OwnReview]:
    """Newest first, in every state."""
    found = await shop.reviews.reviews_by(who.user_id, limit=limit + 1, before=read_cursor(cursor, ReviewId))
    return page(found, limit, lambda review: review.review_id, OwnReview.of)


@router.get("/reviews/{review_id}", summary="A review of yours", responses=refusals(*_OWN))
async def show_own_review(review_id: ReviewId, who: CurrentUser, response: Response, shop: Wired) -> OwnReview:
    """With what others read of it, and what an operator said; its ETag is what an edit must name."""
    return _answer(await shop.reviews.review_of(review_id, who.user_id), response)


@router.put(
    "/reviews/{review_id}",
    summary="Write a review anew",
    responses=refusals(*_CHANGE, PictureUnknown, IfMatchMissing, StaleVersion, InvalidRequest),
)
async def edit_review(
    review_id: ReviewId, ask: ReviewEdit, version: ExpectedVersion, who: CurrentUser, response: Response, shop: Wired
) -> OwnReview:
    """Within 30 days. It is read for words again; what readers reported stays off the page until an operator has looked."""
    await shop.reviews.review_of(review_id, who.user_id)
    wish = EditReview(
        review_id=review_id,
        at=shop.clock(),
        user_id=who.user_id,
        version=version,
        stars=ask.stars,
        text=ask.text,
        pictures=ask.pictures,
    )
    return _answer(await changed(shop, wish, f"edit/{review_id}/{secrets.token_hex(8)}"), response)


@router.delete("/reviews/{review_id}", status_code=204, summary="Remove a review", responses=refusals(*_CHANGE))
async def remove_review(review_id: ReviewId, who: CurrentUser, shop: Wired) -> None:
    """Its words and pictures are gone and it counts no more. The line cannot be reviewed again."""
    await shop.reviews.review_of(review_id, who.user_id)
    wish = RemoveReview(review_id=review_id, at=shop.clock(), user_id=who.user_id)
    await changed(shop, wish, f"remove/{review_id}/{secrets.token_hex(8)}")


@writing.post(
    "/reviews/{review_id}/follow-up",
    status_code=201,
    summary="Follow a review up",
    responses=refusals(*_CHANGE, PictureUnknown),
)
async def follow_up_review(
    review_id: ReviewId, ask: FollowUpRequest, who: CurrentUser, errand: Once, response: Response, shop: Wired
) -> OwnReview:
    """Once, within half a year. It changes no stars."""
    await shop.reviews.review_of(review_id, who.user_id)
    wish = FollowUpReview(
        review_id=review_id, at=errand.first_seen_at, user_id=who.user_id, text=ask.text, pictures=ask.pictures
    )
    return _answer(await changed(shop, wish, f"follow-up/{review_id}/{errand.key}"), response)


@writing.post("/reviews/{review_id}/appeal", summary="Appeal against a rejection", responses=refusals(*_CHANGE))
async def appeal_review(
    review_id: ReviewId, ask: AppealRequest, who: CurrentUser, errand: Once, response: Response, shop: Wired
) -> OwnReview:
    """Once for each text; an operator decides, and that stands."""
    await shop.reviews.review_of(review_id, who.user_id)
    wish = AppealReview(review_id=review_id, at=errand.first_seen_at, user_id=who.user_id, part=ask.part, why=ask.why)
    return _answer(await changed(shop, wish, f"appeal/{review_id}/{errand.key}"), response)
