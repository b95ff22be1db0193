"""The tables of stock that is split over rows (migration `0002_hot_stock`); the others are in `tables.py`."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from models.inventory.tables import InventoryTable
from models.shared.columns import identifier, moment, whole, words


class SplitStockTable(InventoryTable, table=True):
    """One row per level that was ever hot or that an operator spoke about; `since` says that it is to be split now."""

    __tablename__ = "split_stock"
    __table_args__ = (
        CheckConstraint("mode IN ('automatic', 'always', 'never')", name="split_stock_mode"),
        CheckConstraint("rows BETWEEN 2 AND 64", name="split_stock_rows"),
    )

    sku_id: str = identifier(key=True)
    warehouse_id: str = identifier(key=True)
    mode: str = words()
    rows: int
    since: datetime | None = moment(nullable=True)
    busy_at: datetime = moment()
    version: int


class StockBucketTable(InventoryTable, table=True):
    """Units set aside from a level's row (they count in its `reserved`) that crowds buy without touching that row."""

    __tablename__ = "stock_buckets"
    __table_args__ = (CheckConstraint("free >= 0", name="stock_buckets_free"),)

    sku_id: str = identifier(key=True)
    warehouse_id: str = identifier(key=True)
    bucket: int = Field(primary_key=True)
    free: int = whole()
