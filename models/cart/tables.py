"""The schema of carts, in database `users`; the migration creates it, a test compares the two.

Only carts of accounts are here. A visitor's cart lives in Redis (`stores/cart/visitors.py`).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlmodel import Field

from models.shared.columns import moment, structure, whole, words
from models.users.tables import UsersTable


class CartTable(UsersTable, table=True):
    """One for each account that ever had something in its cart; its lock is taken before anything in the cart changes."""

    __tablename__ = "carts"
    __table_args__ = (CheckConstraint("version >= 0", name="carts_version"),)

    user_id: str = words(ForeignKey("users.id"), key=True)
    version: int = whole()
    updated_at: datetime = moment()


class CartLineTable(UsersTable, table=True):
    """A line of a cart, or of what is saved for later (`saved`)."""

    __tablename__ = "cart_lines"
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND 9999", name="cart_lines_quantity"),
        CheckConstraint("added_minor >= 0", name="cart_lines_price"),
    )

    user_id: str = words(ForeignKey("carts.user_id"), key=True)
    saved: bool = Field(primary_key=True)
    sku_id: str = words(key=True)
    quantity: int
    selected: bool
    added_minor: int = whole()
    added_currency: str = words()
    added_at: datetime = moment()


class CartMergeTable(UsersTable, table=True):
    """That a visitor's cart went into an account, and how: what makes merging once and only once."""

    __tablename__ = "cart_merges"
    __table_args__ = (Index("cart_merges_user", "user_id", "merged_at"),)

    cart_id: str = words(key=True)
    user_id: str = words(ForeignKey("carts.user_id"))
    merged_at: datetime = moment()
    lines: list[dict[str, Any]] = structure()
