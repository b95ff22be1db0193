"""The schema of database `promotions`, in its written form: rules, what orders used of them, purchase limits. The migration
creates it, a test compares. Coupons add theirs in `coupon_tables.py`.

Terms are kept whole as JSON; columns beside them repeat what statements look for. A `…_versions` table keeps every version
that ever was, and a trigger refuses to change it: a receipt is explained years later.
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
    MetaData,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from models.shared.columns import counting, identifier, moment, structure, whole, words


class PromotionsDatabase(SQLModel):
    """The base of every table in database `promotions`."""

    metadata = MetaData()


def status_check(table: str) -> CheckConstraint:
    """A rule's status is one of `models.promotions.types.RuleStatus`."""
    return CheckConstraint("status IN ('draft', 'active', 'paused', 'ended')", name=f"{table}_status")


def window_check(table: str) -> CheckConstraint:
    """A window has a length."""
    return CheckConstraint("starts_at < ends_at", name=f"{table}_window")


class CampaignTable(PromotionsDatabase, table=True):
    """Campaigns; the newest version of their terms."""

    __tablename__ = "campaigns"
    __table_args__ = (status_check("campaigns"), window_check("campaigns"))

    campaign_id: str = identifier(key=True)
    version: int
    status: str = words()
    terms: dict[str, Any] = structure()
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    created_at: datetime = moment()
    changed_at: datetime = moment()


class CampaignVersionTable(PromotionsDatabase, table=True):
    """Every version of a campaign."""

    __tablename__ = "campaign_versions"

    campaign_id: str = identifier(ForeignKey("campaigns.campaign_id"), key=True)
    version: int = Field(primary_key=True)
    terms: dict[str, Any] = structure()
    decided_at: datetime = moment()
    decided_by: str = identifier()


class PromotionTable(PromotionsDatabase, table=True):
    """Rules; the newest version of their terms, and what orders hold or have used of them, which never exceeds the budget."""

    __tablename__ = "promotions"
    __table_args__ = (
        status_check("promotions"),
        window_check("promotions"),
        CheckConstraint("least(used_orders, used_minor) >= 0", name="promotions_used"),
        CheckConstraint("used_minor <= budget_minor", name="promotions_budget"),
        CheckConstraint("used_orders <= total_limit", name="promotions_total_limit"),
        Index("promotions_on_offer", "ends_at", postgresql_where=text("status = 'active'")),
        Index(
            "promotions_by_campaign", "campaign_id", "promotion_id", postgresql_where=text("campaign_id IS NOT NULL")
        ),
    )

    promotion_id: str = identifier(key=True)
    version: int
    status: str = words()
    terms: dict[str, Any] = structure()
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    campaign_id: str | None = identifier(ForeignKey("campaigns.campaign_id"), nullable=True)
    currency: str = words()
    """Of `budget_minor` and `used_minor`; it never changes."""
    budget_minor: int | None = whole(nullable=True)
    total_limit: int | None = whole(nullable=True)
    per_user_limit: int | None = whole(nullable=True)
    used_orders: int = whole()
    used_minor: int = whole()
    created_at: datetime = moment()
    changed_at: datetime = moment()


class PromotionVersionTable(PromotionsDatabase, table=True):
    """Every version of a rule."""

    __tablename__ = "promotion_versions"

    promotion_id: str = identifier(ForeignKey("promotions.promotion_id"), key=True)
    version: int = Field(primary_key=True)
    terms: dict[str, Any] = structure()
    decided_at: datetime = moment()
    decided_by: str = identifier()


class OrderWithUsesTable(PromotionsDatabase, table=True):
    """One row per order that ever used a budget or limit, or was given up before it did."""

    __tablename__ = "orders_with_uses"
    __table_args__ = (CheckConstraint("state IN ('held', 'redeemed', 'returned')", name="orders_with_uses_state"),)

    order_id: str = identifier(key=True)
    state: str = words()
    changed_at: datetime = moment()


class PromotionUseTable(PromotionsDatabase, table=True):
    """What an order takes out of a rule's budget and limits. What is not returned counts."""

    __tablename__ = "promotion_uses"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'redeemed', 'returned')", name="promotion_uses_state"),
        CheckConstraint("saved_minor >= 0", name="promotion_uses_saved"),
        ForeignKeyConstraint(
            ["promotion_id", "version"], ["promotion_versions.promotion_id", "promotion_versions.version"]
        ),
        Index("promotion_uses_that_count", "user_id", "promotion_id", postgresql_where=text("state <> 'returned'")),
    )

    order_id: str = identifier(ForeignKey("orders_with_uses.order_id"), key=True)
    promotion_id: str = identifier(key=True)
    version: int
    user_id: str = identifier()
    currency: str = words()
    saved_minor: int = whole()
    state: str = words()
    taken_at: datetime = moment()
    changed_at: datetime = moment()


class PurchaseLimitTable(PromotionsDatabase, table=True):
    """Purchase limits; the newest version of their terms."""

    __tablename__ = "purchase_limits"
    __table_args__ = (
        status_check("purchase_limits"),
        window_check("purchase_limits"),
        Index("purchase_limits_in_force", "ends_at", postgresql_where=text("status = 'active'")),
        Index(
            "purchase_limits_by_campaign", "campaign_id", "limit_id", postgresql_where=text("campaign_id IS NOT NULL")
        ),
    )

    limit_id: str = identifier(key=True)
    version: int
    status: str = words()
    terms: dict[str, Any] = structure()
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    campaign_id: str | None = identifier(ForeignKey("campaigns.campaign_id"), nullable=True)
    created_at: datetime = moment()
    changed_at: datetime = moment()


class PurchaseLimitVersionTable(PromotionsDatabase, table=True):
    """Every version of a purchase limit."""

    __tablename__ = "purchase_limit_versions"

    limit_id: str = identifier(ForeignKey("purchase_limits.limit_id"), key=True)
    version: int = Field(primary_key=True)
    terms: dict[str, Any] = structure()
    decided_at: datetime = moment()
    decided_by: str = identifier()


class CountedOrderTable(PromotionsDatabase, table=True):
    """One row per order that ever counted against a limit, or was given up before it did. `asked` is a digest of what it
    asked, so that a repeat is told from another wish."""

    __tablename__ = "counted_orders"
    __table_args__ = (CheckConstraint("state IN ('counted', 'returned')", name="counted_orders_state"),)

    order_id: str = identifier(key=True)
    state: str = words()
    asked: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    changed_at: datetime = moment()


class PurchaseCountTable(PromotionsDatabase, table=True):
    """Units that count against a limit, with the version they were counted under. One buyer's rows are numbered in the order
    they were decided."""

    __tablename__ = "purchase_counts"
    __table_args__ = (
        UniqueConstraint("order_id", "limit_id", "sku_id", name="purchase_counts_once"),
        CheckConstraint("quantity > 0", name="purchase_counts_quantity"),
        ForeignKeyConstraint(
            ["limit_id", "version"], ["purchase_limit_versions.limit_id", "purchase_limit_versions.version"]
        ),
        Index(
            "purchase_counts_that_count",
            "user_id",
            "limit_id",
            "counted_at",
            postgresql_where=text("returned_at IS NULL"),
        ),
    )

    number: int = counting()
    order_id: str = identifier(ForeignKey("counted_orders.order_id"))
    limit_id: str = identifier()
    version: int
    sku_id: str = identifier()
    user_id: str = identifier()
    quantity: int = whole()
    counted_at: datetime = moment()
    returned_at: datetime | None = moment(nullable=True)
