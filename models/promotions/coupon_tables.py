"""The coupons' part of the schema of database `promotions`, in its written form. The migration creates it; a test compares
the two.

Not tables to work with: stores speak SQL, and values that travel are in `types.py`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class CouponsTable(SQLModel):
    """The base of these tables."""

    metadata = MetaData()


def _id(*foreign: ForeignKey, key: bool = False, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Text(collation="C"), *foreign, primary_key=key, nullable=nullable))


def _ids() -> Any:
    return Field(sa_column=Column(ARRAY(Text), nullable=False))


def _text(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Text, nullable=nullable))


def _count(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(BigInteger, nullable=nullable))


def _moment(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=nullable))


def _json(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(JSONB, nullable=nullable))


class CouponTemplateTable(CouponsTable, table=True):
    """A template as it is now. `claimed` counts every coupon that was ever claimed from it, under the row's lock."""

    __tablename__ = "coupon_templates"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'active', 'paused', 'ended')", name="coupon_templates_status"),
        CheckConstraint("claimed BETWEEN 0 AND coalesce(quantity, claimed)", name="coupon_templates_claimed"),
        CheckConstraint("per_user_limit > 0", name="coupon_templates_per_user_limit"),
    )

    template_id: str = _id(key=True)
    version: int = Field(sa_column=Column(Integer, nullable=False))
    status: str = _text()
    quantity: int | None = _count(nullable=True)
    per_user_limit: int = _count()
    by_code_only: bool
    claim_from: datetime = _moment()
    claim_until: datetime = _moment()
    claimed: int = _count()
    created_at: datetime = _moment()
    changed_at: datetime = _moment()


class CouponTemplateVersionTable(CouponsTable, table=True):
    """What a template said at a version. Never changed: coupons in wallets point here."""

    __tablename__ = "coupon_template_versions"

    template_id: str = _id(ForeignKey("coupon_templates.template_id"), key=True)
    version: int = Field(sa_column=Column(Integer, primary_key=True))
    terms: dict[str, Any] = _json()
    at: datetime = _moment()


class CouponClaimantTable(CouponsTable, table=True):
    """How many coupons of a template one buyer has claimed, used ones included."""

    __tablename__ = "coupon_claimants"
    __table_args__ = (CheckConstraint("claimed >= 0", name="coupon_claimants_claimed"),)

    template_id: str = _id(ForeignKey("coupon_templates.template_id"), key=True)
    user_id: str = _id(key=True)
    claimed: int = _count()


class CouponBatchTable(CouponsTable, table=True):
    """Codes that were made together."""

    __tablename__ = "coupon_batches"
    __table_args__ = (
        Index("coupon_batches_by_template", "template_id", "batch_id"),
        CheckConstraint("codes > 0", name="coupon_batches_codes"),
    )

    batch_id: str = _id(key=True)
    template_id: str = _id(ForeignKey("coupon_templates.template_id"))
    label: str = _text()
    codes: int = _count()
    made_by: str = _id()
    made_at: datetime = _moment()
    voided_at: datetime | None = _moment(nullable=True)


class CouponCodeTable(CouponsTable, table=True):
    """A code's SHA-256, never the code; `coupon_id` is the coupon it became."""

    __tablename__ = "coupon_codes"
    __table_args__ = (
        UniqueConstraint("coupon_id", name="coupon_codes_make_one_coupon"),
        Index("coupon_codes_by_batch", "batch_id"),
    )

    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    batch_id: str = _id(ForeignKey("coupon_batches.batch_id"))
    coupon_id: str | None = _id(nullable=True)


class CouponTable(CouponsTable, table=True):
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

    coupon_id: str = _id(key=True)
    template_id: str = _id()
    template_version: int = Field(sa_column=Column(Integer, nullable=False))
    user_id: str = _id()
    state: str = _text()
    valid_from: datetime = _moment()
    valid_until: datetime = _moment()
    claimed_at: datetime = _moment()
    claim_key: str = _text()
    code: str | None = _text(nullable=True)
    """With which code it was claimed. A used code is worth nothing."""
    order_id: str | None = _id(nullable=True)
    locked_at: datetime | None = _moment(nullable=True)
    redeemed_at: datetime | None = _moment(nullable=True)
    voided_at: datetime | None = _moment(nullable=True)


class HeldBenefitsTable(CouponsTable, table=True):
    """What an order spends, one row an order; also for orders that were given up before they held anything."""

    __tablename__ = "held_benefits"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'redeemed', 'returned')", name="held_benefits_state"),
        CheckConstraint("points >= 0", name="held_benefits_points"),
        CheckConstraint("state = 'returned' OR user_id IS NOT NULL", name="held_benefits_are_somebodys"),
        CheckConstraint("(state = 'returned') = (returned_at IS NOT NULL)", name="held_benefits_returned_says_when"),
        CheckConstraint("state <> 'redeemed' OR redeemed_at IS NOT NULL", name="held_benefits_redeemed_says_when"),
        CheckConstraint("returned_coupons <@ coupons", name="held_benefits_return_what_was_held"),
    )

    order_id: str = _id(key=True)
    user_id: str | None = _id(nullable=True)
    state: str = _text()
    coupons: list[str] = _ids()
    points: int = _count()
    uses: list[Any] = _json()
    returned_coupons: list[str] = _ids()
    held_at: datetime | None = _moment(nullable=True)
    redeemed_at: datetime | None = _moment(nullable=True)
    returned_at: datetime | None = _moment(nullable=True)


class SettledRefundTable(CouponsTable, table=True):
    """Every refund that was settled, what was asked, and which coupons came back with it."""

    __tablename__ = "settled_refunds"
    __table_args__ = (Index("settled_refunds_by_order", "order_id"),)

    refund_id: str = _id(key=True)
    order_id: str = _id()
    asked: dict[str, Any] = _json()
    returned_coupons: list[str] = _ids()
    at: datetime = _moment()
