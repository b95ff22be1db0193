"""Each domain's own audit: the store proves its promises in one snapshot."""

from typing import TYPE_CHECKING

from models.auditing.types import Finding, Invariant, Section

if TYPE_CHECKING:
    from datetime import datetime

    from stores.aftersales import AftersaleStore
    from stores.fulfillment import FulfillmentStore
    from stores.inventory import InventoryStore
    from stores.orders import OrderStore
    from stores.payments import PaymentStore
    from stores.points import PointsStore
    from stores.promotions import CouponStore, PromotionStore
    from stores.reviews import ReviewStore


async def stock(store: "InventoryStore", now: "datetime") -> Section:
    """Invariant 1: on_hand is the sum of the journal, reserved the sum of open reservations."""
    found = [
        Finding(
            check=broken.kind.value,
            subject=broken.order_id or f"{broken.warehouse_id} {broken.sku_id}",
            detail=broken.detail,
        )
        for broken in await store.audit(now)
    ]
    return Section.of(
        Invariant.STOCK, "Stock: every unit is explained", "every shelf, journal line, reservation and claim", found
    )


async def money(store: "PaymentStore", now: "datetime") -> Section:
    """Invariant 2: the ledger balances, nothing is kept twice or refunded above what came."""
    found = [
        Finding(check=broken.check, subject=broken.order_id or "ledger", detail=broken.detail)
        for broken in await store.audit(now)
    ]
    return Section.of(
        Invariant.MONEY,
        "Money: debits equal credits, nothing kept twice",
        "every payment, refund and ledger entry",
        found,
    )


async def orders(store: "OrderStore", parcels: "FulfillmentStore", now: "datetime") -> Section:
    """Sums, statuses, times, parcels and timeline of each order agree."""
    breaks = [*await store.audit(now), *await parcels.audit()]
    found = [Finding(check=broken.kind, subject=broken.order_id, detail=broken.detail) for broken in breaks]
    return Section.of(Invariant.ORDERS, "Orders: sums, states and parcels agree", "every order and parcel", found)


async def aftersales(store: "AftersaleStore") -> Section:
    """Each case's timeline, amounts and evidence agree with it."""
    found = [
        Finding(check=broken.kind, subject=broken.aftersale_id, detail=broken.detail) for broken in await store.audit()
    ]
    return Section.of(Invariant.AFTERSALES, "After-sales: every step is told", "every case, step and picture", found)


async def promotions(store: "PromotionStore") -> Section:
    """What rules and purchase limits say was used is what orders hold, and never more than allowed."""
    found = [
        Finding(check=broken.check, subject=broken.subject, detail=broken.detail) for broken in await store.breaks()
    ]
    return Section.of(
        Invariant.PROMOTIONS,
        "Promotions: budgets and limits are never exceeded",
        "every rule, use and counted purchase",
        found,
    )


async def coupons(store: "CouponStore") -> Section:
    """Invariant 3, coupons: each is in one state, with its order; claims are counted and limits hold."""
    found = [
        Finding(check=broken.check, subject=broken.subject, detail=broken.detail) for broken in await store.breaks()
    ]
    return Section.of(
        Invariant.COUPONS,
        "Coupons: each has one state and one order, limits hold",
        "every template, code and coupon",
        found,
    )


async def points(store: "PointsStore") -> Section:
    """Invariant 3, points: the balance is the sum of the ledger and of what lots hold; orders got back what they spent."""
    found = [
        Finding(check=broken.kind, subject=broken.order_id or broken.user_id or "ledger", detail=broken.detail)
        for broken in await store.audit()
    ]
    return Section.of(Invariant.POINTS, "Points: every point is explained", "every account, lot and ledger line", found)


async def reviews(store: "ReviewStore") -> Section:
    """What products are rated is what their published reviews add up to; votes and reports are counted exactly."""
    found = [
        Finding(check="rating_unexplained", subject=broken.spu_id, detail=broken.detail)
        for broken in await store.audit()
    ]
    return Section.of(
        Invariant.REVIEWS, "Reviews: ratings and votes are counted exactly", "every review, vote and summary", found
    )
