"""Purchase limits: how much of something one buyer may buy."""

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, with_etag
from api.edge.wired import Wired
from api.promotions.door import EDIT, READ, PromotionsOperator
from api.promotions.naming import check_names
from api.promotions.schemas import PurchaseLimitRequest, RuleStatusRequest, StatusFilter, version_number
from models.promotions.errors import PromotionStepIllegal, PromotionTermsInvalid
from models.promotions.limits import PurchaseLimit, PurchaseLimitTerms
from models.promotions.types import TermsVersion
from models.shared.ids import CampaignId, PurchaseLimitId
from models.shared.refusals import InvalidRequest, NotFound

adding = idempotent_router(prefix="/v1/operators/purchase-limits", tags=["operators"])
keeping = APIRouter(prefix="/v1/operators/purchase-limits", tags=["operators"])


@adding.post("", status_code=201, summary="Create a purchase limit", responses=refusals(*READ, PromotionTermsInvalid))
async def create_purchase_limit(
    ask: PurchaseLimitRequest, who: PromotionsOperator, errand: Once, response: Response, shop: Wired, trail: Audit
) -> PurchaseLimit:
    """A new limit, as a draft. Everything its scope names must be in the catalogue."""
    limit_id = PurchaseLimitId.derive(errand.first_seen_at, errand.caller, errand.key)
    async with trail.action(who, "promotions.create_purchase_limit", limit_id, **ask.model_dump(mode="json")):
        await check_names(shop, ask.scope)
        return with_etag(await shop.purchase_limits.create(limit_id, ask, who.user_id, errand.first_seen_at), response)


@keeping.get("", summary="Purchase limits", responses=refusals(*READ, InvalidRequest))
async def list_purchase_limits(
    _who: PromotionsOperator,
    shop: Wired,
    status: StatusFilter = None,
    campaign_id: CampaignId | None = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[PurchaseLimit]:
    """Every limit, newest first."""
    found = await shop.purchase_limits.page(
        limit=limit + 1, before=read_cursor(cursor, PurchaseLimitId), status=status, campaign_id=campaign_id
    )
    return page(found, limit, lambda kept: kept.limit_id, lambda kept: kept)


@keeping.get("/{limit_id}", summary="A purchase limit", responses=refusals(*READ, NotFound))
async def show_purchase_limit(
    limit_id: PurchaseLimitId, _who: PromotionsOperator, response: Response, shop: Wired
) -> PurchaseLimit:
    """One limit; its ETag is what a revision or a status must name."""
    return with_etag(await shop.purchase_limits.get(limit_id), response)


@keeping.put("/{limit_id}", summary="Revise a purchase limit", responses=refusals(*EDIT, PromotionTermsInvalid))
async def revise_purchase_limit(
    limit_id: PurchaseLimitId,
    ask: PurchaseLimitRequest,
    version: ExpectedVersion,
    who: PromotionsOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> PurchaseLimit:
    """Set everything it says, as a new version. What was bought under the old one stays bought, and counts."""
    async with trail.action(who, "promotions.revise_purchase_limit", limit_id, **ask.model_dump(mode="json")):
        await check_names(shop, ask.scope)
        return with_etag(await shop.purchase_limits.revise(limit_id, version, ask, who.user_id, shop.clock()), response)


@keeping.put(
    "/{limit_id}/status",
    summary="Activate, pause or end a purchase limit",
    responses=refusals(*EDIT, PromotionStepIllegal),
)
async def set_purchase_limit_status(
    limit_id: PurchaseLimitId,
    ask: RuleStatusRequest,
    version: ExpectedVersion,
    who: PromotionsOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> PurchaseLimit:
    """Only an active limit binds, in its window and its campaign's; what is bought meanwhile does not count."""
    async with trail.action(who, "promotions.set_purchase_limit_status", limit_id, status=ask.status.value):
        return with_etag(await shop.purchase_limits.set_status(limit_id, version, ask.status, shop.clock()), response)


@keeping.get(
    "/{limit_id}/versions", summary="Versions of a purchase limit", responses=refusals(*READ, NotFound, InvalidRequest)
)
async def list_purchase_limit_versions(
    limit_id: PurchaseLimitId, _who: PromotionsOperator, shop: Wired, limit: Limit = 20, cursor: Cursor = None
) -> Page[TermsVersion[PurchaseLimitTerms]]:
    """What it said at each version and who decided so, newest first."""
    before = read_cursor(cursor, version_number)
    found = await shop.purchase_limits.versions(limit_id, limit=limit + 1, before=before)
    return page(found, limit, lambda kept: kept.version, lambda kept: kept)
