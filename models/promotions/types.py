"""The language of promotions: rules with their versions, and the breakdown that explains a price. Coupons and purchase limits
have files of their own."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, StringConstraints

from models.promotions.offers import Offer, Scope
from models.shared import Frozen, Instant, Money
from models.shared.ids import (
    BrandId,
    CampaignId,
    CategoryId,
    CouponId,
    MerchantId,
    PromotionId,
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
