"""The schema of the database `inventory`, in its written form. The migration creates it; a test compares the two.

Not tables to work with: stores speak SQL, and values that travel are in `types.py`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from models.shared.columns import IDENTIFIER, MOMENT, counting


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

    warehouse_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    merchant_id: str = Field(sa_type=IDENTIFIER)
    code: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    country: str = Field(sa_type=Text)
    region: str = Field(sa_type=Text)
    city: str = Field(sa_type=Text)
    postal_code: str = Field(sa_type=Text)
    latitude: Decimal | None = Field(sa_type=Numeric(9, 6))
    longitude: Decimal | None = Field(sa_type=Numeric(9, 6))
    outbound: str = Field(sa_type=Text)
    active: bool
    version: int
    created_at: datetime = Field(sa_type=MOMENT)


class SkuTable(InventoryTable, table=True):
    """Every SKU that was ever stocked and the one merchant it is stocked under."""

    __tablename__ = "skus"
    __table_args__ = (UniqueConstraint("sku_id", "merchant_id", name="skus_owner_key"),)

    sku_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    merchant_id: str = Field(sa_type=IDENTIFIER)


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

    sku_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    warehouse_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    merchant_id: str = Field(sa_type=IDENTIFIER)
    on_hand: int = Field(sa_type=BigInteger)
    reserved: int = Field(sa_type=BigInteger)
    safety: int = Field(sa_type=BigInteger)
    low_at: int = Field(sa_type=BigInteger)
    split_over: int = 0
    """Over how many rows of `stock_buckets` a part of it is spread, counted in `reserved`; 0 for nearly every level."""
    claimed: int = Field(0, sa_type=BigInteger)
    """Units of open claims."""
    not_before: datetime | None = Field(sa_type=MOMENT)
    """Until then only pre-orders are taken."""


class ReservationTable(InventoryTable, table=True):
    """One row per order that ever asked for stock, or was given up before it asked."""

    __tablename__ = "reservations"
    __table_args__ = (CheckConstraint("state IN ('held', 'committed', 'released')", name="reservations_state"),)

    order_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    state: str = Field(sa_type=Text)
    expires_at: datetime | None = Field(sa_type=MOMENT)
    changed_at: datetime = Field(sa_type=MOMENT)
    ahead: bool = False
    """Whether the order has claims as well."""


class ReservationLineTable(InventoryTable, table=True):
    """What is set aside where for an order; never changed but for `restocked`, the units that came back."""

    __tablename__ = "reservation_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="reservation_lines_quantity"),
        CheckConstraint("restocked BETWEEN 0 AND quantity", name="reservation_lines_restocked"),
    )

    order_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    warehouse_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    sku_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    merchant_id: str = Field(sa_type=IDENTIFIER)
    quantity: int = Field(sa_type=BigInteger)
    restocked: int = Field(sa_type=BigInteger)
    low_stock: dict[str, Any] | None = Field(sa_column=Column(JSONB, nullable=True))
    """The threshold that this line crossed: available, safety and low_at at that moment."""


class OperationTable(InventoryTable, table=True):
    """Every keyed operation that took effect, what was asked and what was answered: a repeat gets the same answer."""

    __tablename__ = "operations"

    operation: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=IDENTIFIER)
    asked: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    answered: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_type=MOMENT)


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

    transfer_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    merchant_id: str = Field(sa_type=IDENTIFIER)
    from_warehouse_id: str = Field(sa_type=IDENTIFIER)
    to_warehouse_id: str = Field(sa_type=IDENTIFIER)
    state: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)
    opened_by: str = Field(sa_type=Text)
    opened_at: datetime = Field(sa_type=MOMENT)
    left_at: datetime | None = Field(sa_type=MOMENT)
    changed_at: datetime = Field(sa_type=MOMENT)


class TransferLineTable(InventoryTable, table=True):
    """What goes, and what became of it; units of a transfer that left are in transit until one of the three counts them."""

    __tablename__ = "transfer_lines"
    __table_args__ = (
        ForeignKeyConstraint(["transfer_id"], ["transfers.transfer_id"], name="transfer_lines_transfer"),
        CheckConstraint("quantity > 0", name="transfer_lines_quantity"),
        CheckConstraint("least(arrived, returned, lost) >= 0", name="transfer_lines_counts"),
        CheckConstraint("arrived + returned + lost <= quantity", name="transfer_lines_whole"),
    )

    transfer_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    sku_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    quantity: int = Field(sa_type=BigInteger)
    arrived: int = Field(sa_type=BigInteger)
    returned: int = Field(sa_type=BigInteger)
    lost: int = Field(sa_type=BigInteger)


class AllocationTable(InventoryTable, table=True):
    """How a merchant's orders are spread over its warehouses, where that is not the usual way."""

    __tablename__ = "allocations"
    __table_args__ = (
        CheckConstraint("strategy IN ('nearest', 'fewest_parcels', 'split_by_nearest')", name="allocations_strategy"),
    )

    merchant_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    strategy: str = Field(sa_type=Text)
    version: int
    changed_at: datetime = Field(sa_type=MOMENT)
    changed_by: str = Field(sa_type=Text)


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
    warehouse_id: str = Field(sa_type=IDENTIFIER)
    sku_id: str = Field(sa_type=IDENTIFIER)
    delta: int = Field(sa_type=BigInteger)
    in_transit: int = Field(sa_type=BigInteger)
    """How many units came on their way between warehouses, or left it, with this movement."""
    on_hand_after: int = Field(sa_type=BigInteger)
    reason: str = Field(sa_type=Text)
    reference: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=MOMENT)
