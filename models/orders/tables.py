"""The schema of the orders domain in database `orders`, in its written form; the migration creates it, a test compares.

The tables of fulfillment live in the same database (`models/fulfillment/tables.py`), so that a parcel's step and what it
makes of its order are one transaction.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.shared.columns import counting, identifier, moment, structure, whole, words


class OrdersDatabase(SQLModel):
    """The base of every table in database `orders`."""

    metadata = MetaData()


def order_reference(*, key: bool = False) -> Any:
    """The order that a row belongs to."""
    return identifier(ForeignKey("orders.order_id"), key=key)


class OrderTable(OrdersDatabase, table=True):
    """An order. `opened_as` is the digest of what it was opened with, so that a repeated opening is told from another."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("status IN ('pending_payment', 'paid', 'completed', 'cancelled')", name="orders_status"),
        CheckConstraint(
            "payment_status IN ('unpaid', 'paid', 'refunding', 'part_refunded', 'refunded')",
            name="orders_payment_status",
        ),
        CheckConstraint(
            "fulfillment_status IN ('unfulfilled', 'part_shipped', 'shipped', 'delivered', 'stopped')",
            name="orders_fulfillment_status",
        ),
        CheckConstraint(
            "cancel_reason IN ('payment_timeout', 'by_user', 'by_operator', 'stock_commit_failed', 'refused')",
            name="orders_cancel_reason",
        ),
        CheckConstraint("total_minor = goods_minor - discount_minor + shipping_minor", name="orders_sum"),
        CheckConstraint("least(goods_minor, discount_minor, shipping_minor, total_minor) >= 0", name="orders_amounts"),
        CheckConstraint("refunded_minor BETWEEN 0 AND total_minor", name="orders_refunded"),
        CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="orders_cancelled_at"),
        CheckConstraint("(cancelled_at IS NULL) = (cancel_reason IS NULL)", name="orders_cancelled_because"),
        CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name="orders_completed_at"),
        CheckConstraint("(payment_status = 'unpaid') = (paid_at IS NULL)", name="orders_paid_at"),
        CheckConstraint("status NOT IN ('paid', 'completed') OR paid_at IS NOT NULL", name="orders_paid_first"),
        CheckConstraint("points >= 0", name="orders_points"),
        UniqueConstraint("payment_id", name="orders_payment_key"),
        Index("orders_by_user", "user_id", "order_id"),
        Index("orders_by_status", "status", "order_id"),
        Index("orders_by_time", "placed_at"),
    )

    order_id: str = identifier(key=True)
    user_id: str = identifier()
    status: str = words()
    payment_status: str = words()
    fulfillment_status: str = words()
    currency: str = words()
    goods_minor: int = whole()
    discount_minor: int = whole()
    shipping_minor: int = whole()
    total_minor: int = whole()
    refunded_minor: int = whole()
    address_id: str | None = identifier(nullable=True)
    address: dict[str, Any] = structure()
    note: str = words()
    payment_id: str = identifier()
    placed_at: datetime = moment()
    payment_due_at: datetime = moment()
    paid_at: datetime | None = moment(nullable=True)
    completed_at: datetime | None = moment(nullable=True)
    cancelled_at: datetime | None = moment(nullable=True)
    cancel_reason: str | None = words(nullable=True)
    aftersale_until: datetime | None = moment(nullable=True)
    hidden: bool
    opened_as: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    version: int
    points: int = whole(default=0)


class OrderLineTable(OrdersDatabase, table=True):
    """What was bought, as it was priced then."""

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="order_lines_quantity"),
        CheckConstraint("goods_minor = unit_price_minor * quantity", name="order_lines_goods"),
        CheckConstraint("total_minor = goods_minor - discount_minor + shipping_minor", name="order_lines_sum"),
        CheckConstraint(
            "least(unit_price_minor, discount_minor, shipping_minor, total_minor) >= 0", name="order_lines_amounts"
        ),
        UniqueConstraint("order_id", "sku_id", name="order_lines_sku_key"),
        Index("order_lines_by_merchant", "merchant_id", "order_id"),
        Index("order_lines_by_title", "title", postgresql_using="gin", postgresql_ops={"title": "gin_trgm_ops"}),
    )

    order_id: str = order_reference(key=True)
    line_no: int = Field(primary_key=True)
    sku_id: str = identifier()
    spu_id: str = identifier()
    merchant_id: str = identifier()
    title: str = words()
    options: str = words()
    image_url: str | None = words(nullable=True)
    quantity: int
    unit_price_minor: int = whole()
    goods_minor: int = whole()
    discount_minor: int = whole()
    shipping_minor: int = whole()
    total_minor: int = whole()
    weight_g: int = whole()
    category_ids: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    brand_id: str | None = identifier(nullable=True)
    adjustments: list[dict[str, Any]] = structure()


