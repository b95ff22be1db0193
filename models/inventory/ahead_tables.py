"""The tables of selling ahead of stock (migration `0004_ahead`); the others are in `tables.py`."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index
from sqlmodel import Field

from models.inventory.tables import InventoryTable
from models.shared.columns import identifier, moment, whole, words


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

    sku_id: str = identifier(key=True)
    warehouse_id: str = identifier(key=True)
    policy: str = words()
    ahead_limit: int = whole()
    within_days: int | None
    release_at: datetime | None = moment(nullable=True)
    version: int
    changed_at: datetime = moment()
    changed_by: str = words()


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

    claim_id: str = identifier(key=True)
    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    order_id: str = identifier()
    warehouse_id: str = identifier()
    sku_id: str = identifier()
    merchant_id: str = identifier()
    quantity: int = whole()
    policy: str = words()
    ships_by: datetime = moment()
    not_before: datetime | None = moment(nullable=True)
    state: str = words()
    claimed_at: datetime = moment()
    changed_at: datetime = moment()
