"""The schema of the database `inventory`, in its written form. The migration creates it; a test compares the two.

Not tables to work with: stores speak SQL, and values that travel are in `types.py`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Numeric,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from models.shared.columns import counting, identifier, moment, structure, whole, words


class InventoryTable(SQLModel):
    """The base of this database's tables."""

    metadata = MetaData()


class WarehouseTable(InventoryTable, table=True):
    """Places that hold stock; each belongs to one merchant for good."""

    __tablename__ = "warehouses"
    __table_args__ = (
        UniqueConstraint("code", name="warehouses_code_key"),
        UniqueConstraint("warehouse_id", "merchant_id", name="warehouses_owner_key"),
        CheckConstraint("outbound IN ('automatic', 'manual')", name="warehouses_outbound"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="warehouses_coordinates"),
    )

    warehouse_id: str = identifier(key=True)
    merchant_id: str = identifier()
    code: str = words()
    name: str = words()
    country: str = words()
    region: str = words()
    city: str = words()
    postal_code: str = words()
    latitude: Decimal | None = Field(sa_type=Numeric(9, 6))
    longitude: Decimal | None = Field(sa_type=Numeric(9, 6))
    outbound: str = words()
    active: bool
    version: int
    created_at: datetime = moment()


class SkuTable(InventoryTable, table=True):
    """Every SKU that was ever stocked and the one merchant it is stocked under."""

    __tablename__ = "skus"
    __table_args__ = (UniqueConstraint("sku_id", "merchant_id", name="skus_owner_key"),)

    sku_id: str = identifier(key=True)
    merchant_id: str = identifier()


class StockTable(InventoryTable, table=True):
    """One row per SKU and warehouse; the checks make negative stock impossible whatever the code does."""

    __tablename__ = "stock"
    __table_args__ = (
        Index("stock_by_warehouse", "warehouse_id", "sku_id", unique=True),
        ForeignKeyConstraint(
            ["warehouse_id", "merchant_id"],
            ["warehouses.warehouse_id", "warehouses.merchant_id"],
            name="stock_in_own_warehouse",
        ),
        ForeignKeyConstraint(
            ["sku_id", "merchant_id"], ["skus.sku_id", "skus.merchant_id"], name="stock_of_one_merchant"
        ),
        CheckConstraint("on_hand >= 0", name="stock_on_hand"),
        CheckConstraint("reserved >= 0", name="stock_reserved"),
        CheckConstraint("reserved <= on_hand", name="stock_promised"),
        CheckConstraint("safety >= 0", name="stock_safety"),
        CheckConstraint("low_at >= 0", name="stock_low_at"),
        CheckConstraint("claimed >= 0", name="stock_claimed"),
    )

    sku_id: str = identifier(key=True)
    warehouse_id: str = identifier(key=True)
    merchant_id: str = identifier()
    on_hand: int = whole()
    reserved: int = whole()
    safety: int = whole()
    low_at: int = whole()
    split_over: int = 0
    """Over how many rows of `stock_buckets` a part of it is spread, counted in `reserved`; 0 for nearly every level."""
    claimed: int = Field(0, sa_type=BigInteger)
    """Units of open claims."""
    not_before: datetime | None = moment(nullable=True)
    """Until then only pre-orders are taken."""


class ReservationTable(InventoryTable, table=True):
    """One row per order that ever asked for stock, or was given up before it asked."""

    __tablename__ = "reservations"
    __table_args__ = (CheckConstraint("state IN ('held', 'committed', 'released')", name="reservations_state"),)

    order_id: str = identifier(key=True)
    state: str = words()
    expires_at: datetime | None = moment(nullable=True)
    changed_at: datetime = moment()
    ahead: bool = False
    """Whether the order has claims as well."""


class ReservationLineTable(InventoryTable, table=True):
    """What is set aside where for an order; never changed but for `restocked`, the units that came back."""

    __tablename__ = "reservation_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="reservation_lines_quantity"),
        CheckConstraint("restocked BETWEEN 0 AND quantity", name="reservation_lines_restocked"),
    )

    order_id: str = identifier(key=True)
    warehouse_id: str = identifier(key=True)
    sku_id: str = identifier(key=True)
    merchant_id: str = identifier()
    quantity: int = whole()
    restocked: int = whole()
    low_stock: dict[str, Any] | None = structure(nullable=True)
    """The threshold that this line crossed: available, safety and low_at at that moment."""


