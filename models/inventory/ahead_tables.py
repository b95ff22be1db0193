"""The tables of selling ahead of stock (migration `0004_ahead`); the others are in `tables.py`."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Text
from sqlmodel import Field

from models.inventory.tables import InventoryTable
from models.shared.columns import IDENTIFIER, MOMENT


class AheadSaleTable(InventoryTable, table=True):
    """One row per level that an operator spoke about; the others never sell ahead."""

    __tablename__ = "ahead_sales"
    __table_args__ = (
        CheckConstraint("policy IN ('never', 'backorder', 'preorder')", name="ahead_sales_policy"),
        CheckConstraint(
            "(policy <> 'never') = (ahead_limit > 0) AND (policy = 'backorder') = (within_days IS NOT NULL) "
            "AND (policy = 'preorder') = (release_at IS NOT NULL)",
            name="ahead_sales_terms",
        ),
    )

    sku_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    warehouse_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    policy: str = Field(sa_type=Text)
    ahead_limit: int = Field(sa_type=BigInteger)
    within_days: int | None
    release_at: datetime | None = Field(sa_type=MOMENT)
    version: int
    changed_at: datetime = Field(sa_type=MOMENT)
    changed_by: str = Field(sa_type=Text)


class ClaimTable(InventoryTable, table=True):
    """What orders bought beyond stock. `number` is the place in the queue of the level: given under the lock of its row."""

    __tablename__ = "claims"
    __table_args__ = (
        Index("claims_by_level", "sku_id", "warehouse_id", "state", "number"),
        Index("claims_by_order", "order_id"),
        CheckConstraint("quantity > 0", name="claims_quantity"),
        CheckConstraint("state IN ('open', 'filled', 'committed', 'released')", name="claims_state"),
        CheckConstraint("policy IN ('backorder', 'preorder')", name="claims_policy"),
        CheckConstraint("(policy = 'preorder') = (not_before IS NOT NULL)", name="claims_not_before"),
    )

    claim_id: str = Field(primary_key=True, sa_type=IDENTIFIER)
    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    order_id: str = Field(sa_type=IDENTIFIER)
    warehouse_id: str = Field(sa_type=IDENTIFIER)
    sku_id: str = Field(sa_type=IDENTIFIER)
    merchant_id: str = Field(sa_type=IDENTIFIER)
    quantity: int = Field(sa_type=BigInteger)
    policy: str = Field(sa_type=Text)
    ships_by: datetime = Field(sa_type=MOMENT)
    not_before: datetime | None = Field(sa_type=MOMENT)
    state: str = Field(sa_type=Text)
    claimed_at: datetime = Field(sa_type=MOMENT)
    changed_at: datetime = Field(sa_type=MOMENT)
