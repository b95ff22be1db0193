"""The schema of carts, in database `users`; the migration creates it, a test compares the two.

Only carts of accounts are here. A visitor's cart lives in Redis (`stores/cart/visitors.py`).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.shared.columns import MOMENT
from models.users.tables import UsersTable


class CartTable(UsersTable, table=True):
    """One for each account that ever had something in its cart; its lock is taken before anything in the cart changes."""

    __tablename__ = "carts"
    __table_args__ = (CheckConstraint("version >= 0", name="carts_version"),)

    user_id: str = Field(sa_type=Text, sa_column_args=[ForeignKey("users.id")], primary_key=True)
    version: int = Field(sa_type=BigInteger)
    updated_at: datetime = Field(sa_type=MOMENT)


class CartLineTable(UsersTable, table=True):
    """A line of a cart, or of what is saved for later (`saved`)."""

    __tablename__ = "cart_lines"
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND 9999", name="cart_lines_quantity"),
        CheckConstraint("added_minor >= 0", name="cart_lines_price"),
    )

    user_id: str = Field(sa_type=Text, sa_column_args=[ForeignKey("carts.user_id")], primary_key=True)
    saved: bool = Field(primary_key=True)
    sku_id: str = Field(sa_type=Text, primary_key=True)
    quantity: int
    selected: bool
    added_minor: int = Field(sa_type=BigInteger)
    added_currency: str = Field(sa_type=Text)
    added_at: datetime = Field(sa_type=MOMENT)


class CartMergeTable(UsersTable, table=True):
    """That a visitor's cart went into an account, and how: what makes merging once and only once."""

    __tablename__ = "cart_merges"
    __table_args__ = (Index("cart_merges_user", "user_id", "merged_at"),)

    cart_id: str = Field(sa_type=Text, primary_key=True)
    user_id: str = Field(sa_type=Text, sa_column_args=[ForeignKey("carts.user_id")])
    merged_at: datetime = Field(sa_type=MOMENT)
    lines: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
