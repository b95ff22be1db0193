"""The coupons' part of the schema of database `promotions`, in its written form. The migration creates it; a test compares
the two.

Not tables to work with: stores speak SQL, and values that travel are in `types.py`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from models.promotions.tables import PromotionsDatabase, status_check
from models.shared.columns import identifier, moment, structure, whole, words


def _ids() -> Any:
    return Field(sa_column=Column(ARRAY(Text), nullable=False))


class CouponTemplateTable(PromotionsDatabase, table=True):
    """A template as it is now. `claimed` counts every coupon that was ever claimed from it, under the row's lock."""

    __tablename__ = "coupon_templates"
    __table_args__ = (
        status_check("coupon_templates"),
        CheckConstraint("claimed BETWEEN 0 AND coalesce(quantity, claimed)", name="coupon_templates_claimed"),
        CheckConstraint("per_user_limit > 0", name="coupon_templates_per_user_limit"),
    )

    template_id: str = identifier(key=True)
    version: int
    status: str = words()
    quantity: int | None = whole(nullable=True)
    per_user_limit: int = whole()
    by_code_only: bool
    claim_from: datetime = moment()
    claim_until: datetime = moment()
    campaign_id: str | None = identifier(ForeignKey("campaigns.campaign_id"), nullable=True)
    claimed: int = whole()
    created_at: datetime = moment()
    changed_at: datetime = moment()


class CouponTemplateVersionTable(PromotionsDatabase, table=True):
    """What a template said at a version. Never changed: coupons in wallets point here."""

    __tablename__ = "coupon_template_versions"

    template_id: str = identifier(ForeignKey("coupon_templates.template_id"), key=True)
    version: int = Field(primary_key=True)
    terms: dict[str, Any] = structure()
    decided_at: datetime = moment()
    decided_by: str = identifier()


class CouponClaimantTable(PromotionsDatabase, table=True):
    """How many coupons of a template one buyer has claimed, used ones included."""

    __tablename__ = "coupon_claimants"
    __table_args__ = (CheckConstraint("claimed >= 0", name="coupon_claimants_claimed"),)

    template_id: str = identifier(ForeignKey("coupon_templates.template_id"), key=True)
    user_id: str = identifier(key=True)
    claimed: int = whole()


class CouponBatchTable(PromotionsDatabase, table=True):
    """Codes that were made together."""

    __tablename__ = "coupon_batches"
    __table_args__ = (
        Index("coupon_batches_by_template", "template_id", "batch_id"),
        CheckConstraint("codes > 0", name="coupon_batches_codes"),
    )

    batch_id: str = identifier(key=True)
    template_id: str = identifier(ForeignKey("coupon_templates.template_id"))
    label: str = words()
    codes: int = whole()
    made_by: str = identifier()
    made_at: datetime = moment()
    voided_at: datetime | None = moment(nullable=True)


class CouponCodeTable(PromotionsDatabase, table=True):
    """A code's SHA-256, never the code; `coupon_id` is the coupon it became."""

    __tablename__ = "coupon_codes"
    __table_args__ = (
        UniqueConstraint("coupon_id", name="coupon_codes_make_one_coupon"),
        Index("coupon_codes_by_batch", "batch_id"),
    )

    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    batch_id: str = identifier(ForeignKey("coupon_batches.batch_id"))
    coupon_id: str | None = identifier(nullable=True)


class CouponTable(PromotionsDatabase, table=True):
    """Coupons in wallets, each in exactly one state. That one is over follows from `valid_until` alone."""

    __tablename__ = "coupons"
    __table_args__ = (
        ForeignKeyConstraint(
            ["template_id", "template_version"],
            ["coupon_template_versions.template_id", "coupon_template_versions.version"],
            name="coupons_claimed_under",
        ),
        UniqueConstraint("user_id", "claim_key", name="coupons_claimed_once"),
        CheckConstraint("state IN ('claimed', 'locked', 'redeemed', 'void')", name="coupons_state"),
        CheckConstraint("(state IN ('locked', 'redeemed')) = (order_id IS NOT NULL)", name="coupons_say_which_order"),
        CheckConstraint("(state IN ('locked', 'redeemed')) = (locked_at IS NOT NULL)", name="coupons_locked_says_when"),
        CheckConstraint("(state = 'redeemed') = (redeemed_at IS NOT NULL)", name="coupons_redeemed_says_when"),
        CheckConstraint("(state = 'void') = (voided_at IS NOT NULL)", name="coupons_void_says_when"),
        Index("coupons_by_user", "user_id", "coupon_id"),
        Index("coupons_by_template", "template_id", "coupon_id"),
        Index("coupons_by_order", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index("coupons_redeemed", "template_id", postgresql_where=text("state = 'redeemed'")),
    )

    coupon_id: str = identifier(key=True)
    template_id: str = identifier()
    template_version: int
    user_id: str = identifier()
    state: str = words()
    valid_from: datetime = moment()
    valid_until: datetime = moment()
    claimed_at: datetime = moment()
    claim_key: str = words()
    code: str | None = words(nullable=True)
    """With which code it was claimed. A used code is worth nothing."""
    order_id: str | None = identifier(nullable=True)
    locked_at: datetime | None = moment(nullable=True)
    redeemed_at: datetime | None = moment(nullable=True)
    voided_at: datetime | None = moment(nullable=True)


class HeldBenefitsTable(PromotionsDatabase, table=True):
    """What an order spends, one row an order; also for orders that were given up before they held anything."""

    __tablename__ = "held_benefits"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'redeemed', 'returned')", name="held_benefits_state"),
        CheckConstraint("points >= 0", name="held_benefits_points"),
        CheckConstraint("state = 'returned' OR user_id IS NOT NULL", name="held_benefits_are_somebodys"),
        CheckConstraint("(state = 'returned') = (returned_at IS NOT NULL)", name="held_benefits_returned_says_when"),
        CheckConstraint("state <> 'redeemed' OR redeemed_at IS NOT NULL", name="held_benefits_redeemed_says_when"),
        CheckConstraint("returned_coupons <@ coupons", name="held_benefits_return_what_was_held"),
        Index("held_benefits_open", "order_id", postgresql_where=text("state = 'held'")),
    )

    order_id: str = identifier(key=True)
    user_id: str | None = identifier(nullable=True)
    state: str = words()
    coupons: list[str] = _ids()
    points: int = whole()
    uses: list[Any] = structure()
    returned_coupons: list[str] = _ids()
    held_at: datetime | None = moment(nullable=True)
    redeemed_at: datetime | None = moment(nullable=True)
    returned_at: datetime | None = moment(nullable=True)


class SettledRefundTable(PromotionsDatabase, table=True):
    """Every refund that was settled, what was asked, and which coupons came back with it."""

    __tablename__ = "settled_refunds"
    __table_args__ = (Index("settled_refunds_by_order", "order_id"),)

    refund_id: str = identifier(key=True)
    order_id: str = identifier()
    asked: dict[str, Any] = structure()
    returned_coupons: list[str] = _ids()
    at: datetime = moment()
