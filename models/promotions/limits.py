"""Purchase limits: how much of something one buyer may buy."""

from typing import Annotated

from pydantic import Field

from models.promotions.offers import Scope
from models.promotions.types import Count, Label, RuleStatus
from models.shared import Frozen, Instant
from models.shared.ids import CampaignId, PurchaseLimitId, SkuId


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
