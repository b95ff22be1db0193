"""Codes in bulk, and coupons that are taken back, for operators."""

import asyncio
import secrets

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.promotions.coupon_schemas import BatchRequest
from api.promotions.door import PromotionsOperator
from models.promotions.coupon_rules import CODE_ENTROPY, write_codes
from models.promotions.coupons import Coupon
from models.promotions.errors import CouponAlreadyUsed, CouponLocked, CouponNotFound, PromotionOver
from models.promotions.wallets import CouponBatch
from models.shared.ids import CouponBatchId, CouponId, CouponTemplateId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated, PermissionMissing

router = APIRouter(prefix="/v1/operators", tags=["operators"])
_ONE = (NotAuthenticated, PermissionMissing, NotFound)
_CSV = {
    "description": "The codes, a line each. They are shown here and never again.",
    "content": {"text/csv": {"schema": {"type": "string"}, "example": "code\r\n7K2M-Q0XD-91VB-ETNA\r\n"}},
}


class _CsvResponse(Response):
    media_type = "text/csv"


# No Idempotency-Key: its answer, the codes, would be kept for three days. Who loses the answer makes another batch and voids
# the first one, whose codes nobody knows.
@router.post(
    "/coupon-templates/{template_id}/batches",
    status_code=201,
    summary="Make codes",
    response_class=_CsvResponse,
    responses={201: _CSV, **refusals(*_ONE, PromotionOver)},
)
async def create_coupon_batch(
    template_id: CouponTemplateId, ask: BatchRequest, who: PromotionsOperator, shop: Wired, trail: Audit
) -> Response:
    """New codes as CSV, each worth one coupon of the template to whoever enters it first. `Content-Location` names the batch. The
    shop keeps only a digest of each: if the answer is lost, void the batch and make another."""
    now = shop.clock()
    batch_id = CouponBatchId.mint(now, secrets.token_bytes(10))
    codes = await asyncio.to_thread(lambda: list(write_codes(secrets.token_bytes(CODE_ENTROPY * ask.codes))))
    async with trail.action(
        who, "promotions.create_coupon_batch", batch_id, template_id=template_id, label=ask.label, codes=ask.codes
    ):
        await shop.coupons.add_batch(batch_id, template_id, ask.label, codes, made_by=who.user_id, now=now)
    headers = {
        "Content-Location": f"/v1/operators/coupon-batches/{batch_id}",
        "Content-Disposition": f'attachment; filename="{batch_id}.csv"',
        "Cache-Control": "no-store",
    }
    return _CsvResponse("\r\n".join(("code", *codes, "")), 201, headers)


@router.get(
    "/coupon-templates/{template_id}/batches",
    summary="Batches of codes",
    responses=refusals(*_ONE, InvalidRequest),
)
async def list_coupon_batches(
    template_id: CouponTemplateId, _who: PromotionsOperator, shop: Wired, limit: Limit = 20, cursor: Cursor = None
) -> Page[CouponBatch]:
    """The batches of a template, newest first, with how many of their codes were used."""
    await shop.coupons.template(template_id)
    before = read_cursor(cursor, CouponBatchId)
    found = await shop.coupons.batches(template_id, before=before, limit=limit + 1)
    return page(found, limit, lambda batch: batch.batch_id, lambda batch: batch)


@router.get("/coupon-batches/{batch_id}", summary="A batch of codes", responses=refusals(*_ONE))
async def show_coupon_batch(batch_id: CouponBatchId, _who: PromotionsOperator, shop: Wired) -> CouponBatch:
    """How many codes it has and how many were used; the codes are not kept."""
    return await shop.coupons.batch(batch_id)


@router.put("/coupon-batches/{batch_id}/voided", summary="Void a batch of codes", responses=refusals(*_ONE))
async def void_coupon_batch(batch_id: CouponBatchId, who: PromotionsOperator, shop: Wired, trail: Audit) -> CouponBatch:
    """Its unused codes are worth nothing from now on, for good. Coupons that were claimed with others stay."""
    async with trail.action(who, "promotions.void_coupon_batch", batch_id):
        return await shop.coupons.void_batch(batch_id, shop.clock())


@router.put(
    "/coupons/{coupon_id}/voided",
    summary="Take a coupon back",
    responses=refusals(NotAuthenticated, PermissionMissing, CouponNotFound, CouponLocked, CouponAlreadyUsed),
)
async def void_coupon(coupon_id: CouponId, who: PromotionsOperator, shop: Wired, trail: Audit) -> Coupon:
    """For good. Not while an order holds it, nor once it was used."""
    async with trail.action(who, "promotions.void_coupon", coupon_id):
        return await shop.coupons.void(coupon_id, shop.clock())