class OperationTable(InventoryTable, table=True):
    """Every keyed operation that took effect, what was asked and what was answered: a repeat gets the same answer."""

    __tablename__ = "operations"

    operation: str = words(key=True)
    key: str = identifier(key=True)
    asked: dict[str, Any] = structure()
    answered: dict[str, Any] = structure()
    at: datetime = moment()


class TransferTable(InventoryTable, table=True):
    """Goods that go from one warehouse of a merchant to another."""

    __tablename__ = "transfers"
    __table_args__ = (
        Index("transfers_by_state", "state", "transfer_id"),
        ForeignKeyConstraint(
            ["from_warehouse_id", "merchant_id"],
            ["warehouses.warehouse_id", "warehouses.merchant_id"],
            name="transfers_from",
        ),
        ForeignKeyConstraint(
            ["to_warehouse_id", "merchant_id"],
            ["warehouses.warehouse_id", "warehouses.merchant_id"],
            name="transfers_to",
        ),
        CheckConstraint("from_warehouse_id <> to_warehouse_id", name="transfers_go_elsewhere"),
        CheckConstraint(
            "state IN ('planned', 'in_transit', 'returning', 'completed', 'cancelled')", name="transfers_state"
        ),
        CheckConstraint("state NOT IN ('in_transit', 'returning') OR left_at IS NOT NULL", name="transfers_left"),
    )

    transfer_id: str = identifier(key=True)
    merchant_id: str = identifier()
    from_warehouse_id: str = identifier()
    to_warehouse_id: str = identifier()
    state: str = words()
    note: str = words()
    opened_by: str = words()
    opened_at: datetime = moment()
    left_at: datetime | None = moment(nullable=True)
    changed_at: datetime = moment()


class TransferLineTable(InventoryTable, table=True):
    """What goes, and what became of it; units of a transfer that left are in transit until one of the three counts them."""

    __tablename__ = "transfer_lines"
    __table_args__ = (
        ForeignKeyConstraint(["transfer_id"], ["transfers.transfer_id"], name="transfer_lines_transfer"),
        CheckConstraint("quantity > 0", name="transfer_lines_quantity"),
        CheckConstraint("least(arrived, returned, lost) >= 0", name="transfer_lines_counts"),
        CheckConstraint("arrived + returned + lost <= quantity", name="transfer_lines_whole"),
    )

    transfer_id: str = identifier(key=True)
    sku_id: str = identifier(key=True)
    quantity: int = whole()
    arrived: int = whole()
    returned: int = whole()
    lost: int = whole()


class AllocationTable(InventoryTable, table=True):
    """How a merchant's orders are spread over its warehouses, where that is not the usual way."""

    __tablename__ = "allocations"
    __table_args__ = (
        CheckConstraint("strategy IN ('nearest', 'fewest_parcels', 'split_by_nearest')", name="allocations_strategy"),
    )

    merchant_id: str = identifier(key=True)
    strategy: str = words()
    version: int
    changed_at: datetime = moment()
    changed_by: str = words()


class JournalTable(InventoryTable, table=True):
    """Append-only: each change of `on_hand` and why. A trigger refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("journal_by_stock", "warehouse_id", "sku_id", "number"),
        Index("journal_by_reference", "reference"),
        CheckConstraint("on_hand_after >= 0", name="journal_on_hand_after"),
        CheckConstraint("delta <> 0 OR reason IN ('count', 'transfer_lost')", name="journal_moves"),
        CheckConstraint(
            "reason IN ('receive', 'adjust', 'count', 'commit', 'restock', 'transfer_out', 'transfer_in', 'transfer_lost')",
            name="journal_reason",
        ),
        CheckConstraint(
            "CASE reason WHEN 'transfer_out' THEN delta < 0 AND in_transit = -delta "
            "WHEN 'transfer_in' THEN delta > 0 AND in_transit = -delta "
            "WHEN 'transfer_lost' THEN delta = 0 AND in_transit < 0 ELSE in_transit = 0 END",
            name="journal_in_transit",
        ),
    )

    number: int = counting()
    warehouse_id: str = identifier()
    sku_id: str = identifier()
    delta: int = whole()
    in_transit: int = whole()
    """How many units came on their way between warehouses, or left it, with this movement."""
    on_hand_after: int = whole()
    reason: str = words()
    reference: str = words()
    actor: str = words()
    note: str = words()
    at: datetime = moment()
