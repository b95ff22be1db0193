"""How coupons are looked at: a wallet and its filters, what can be claimed, codes that were made together."""

from enum import StrEnum

from models.promotions.coupons import CouponTerms
from models.promotions.types import Label
from models.shared import Frozen, Instant
from models.shared.ids import CouponBatchId, CouponTemplateId, UserId

MOST_CODES = 100_000
"""Codes of one batch."""


class WalletFilter(StrEnum):
    """Which coupons of a wallet. One that an operator took back is in none of them, only in the whole."""

    USABLE = "usable"
    """In hand and not over; `valid_from` says from when it counts."""
    LOCKED = "locked"
    """Held by an order that is not paid yet."""
    USED = "used"
    EXPIRED = "expired"
    """Over without having been used."""


class ClaimableCoupon(Frozen):
    """A template that is offered now, as one buyer sees it."""

    template_id: CouponTemplateId
    version: int
    terms: CouponTerms
    left: int | None
    """How many can still be claimed by anyone; None is without limit."""
    claimed: int
    """How many this buyer has claimed."""
    is_claimable: bool
    """Whether this buyer may claim another one."""


class CouponBatch(Frozen):
    """Codes that were made together. The codes themselves were shown once and are not kept."""

    batch_id: CouponBatchId
    template_id: CouponTemplateId
    label: Label
    codes: int
    used: int
    made_by: UserId
    made_at: Instant
    voided_at: Instant | None
    """Since when its unused codes are worth nothing."""
