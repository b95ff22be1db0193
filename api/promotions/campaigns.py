"""Campaigns: a name and a time for rules, coupons and limits that belong together."""

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, with_etag
from api.edge.wired import Wired
from api.promotions.door import EDIT, READ, PromotionsOperator
from api.promotions.schemas import CampaignRequest, RuleStatusRequest, StatusFilter, version_number
from models.promotions.errors import PromotionStepIllegal, PromotionTermsInvalid
from models.promotions.types import Campaign, CampaignTerms, TermsVersion
from models.shared.ids import CampaignId
from models.shared.refusals import InvalidRequest, NotFound

adding = idempotent_router(prefix="/v1/operators/campaigns", tags=["operators"])
keeping = APIRouter(prefix="/v1/operators/campaigns", tags=["operators"])


@adding.post("", status_code=201, summary="Create a campaign", responses=refusals(*READ, PromotionTermsInvalid))
async def create_campaign(
    ask: CampaignRequest, who: PromotionsOperator, errand: Once, response: Response, shop: Wired, trail: Audit
) -> Campaign:
    """A new campaign, as a draft: nothing in it counts until it is active."""
    campaign_id = CampaignId.derive(errand.first_seen_at, errand.caller, errand.key)
    async with trail.action(who, "promotions.create_campaign", campaign_id, **ask.model_dump(mode="json")):
        return with_etag(
            await shop.promotions.campaigns.create(campaign_id, ask, who.user_id, errand.first_seen_at), response
        )


@keeping.get("", summary="Campaigns", responses=refusals(*READ, InvalidRequest))
async def list_campaigns(
    _who: PromotionsOperator,
    shop: Wired,
    status: StatusFilter = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Campaign]:
    """Every campaign, newest first."""
    found = await shop.promotions.campaigns.page(
        limit=limit + 1,
        before=read_cursor(cursor, CampaignId),
        status=status,
    )
    return page(found, limit, lambda kept: kept.campaign_id, lambda kept: kept)


@keeping.get("/{campaign_id}", summary="A campaign", responses=refusals(*READ, NotFound))
async def show_campaign(campaign_id: CampaignId, _who: PromotionsOperator, response: Response, shop: Wired) -> Campaign:
    """One campaign; its ETag is what a revision or a status must name."""
    return with_etag(await shop.promotions.campaigns.get(campaign_id), response)


@keeping.put("/{campaign_id}", summary="Revise a campaign", responses=refusals(*EDIT, PromotionTermsInvalid))
async def revise_campaign(
    campaign_id: CampaignId,
    ask: CampaignRequest,
    version: ExpectedVersion,
    who: PromotionsOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Campaign:
    """Set everything it says; its window narrows those of its rules and limits at once."""
    async with trail.action(who, "promotions.revise_campaign", campaign_id, **ask.model_dump(mode="json")):
        return with_etag(
            await shop.promotions.campaigns.revise(campaign_id, version, ask, who.user_id, shop.clock()), response
        )


@keeping.put(
    "/{campaign_id}/status",
    summary="Activate, pause or end a campaign",
    responses=refusals(*EDIT, PromotionStepIllegal),
)
async def set_campaign_status(
    campaign_id: CampaignId,
    ask: RuleStatusRequest,
    version: ExpectedVersion,
    who: PromotionsOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Campaign:
    """Pausing it pauses everything in it; an ended campaign does not come back."""
    async with trail.action(who, "promotions.set_campaign_status", campaign_id, status=ask.status.value):
        return with_etag(
            await shop.promotions.campaigns.set_status(campaign_id, version, ask.status, shop.clock()), response
        )


@keeping.get(
    "/{campaign_id}/versions", summary="Versions of a campaign", responses=refusals(*READ, NotFound, InvalidRequest)
)
async def list_campaign_versions(
    campaign_id: CampaignId, _who: PromotionsOperator, shop: Wired, limit: Limit = 20, cursor: Cursor = None
) -> Page[TermsVersion[CampaignTerms]]:
    """What it said at each version and who decided so, newest first."""
    before = read_cursor(cursor, version_number)
    found = await shop.promotions.campaigns.versions(campaign_id, limit=limit + 1, before=before)
    return page(found, limit, lambda kept: kept.version, lambda kept: kept)
