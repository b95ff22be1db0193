"""The moderation queue, decisions and replies. Operators with `service`."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.versions import ExpectedVersion, IfMatchMissing, set_etag
from api.edge.wired import Wired
from api.reviews.asking import changed
from api.reviews.schemas import DecisionRequest, ReplyRequest, ReviewDesk
from models.reviews.errors import ReviewNotOpen
from models.reviews.messages import ReplyToReview
from models.reviews.types import HeldFor, Review
from models.shared.ids import ReviewId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

router = APIRouter(prefix="/v1/operators/reviews", tags=["operators"])
deciding = idempotent_router(prefix="/v1/operators/reviews", tags=["operators"])
ReviewOperator = Annotated[Identity, operator("service")]
_READ = (NotAuthenticated, PermissionMissing)
_EDIT = (*_READ, NotFound, ReviewNotOpen, IfMatchMissing, StaleVersion, InvalidRequest, ServiceBusy)


@router.get("", summary="Reviews that wait for a decision", responses=refusals(*_READ, InvalidRequest))
async def list_waiting_reviews(
    _who: ReviewOperator,
    shop: Wired,
    held_for: Annotated[HeldFor | None, Query(description="Only those held for this.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Review]:
    """Held for words, for reports or for an appeal; the oldest first."""
    found = await shop.reviews.waiting(limit=limit + 1, after=read_cursor(cursor, ReviewId), held_for=held_for)
    return page(found, limit, lambda review: review.review_id, lambda review: review)


@router.get("/{review_id}", summary="A review and what is held against it", responses=refusals(*_READ, NotFound))
async def show_review(review_id: ReviewId, _who: ReviewOperator, response: Response, shop: Wired) -> ReviewDesk:
    """In any state, with the words that were found and the readers' reports; its ETag is what a decision must name."""
    review = await shop.reviews.review(review_id)
    set_etag(response, review.version)
    return ReviewDesk(review=review, reports=tuple(await shop.reviews.reports(review_id)))


@deciding.post("/{review_id}/decisions", summary="Decide about a review", responses=refusals(*_EDIT))
async def decide_review(
    review_id: ReviewId,
    ask: DecisionRequest,
    version: ExpectedVersion,
    who: ReviewOperator,
    errand: Once,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Review:
    """Show the part or take it down, whatever the list of words said; open reports are settled with it."""
    async with trail.action(who, "reviews.decide", review_id, part=ask.part, publish=ask.publish, why=ask.why):
        wish = ask.about(review_id=review_id, operator_id=who.user_id, version=version, at=errand.first_seen_at)
        review = await changed(shop, wish, f"decide/{review_id}/{errand.caller}/{errand.key}")
    set_etag(response, review.version)
    return review


@router.put("/{review_id}/reply", summary="Reply to a review", responses=refusals(*_EDIT))
async def reply_to_review(
    review_id: ReviewId,
    ask: ReplyRequest,
    version: ExpectedVersion,
    who: ReviewOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Review:
    """Everyone reads it under the review. A later reply takes its place."""
    async with trail.action(who, "reviews.reply", review_id):
        wish = ReplyToReview(
            review_id=review_id, at=shop.clock(), operator_id=who.user_id, version=version, text=ask.text
        )
        review = await changed(shop, wish, f"reply/{review_id}/{secrets.token_hex(8)}")
    set_etag(response, review.version)
    return review
