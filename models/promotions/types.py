"""The language of promotions: rules with their versions, coupons, limits, and the breakdown that explains a price."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, StringConstraints

from models.promotions.offers import CouponOffer, Offer, Scope
from models.shared import Frozen, Instant, Money
from models.shared.ids import (
    BrandId,
    CampaignId,
    CategoryId,
    CouponId,
    CouponTemplateId,
    MerchantId,
    OrderId,
    PromotionId,
    PurchaseLimitId,
    SkuId,
    SpuId,
    UserId,
)

_NO_NUL = r"^[^\x00]*$"
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=_NO_NUL)]
Group = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
Terms = TypeVar("Terms")
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]

# ---- what a price is made of -----------------------------------------------------------------------------------------


class Source(StrEnum):
    """Where a reduction comes from; refunds treat each in its own way."""

    PROMOTION = "promotion"
    COUPON = "coupon"
    POINTS = "points"
    OPERATOR = "operator"
    """An operator asked less before payment."""


class Adjustment(Frozen):
    """One price reduction on one line, with the rule and its version that gave it. `amount` is positive: what is saved."""

    rule_id: str
    """A `PromotionId`, a `CouponTemplateId`, or the name of a built-in rule (`points`, `operator_price`)."""
    rule_version: int
    label: str
    amount: Money
    source: Source = Source.PROMOTION
    coupon_id: CouponId | None = None
    on_shipping: bool = False
    """Whether the shipping of the line got cheaper rather than its goods."""


Adjustments = Mapping[SkuId, tuple[Adjustment, ...]]


class AppliedOffer(Frozen):
    """An offer that counts, and what it saves over all lines."""

    rule_id: str
    rule_version: int
    label: str
    amount: Money
    source: Source = Source.PROMOTION
    coupon_id: CouponId | None = None


class MissedReason(StrEnum):
    """Why an offer that looks at something in the basket saves nothing."""

    SHORT = "short"
    """`short_by` worth of goods, or `short_units` units, are missing."""
    EXCLUDED = "excluded"
    """Another offer of its exclusion group saves more."""
    NOTHING_LEFT = "nothing_left"
    """Its budget is spent, or its limit is reached."""
    MEMBERS_ONLY = "members_only"
    NO_GAIN = "no_gain"
    """Other offers on the same lines already save as much or more."""
    NOT_IN_SCOPE = "not_in_scope"
    """A coupon that the buyer asked for, and nothing it looks at is in the basket."""


class MissedOffer(Frozen):
    """A promotion that almost applied, and what it takes: `spend 20.00 CNY more`."""

    rule_id: str
    label: str
    hint: str
    """One sentence for people, in English; programs and other languages use `reason` and the figures."""
    reason: MissedReason = MissedReason.SHORT
    short_by: Money | None = None
    short_units: int | None = None
    coupon_id: CouponId | None = None
    beaten_by: str | None = None
    """The `rule_id` that counts instead."""


class Breakdown(Frozen):
    """What offers make of a basket: which count, with each line's share, and which do not, and why.

    Shares sum to the whole of each offer, to the cent (largest remainder)."""

    adjustments: dict[SkuId, tuple[Adjustment, ...]] = Field(default_factory=dict)
    applied: tuple[AppliedOffer, ...] = ()
    missed: tuple[MissedOffer, ...] = ()


class OfferLine(Frozen):
    """A line as offers look at it; `shipping` is that of the whole line, None while it is not known where to."""

    sku_id: SkuId
    spu_id: SpuId
    merchant_id: MerchantId
    category_ids: tuple[CategoryId, ...] = ()
    brand_id: BrandId | None = None
    quantity: int
    unit_price: Money
    shipping: Money | None = None


class OfferInForce(Frozen):
    """One offer that may be used on a basket now, as the engine sees it: a rule's version, or a coupon in the buyer's hand."""

    source: Literal[Source.PROMOTION, Source.COUPON] = Source.PROMOTION
    rule_id: str
    rule_version: int
    label: str
    offer: Offer
    scope: Scope = Scope()
    priority: int = 0
    group: str | None = None
    members_only: bool = False
    coupon_id: CouponId | None = None
    left: Money | None = None
    """What remains of its budget; None is without limit. Zero: spent."""
    is_exhausted: bool = False
    """Whether a limit of uses, of this buyer or of all, is reached."""
    is_counted: bool = False
    """Whether it has a budget or a limit, so that an order which uses it must take its use first."""
    claws_back: bool = True
    """On a partial refund, whether what the rest no longer earns is taken from the refund."""


# ---- rules -----------------------------------------------------------------------------------------------------------


class RuleStatus(StrEnum):
    """Whether a rule is offered. Time windows apply on top of `active`."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    """For good."""


class PromotionTerms(Frozen):
    """What a rule says; a change makes a new version, and versions are kept for ever."""

    label: Label
    offer: Offer
    scope: Scope = Scope()
    starts_at: Instant
    ends_at: Instant
    """Exclusive."""
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    """Decides between offers that save alike; higher wins."""
    group: Group | None = None
    """Of the offers of one exclusion group at most one counts in an order."""
    members_only: bool = False
    campaign_id: CampaignId | None = None
    budget: Money | None = None
    """All that it may save, over all orders."""
    total_limit: Count | None = None
    """In how many orders it may count."""
    per_user_limit: Count | None = None
    """In how many orders of one buyer."""
    on_refund: Literal["claw_back", "keep"] = "claw_back"
    """When a part is returned and the rest no longer reaches the threshold."""


class Promotion(Frozen):
    """A rule as its database keeps it: the newest version, and what has been used of it."""

    promotion_id: PromotionId
    version: int
    status: RuleStatus
    terms: PromotionTerms
    used_orders: int = 0
    used_amount: Money
    created_at: Instant
    changed_at: Instant


class RunningPromotion(Frozen):
    """A rule that counts now, as buyers may know it; its window is narrowed by its campaign's."""

    promotion_id: PromotionId
    version: int
    label: str
    offer: Offer
    scope: Scope
    starts_at: Instant
    ends_at: Instant
    members_only: bool
    per_user_limit: int | None
    campaign: str | None
    """The name of its campaign."""


