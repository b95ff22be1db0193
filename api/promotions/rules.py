"""Rules that take something off by themselves."""

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, with_etag
from api.edge.wired import Wired
from api.promotions.door import EDIT, READ, PromotionsOperator
from api.promotions.naming import check_names
from api.promotions.schemas import PromotionRequest, RuleStatusRequest, StatusFilter, version_number
from models.promotions.errors import PromotionStepIllegal, PromotionTermsInvalid
from models.promotions.types import Promotion, PromotionTerms, TermsVersion
from models.shared.ids import CampaignId, PromotionId
from models.shared.refusals import InvalidRequest, NotFound

adding = idempotent_router(prefix="/v1/operators/promotions", tags=["operators"])
keeping = APIRouter(prefix="/v1/operators/promotions", tags=["operators"])


@adding.post("", status_code=201, summary="Create a promotion", responses=refusals(*READ, PromotionTermsInvalid))
async def create_promotion(
    ask: PromotionRequest, who: PromotionsOperator, errand: Once, response: Response, shop: Wired, trail: Audit
) -> Promotion:
    """A new rule, as a draft. Everything its scope and prices name must be in the catalogue."""
    promotion_id = PromotionId.derive(errand.first_seen_at, errand.caller, errand.key)
    async with trail.action(who, "promotions.create_promotion", promotion_id, **ask.model_dump(mode="json")):
        await check_names(shop, ask.scope, ask.offer)
        return with_etag(
            await shop.promotions.rules.create(promotion_id, ask, who.user_id, errand.first_seen_at), response
        )


@keeping.get("", summary="Promotions", responses=refusals(*READ, InvalidRequest))
async def list_promotions(
    _who: PromotionsOperator,
    shop: Wired,
    status: StatusFilter = None,
    campaign_id: CampaignId | None = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Promotion]:
    """Every rule, newest first, with what orders have used of it."""
    found = await shop.promotions.rules.page(
        limit=limit + 1, before=read_cursor(cursor, PromotionId), status=status, campaign_id=campaign_id
    )
    return page(found, limit, lambda kept: kept.promotion_id, lambda kept: kept)


@keeping.get("/{promotion_id}", summary="A promotion", responses=refusals(*READ, NotFound))
async def show_promotion(
    promotion_id: PromotionId, _who: PromotionsOperator, response: Response, shop: Wired
) -> Promotion:
    """One rule; its ETag is what a revision or a status must name."""
    return with_etag(await shop.promotions.rules.get(promotion_id), response)


@keeping.put("/{promotion_id}", summary="Revise a promotion", responses=refusals(*EDIT, PromotionTermsInvalid))
async def revise_promotion(
    promotion_id: PromotionId,
    ask: PromotionRequest,
    version: ExpectedVersion,
    who: PromotionsOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Promotion:
    """Set everything it says, as a new version; orders keep the version they were placed under. Budget and limit stay above what is used."""
    async with trail.action(who, "promotions.revise_promotion", promotion_id, **ask.model_dump(mode="json")):
        await check_names(shop, ask.scope, ask.offer)
        return with_etag(
            await shop.promotions.rules.revise(promotion_id, version, ask, who.user_id, shop.clock()), response
        )


@keeping.put(
    "/{promotion_id}/status",
    summary="Activate, pause or end a promotion",
    responses=refusals(*EDIT, PromotionStepIllegal),
)
async def set_promotion_status(
    promotion_id: PromotionId,
    ask: RuleStatusRequest,
    version: ExpectedVersion,
    who: PromotionsOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Promotion:
    """Only an active rule counts, in its window and its campaign's; an ended one does not come back."""
    async with trail.action(who, "promotions.set_promotion_status", promotion_id, status=ask.status.value):
        return with_etag(
            await shop.promotions.rules.set_status(promotion_id, version, ask.status, shop.clock()), response
        )


@keeping.get(
    "/{promotion_id}/versions", summary="Versions of a promotion", responses=refusals(*READ, NotFound, InvalidRequest)
)
async def list_promotion_versions(
    promotion_id: PromotionId, _who: PromotionsOperator, shop: Wired, limit: Limit = 20, cursor: Cursor = None
) -> Page[TermsVersion[PromotionTerms]]:
    """What it said at each version and who decided so, newest first. Receipts name the version."""
    before = read_cursor(cursor, version_number)
    found = await shop.promotions.rules.versions(promotion_id, limit=limit + 1, before=before)
    return page(found, limit, lambda kept: kept.version, lambda kept: kept)