class OrderParcelTable(OrdersDatabase, table=True):
    """The sub-orders: what one warehouse of one merchant ships (R7.5)."""

    __tablename__ = "order_parcels"
    __table_args__ = (UniqueConstraint("order_id", "position", name="order_parcels_position_key"),)

    shipment_id: str = identifier(key=True)
    order_id: str = order_reference()
    position: int
    merchant_id: str = identifier()
    warehouse_id: str = identifier()
    items: list[dict[str, Any]] = structure()
    waits: dict[str, Any] | None = structure(nullable=True)
    """The claim it waits for and what was promised; null for goods that lay there."""


class DiscardedOrderTable(OrdersDatabase, table=True):
    """Orders that were given up before they were opened: a late opening finds its id here."""

    __tablename__ = "discarded_orders"

    order_id: str = identifier(key=True)
    at: datetime = moment()


class OrderRefundTable(OrdersDatabase, table=True):
    """Money that went back, once per refund."""

    __tablename__ = "order_refunds"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="order_refunds_amount"),
        Index("order_refunds_by_order", "order_id"),
    )

    refund_id: str = identifier(key=True)
    order_id: str = order_reference()
    amount_minor: int = whole()
    sku_ids: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    at: datetime = moment()


class OrderReturnTable(OrdersDatabase, table=True):
    """Units that went back as money, once per refund, as it was proposed then."""

    __tablename__ = "order_returns"
    __table_args__ = (
        CheckConstraint("least(paid_minor, amount_minor) >= 0", name="order_returns_amounts"),
        Index("order_returns_by_order", "order_id"),
    )

    refund_id: str = identifier(key=True)
    order_id: str = order_reference()
    proposal: dict[str, Any] = structure()
    paid_minor: int = whole()
    amount_minor: int = whole()
    at: datetime = moment()


class OrderClaimTable(OrdersDatabase, table=True):
    """Units that an after-sale speaks of. `refund_id` once the case pays: then they are among the order's returns."""

    __tablename__ = "order_claims"
    __table_args__ = (
        Index("order_claims_by_order", "order_id"),
        Index("order_claims_by_refund", "refund_id", unique=True, postgresql_where=text("refund_id IS NOT NULL")),
    )

    aftersale_id: str = identifier(key=True)
    order_id: str = order_reference()
    lines: list[dict[str, Any]] = structure()
    refund_id: str | None = identifier(nullable=True)
    at: datetime = moment()


class OrderTimelineTable(OrdersDatabase, table=True):
    """Append-only: what happened to an order. It may begin before the order stands, so it refers to none."""

    __tablename__ = "order_timeline"
    __table_args__ = (
        UniqueConstraint("order_id", "at", "step", "actor", "detail", name="order_timeline_once"),
        CheckConstraint("length(detail) <= 500", name="order_timeline_detail"),
    )

    number: int = counting()
    order_id: str = identifier()
    at: datetime = moment()
    step: str = words()
    actor: str = words()
    detail: str = words()
    workflow_id: str | None = words(nullable=True)


class OrderNoteTable(OrdersDatabase, table=True):
    """What operators wrote down."""

    __tablename__ = "order_notes"
    __table_args__ = (Index("order_notes_by_order", "order_id"),)

    number: int = counting()
    order_id: str = order_reference()
    at: datetime = moment()
    author: str = identifier()
    text: str = words()


class OrderInvoiceTable(OrdersDatabase, table=True):
    """To whom the invoice is made out."""

    __tablename__ = "order_invoices"
    __table_args__ = (
        CheckConstraint("kind IN ('personal', 'company')", name="order_invoices_kind"),
        CheckConstraint("kind = 'personal' OR tax_id <> ''", name="order_invoices_company"),
    )

    order_id: str = order_reference(key=True)
    kind: str = words()
    title: str = words()
    tax_id: str = words()
    email: str = words()
    changed_at: datetime = moment()


class ShippingRateTable(OrdersDatabase, table=True):
    """What merchants ask for sending goods; see `ShippingRate`."""

    __tablename__ = "shipping_rates"
    __table_args__ = (
        UniqueConstraint(
            "merchant_id",
            "sku_id",
            "country",
            "postal_prefix",
            name="shipping_rates_key",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("least(base_minor, per_unit_minor) >= 0", name="shipping_rates_amounts"),
    )

    number: int = counting()
    merchant_id: str = identifier()
    sku_id: str | None = identifier(nullable=True)
    country: str = words()
    postal_prefix: str = words()
    currency: str = words()
    base_minor: int = whole()
    per_unit_minor: int = whole()
