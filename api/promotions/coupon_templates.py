"""Coupon templates, for operators."""

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, with_etag
from api.edge.wired import Wired
from api.promotions.coupon_schemas import CouponTemplateRequest
from api.promotions.door import EDIT, READ, PromotionsOperator
from api.promotions.naming import check_names
from api.promotions.schemas import RuleStatusRequest, StatusFilter, version_number
from models.promotions.coupons import Coupon, CouponTemplate, CouponTerms
from models.promotions.errors import PromotionStepIllegal, PromotionTermsInvalid
from models.promotions.types import TermsVersion
from models.shared.ids import CouponId, CouponTemplateId
from models.shared.refusals import InvalidRequest, NotFound

adding = idempotent_router(prefix="/v1/operators/coupon-templates", tags=["operators"])
keeping = APIRouter(prefix="/v1/operators/coupon-templates", tags=["operators"])


@adding.post("", status_code=201, summary="Create a coupon template", responses=refusals(*READ, PromotionTermsInvalid))
async def create_coupon_template(
    ask: CouponTemplateRequest, who: PromotionsOperator, errand: Once, response: Response, shop: Wired, trail: Audit
) -> CouponTemplate:
    """A new template, as a draft: nobody can claim from it until it is active."""
    template_id = CouponTemplateId.derive(errand.first_seen_at, errand.caller, errand.key)
    async with trail.action(who, "promotions.create_coupon_template", template_id, **ask.model_dump(mode="json")):
        await check_names(shop, ask.scope, ask.offer)
        made = await shop.coupons.create_template(template_id, ask, by=who.user_id, now=errand.first_seen_at)
        return with_etag(made, response)


@keeping.get("", summary="Coupon templates", responses=refusals(*READ, InvalidRequest))
async def list_coupon_templates(
    _who: PromotionsOperator, shop: Wired, status: StatusFilter = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[CouponTemplate]:
    """Every template, newest first, with how many were claimed and how many of those are redeemed."""
    found = await shop.coupons.templates(status=status, before=read_cursor(cursor, CouponTemplateId), limit=limit + 1)
    return page(found, limit, lambda template: template.template_id, lambda template: template)


@keeping.get("/{template_id}", summary="A coupon template", responses=refusals(*READ, NotFound))
async def show_coupon_template(
    template_id: CouponTemplateId, _who: PromotionsOperator, response: Response, shop: Wired
) -> CouponTemplate:
    """One template; its ETag is what a revision or a status must name."""
    return with_etag(await shop.coupons.template(template_id), response)


@keeping.put("/{template_id}", summary="Revise a coupon template", responses=refusals(*EDIT, PromotionTermsInvalid))
async def revise_coupon_template(
    template_id: CouponTemplateId,
    ask: CouponTemplateRequest,
    version: ExpectedVersion,
    who: PromotionsOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> CouponTemplate:
    """Set everything it says, as a new version. Coupons in wallets keep the terms they were claimed under."""
    async with trail.action(who, "promotions.revise_coupon_template", template_id, **ask.model_dump(mode="json")):
        await check_names(shop, ask.scope, ask.offer)
        revised = await shop.coupons.revise_template(template_id, version, ask, by=who.user_id, now=shop.clock())
        return with_etag(revised, response)


@keeping.put(
    "/{template_id}/status",
    summary="Activate, pause or end a coupon template",
    responses=refusals(*EDIT, PromotionStepIllegal),
)
async def set_coupon_template_status(
    template_id: CouponTemplateId,
    ask: RuleStatusRequest,
    version: ExpectedVersion,
    who: PromotionsOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> CouponTemplate:
    """Only an active template can be claimed from. Coupons in wallets stay good."""
    async with trail.action(who, "promotions.set_coupon_template_status", template_id, status=ask.status.value):
        changed = await shop.coupons.set_template_status(template_id, version, ask.status, shop.clock())
        return with_etag(changed, response)


@keeping.get(
    "/{template_id}/versions",
    summary="Versions of a coupon template",
    responses=refusals(*READ, NotFound, InvalidRequest),
)
async def list_coupon_template_versions(
    template_id: CouponTemplateId, _who: PromotionsOperator, shop: Wired, limit: Limit = 20, cursor: Cursor = None
) -> Page[TermsVersion[CouponTerms]]:
    """What it said at each version and who decided so, newest first."""
    before = read_cursor(cursor, version_number)
    found = await shop.coupons.template_versions(template_id, before=before, limit=limit + 1)
    return page(found, limit, lambda kept: kept.version, lambda kept: kept)


@keeping.get(
    "/{template_id}/coupons",
    summary="Coupons of a template",
    responses=refusals(*READ, NotFound, InvalidRequest),
)
async def list_coupons_of_template(
    template_id: CouponTemplateId, _who: PromotionsOperator, shop: Wired, limit: Limit = 20, cursor: Cursor = None
) -> Page[Coupon]:
    """Who claimed one and what became of it, newest first."""
    await shop.coupons.template(template_id)
    found = await shop.coupons.coupons_of_template(template_id, before=read_cursor(cursor, CouponId), limit=limit + 1)
    return page(found, limit, lambda coupon: coupon.coupon_id, lambda coupon: coupon)
