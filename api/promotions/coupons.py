"""What buyers do with coupons: claim them, look into their wallet, try them on a basket."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import CurrentUser, MaybeUser
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.promotions.coupon_schemas import ClaimRequest, CouponsTried, ValidateRequest
from api.promotions.trying import try_coupons
from models.orders.errors import BasketTooLarge, CurrencyMixed, QuantityAboveLimit, SkuUnpublished, UnknownSku
from models.promotions.coupons import Coupon
from models.promotions.errors import (
    CouponCodeWrong,
    CouponLimitReached,
    CouponNotClaimable,
    CouponNotFound,
    CouponSoldOut,
)
from models.promotions.wallets import ClaimableCoupon, WalletFilter
from models.shared.ids import CouponId, CouponTemplateId
from models.shared.refusals import InvalidRequest
from models.users.errors import NotAuthenticated

claiming = idempotent_router(tags=["coupons"])
validating = APIRouter(tags=["coupons"])
"""Both as R19 writes them."""
wallet = APIRouter(prefix="/v1/coupons", tags=["coupons"])
versioned = APIRouter(prefix="/v1")

_BASKET = (UnknownSku, SkuUnpublished, QuantityAboveLimit, CurrencyMixed, BasketTooLarge)
_TRIED_AT_ONCE = 50


@claiming.post(
    "/coupons/claim",
    status_code=201,
    summary="Claim a coupon",
    responses=refusals(
        NotAuthenticated, CouponNotClaimable, CouponSoldOut, CouponLimitReached, CouponCodeWrong, InvalidRequest
    ),
)
async def claim(ask: ClaimRequest, who: CurrentUser, errand: Once, shop: Wired) -> Coupon:
    """A coupon of the list, or what a code is worth, goes into your wallet. It keeps the terms of this moment."""
    return await shop.coupons.claim_once(
        who.user_id,
        key=f"{errand.caller}:{errand.key}",
        now=shop.clock(),
        template_id=ask.template_id,
        code=ask.code,
    )


@validating.post(
    "/coupons/validate",
    summary="Try coupons on a basket",
    responses=refusals(NotAuthenticated, CouponNotFound, *_BASKET),
)
async def validate(ask: ValidateRequest, who: CurrentUser, shop: Wired) -> CouponsTried:
    """Whether each coupon applies beside the promotions that run, what it saves, or what is missing. Nothing is held; shipping
    is not looked at. Without `coupon_id`, up to 50 coupons of the wallet that can be used, newest first."""
    now = shop.clock()
    if ask.coupon_id is not None:
        coupons = [await shop.coupons.coupon_of(ask.coupon_id, who.user_id)]
    else:
        coupons = await shop.coupons.wallet(who.user_id, now, only=WalletFilter.USABLE, limit=_TRIED_AT_ONCE)
    return CouponsTried(coupons=tuple(await try_coupons(shop, who.user_id, ask.lines, coupons, now)))


versioned.include_router(claiming)
versioned.include_router(validating)


@wallet.get("", summary="Your coupons", responses=refusals(NotAuthenticated, InvalidRequest))
async def show_wallet(
    who: CurrentUser,
    shop: Wired,
    only: Annotated[WalletFilter | None, Query(description="Only these; all of them without.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Coupon]:
    """Newest first. Whether a coupon is over follows from its `valid_until`."""
    found = await shop.coupons.wallet(
        who.user_id, shop.clock(), only=only, before=read_cursor(cursor, CouponId), limit=limit + 1
    )
    return page(found, limit, lambda coupon: coupon.coupon_id, lambda coupon: coupon)


@wallet.get("/claimable", summary="Coupons to claim", responses=refusals(InvalidRequest))
async def list_claimable(
    who: MaybeUser, shop: Wired, limit: Limit = 50, cursor: Cursor = None
) -> Page[ClaimableCoupon]:
    """What is offered now, newest first, and whether you may have another one. A coupon that takes a code is not listed."""
    found = await shop.coupons.claimable(
        who.user_id if who else None,
        shop.clock(),
        before=read_cursor(cursor, CouponTemplateId),
        limit=limit + 1,
    )
    return page(found, limit, lambda offered: offered.template_id, lambda offered: offered)


@wallet.get("/{coupon_id}", summary="A coupon of yours", responses=refusals(NotAuthenticated, CouponNotFound))
async def show_coupon(coupon_id: CouponId, who: CurrentUser, shop: Wired) -> Coupon:
    """With the terms it was claimed under, and the order that holds or used it."""
    return await shop.coupons.coupon_of(coupon_id, who.user_id)
