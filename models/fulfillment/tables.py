"""The schema of the fulfillment domain, in database `orders`; the migration creates it, a test compares the two."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlmodel import Field

from models.orders.tables import OrdersDatabase, order_reference
from models.shared.columns import identifier, moment, structure, words


class ShipmentTable(OrdersDatabase, table=True):
    """A parcel. `round` counts how often it was packed: 2 after the first reshipment. `picked` is null until a short pick."""

    __tablename__ = "shipments"
    __table_args__ = (
        CheckConstraint(
            "status IN ('waiting', 'picking', 'outbound', 'shipped', 'delivered', 'signed', 'exception', 'returning', 'returned',"
            " 'stopped')",
            name="shipments_status",
        ),
        CheckConstraint("exception IN ('address_error', 'lost', 'damaged', 'refused')", name="shipments_exception"),
        CheckConstraint("(carrier IS NULL) = (waybill IS NULL)", name="shipments_waybill"),
        CheckConstraint(
            "status NOT IN ('shipped', 'delivered', 'signed', 'returning', 'returned') OR shipped_at IS NOT NULL",
            name="shipments_shipped_at",
        ),
        CheckConstraint(
            "status NOT IN ('shipped', 'delivered') OR waybill IS NOT NULL", name="shipments_under_waybill"
        ),
        CheckConstraint("(status = 'signed') = (signed_at IS NOT NULL)", name="shipments_signed_at"),
        CheckConstraint("status <> 'exception' OR exception IS NOT NULL", name="shipments_troubled"),
        CheckConstraint("round > 0", name="shipments_round"),
        Index("shipments_by_order", "order_id"),
        Index("shipments_by_status", "status", "shipment_id"),
        Index("shipments_by_waybill", "carrier", "waybill", postgresql_where=text("waybill IS NOT NULL")),
        Index(
            "shipments_under_way",
            "polled_at",
            postgresql_where=text(
                "waybill IS NOT NULL AND status IN ('shipped', 'delivered', 'exception', 'returning')"
            ),
        ),
        Index("shipments_delivered", "delivered_at", postgresql_where=text("status = 'delivered'")),
        Index("shipments_troubled", "exception", "shipment_id", postgresql_where=text("exception IS NOT NULL")),
        Index("shipments_of_exchange", "aftersale_id", postgresql_where=text("aftersale_id IS NOT NULL")),
    )

    shipment_id: str = identifier(key=True)
    order_id: str = order_reference()
    merchant_id: str = identifier()
    warehouse_id: str = identifier()
    items: list[dict[str, Any]] = structure()
    picked: list[dict[str, Any]] | None = structure(nullable=True)
    status: str = words()
    carrier: str | None = words(nullable=True)
    waybill: str | None = words(nullable=True)
    exception: str | None = words(nullable=True)
    round: int
    created_at: datetime = moment()
    shipped_at: datetime | None = moment(nullable=True)
    signed_at: datetime | None = moment(nullable=True)
    polled_at: datetime = moment()
    version: int
    estimated_at: datetime | None = moment(nullable=True)
    delivered_at: datetime | None = moment(nullable=True)
    aftersale_id: str | None = identifier(nullable=True)


class ShipmentWaybillTable(OrdersDatabase, table=True):
    """Every waybill a parcel ever had; a number belongs to one parcel for good."""

    __tablename__ = "shipment_waybills"
    __table_args__ = (UniqueConstraint("carrier", "waybill", name="shipment_waybills_key"),)

    shipment_id: str = identifier(ForeignKey("shipments.shipment_id"), key=True)
    round: int = Field(primary_key=True)
    carrier: str = words()
    waybill: str = words()
    at: datetime = moment()


class TrackingTable(OrdersDatabase, table=True):
    """What carriers and operators reported about a parcel, each report once."""

    __tablename__ = "tracking"

    shipment_id: str = identifier(ForeignKey("shipments.shipment_id"), key=True)
    event_id: str = identifier(key=True)
    status: str = words()
    place: str = words()
    at: datetime = moment()
    detail: str = words()


class ReturnParcelTable(OrdersDatabase, table=True):
    """A parcel that comes back for an after-sale."""

    __tablename__ = "return_parcels"
    __table_args__ = (
        UniqueConstraint("carrier", "waybill", name="return_parcels_key"),
        Index("return_parcels_by_order", "order_id"),
    )

    aftersale_id: str = identifier(key=True)
    order_id: str = order_reference()
    warehouse_id: str = identifier()
    items: list[dict[str, Any]] = structure()
    carrier: str = words()
    waybill: str = words()
    state: str = words()
    pickup_at: datetime | None = moment(nullable=True)
    estimated_at: datetime | None = moment(nullable=True)
    booked_at: datetime = moment()
    cancelled_at: datetime | None = moment(nullable=True)
    polled_at: datetime = moment()


class ReturnTrackingTable(OrdersDatabase, table=True):
    """What carriers reported about a returning parcel, each report once."""

    __tablename__ = "return_tracking"

    aftersale_id: str = identifier(ForeignKey("return_parcels.aftersale_id"), key=True)
    event_id: str = identifier(key=True)
    status: str = words()
    place: str = words()
    at: datetime = moment()
    detail: str = words()