class CampaignTerms(Frozen):
    """A name and a time for rules, coupons and limits that belong together. Its window narrows theirs."""

    name: Label
    note: Annotated[str, StringConstraints(max_length=1000, pattern=_NO_NUL)] = ""
    starts_at: Instant
    ends_at: Instant


class Campaign(Frozen):
    """A campaign as its database keeps it. Pausing it pauses everything in it."""

    campaign_id: CampaignId
    version: int
    status: RuleStatus
    terms: CampaignTerms
    created_at: Instant
    changed_at: Instant


class TermsVersion(Frozen, Generic[Terms]):
    """What a rule, campaign or limit said at one of its versions, and who decided so."""

    version: int
    terms: Terms
    decided_at: Instant
    decided_by: UserId


class PromotionBreak(Frozen):
    """A figure of promotions that does not add up: which check, where, and in words."""

    check: str
    subject: str
    detail: str


# ---- coupons ---------------------------------------------------------------------------------------------------------


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


# ---- purchase limits -------------------------------------------------------------------------------------------------


class PurchaseLimitTerms(Frozen):
    """One buyer may buy at most `quantity` units of what is in scope (each SKU by itself, or all together) in a window."""

    label: Label
    scope: Scope
    quantity: Count
    each_sku: bool = True
    starts_at: Instant
    ends_at: Instant
    window_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """A rolling window of so many days; None counts the whole time from `starts_at` to `ends_at`."""
    campaign_id: CampaignId | None = None


class LeftToBuy(Frozen):
    """What one buyer may still buy under a limit, and what is asked of it."""

    limit_id: PurchaseLimitId
    label: str
    sku_id: SkuId | None = None
    """None: of everything in scope together."""
    most: int
    left: int
    asked: int

    @property
    def is_enough(self) -> bool:
        """Whether what is asked may be bought."""
        return self.asked <= self.left


class PurchaseLimit(Frozen):
    """A limit as its database keeps it."""

    limit_id: PurchaseLimitId
    version: int
    status: RuleStatus
    terms: PurchaseLimitTerms
    created_at: Instant
    changed_at: Instant
