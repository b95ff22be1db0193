"""Coupons: what a template says, and one coupon in one wallet."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from models.promotions.offers import CouponOffer, Scope
from models.promotions.types import Count, Group, Label, RuleStatus
from models.shared import Frozen, Instant
from models.shared.ids import CampaignId, CouponId, CouponTemplateId, OrderId, UserId


class GiveBack(StrEnum):
    """When a spent coupon returns to its owner."""

    ON_CANCEL = "on_cancel"
    """When the order is cancelled before a parcel left."""
    ON_WHOLE_REFUND = "on_whole_refund"
    """Then too, and when everything the order held has been refunded."""
    NEVER = "never"
    """Not once it is redeemed. A coupon that was only locked always returns."""


class CouponTerms(Frozen):
    """What coupons of a template say; a change makes a new version and does not touch coupons in wallets."""

    label: Label
    offer: CouponOffer
    scope: Scope = Scope()
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    group: Group | None = "coupon"
    """By default one coupon an order."""
    members_only: bool = False
    campaign_id: CampaignId | None = None
    claim_from: Instant
    claim_until: Instant
    """Exclusive."""
    valid_from: Instant | None = None
    """None: from the moment it is claimed."""
    valid_until: Instant | None = None
    valid_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """So many days from the claim; the earlier of this and `valid_until`. At least one of the two is set."""
    quantity: Count | None = None
    """How many can be claimed in all."""
    per_user_limit: Count = 1
    by_code_only: bool = False
    """Claimed with a code of a batch, not from the list."""
    give_back: GiveBack = GiveBack.ON_CANCEL
    on_refund: Literal["claw_back", "keep"] = "claw_back"


class CouponTemplate(Frozen):
    """A template as its database keeps it."""

    template_id: CouponTemplateId
    version: int
    status: RuleStatus
    terms: CouponTerms
    claimed: int = 0
    redeemed: int = 0
    created_at: Instant
    changed_at: Instant


class CouponState(StrEnum):
    """Each coupon is in exactly one."""

    CLAIMED = "claimed"
    """In the wallet; usable while it is valid."""
    LOCKED = "locked"
    """Held by an order that is not paid yet."""
    REDEEMED = "redeemed"
    VOID = "void"
    """Taken back by an operator."""


class Coupon(Frozen):
    """One coupon in one wallet. It carries the terms of the template version it was claimed under."""

    coupon_id: CouponId
    template_id: CouponTemplateId
    template_version: int
    user_id: UserId
    state: CouponState
    terms: CouponTerms
    valid_from: Instant
    valid_until: Instant
    claimed_at: Instant
    code: str | None = None
    order_id: OrderId | None = None
    """The order that locks or redeemed it."""
    locked_at: Instant | None = None
    redeemed_at: Instant | None = None
