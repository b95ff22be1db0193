"""The schema of points, in database `promotions`; the migration creates it, a test compares the two.

Every change locks the account's row first, so that all that happens to one buyer's points happens one after another.
"""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlmodel import SQLModel

from models.shared.columns import counting, identifier, moment, whole, words


class PointsTable(SQLModel):
    """The base of the tables of points."""

    metadata = MetaData()


def _of_account() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["user_id"], ["points_accounts.user_id"])


class PointsAccountTable(PointsTable, table=True):
    """One row for everyone who ever had points. `balance` is the sum of the ledger and of what remains in lots."""

    __tablename__ = "points_accounts"
    __table_args__ = (CheckConstraint("balance >= 0", name="points_accounts_balance"),)

    user_id: str = identifier(key=True)
    balance: int = whole()


class PointsEntryTable(PointsTable, table=True):
    """The ledger; append-only: a trigger refuses UPDATE, DELETE and TRUNCATE.

    `reference` makes each operation happen once: the order, the refund, the lot that expired, the operator's key.
    `occasion` names the transaction that wrote it: what expires in passing belongs to the occasion that noticed it.
    """

    __tablename__ = "points_entries"
    __table_args__ = (
        UniqueConstraint("entry_id", name="points_entries_id_key"),
        UniqueConstraint("kind", "reference", name="points_entries_once"),
        CheckConstraint(
            "kind IN ('earned', 'spent', 'returned', 'clawed_back', 'expired', 'adjusted')", name="points_entries_kind"
        ),
        CheckConstraint(
            "CASE WHEN kind IN ('earned', 'returned') THEN delta > 0 WHEN kind IN ('spent', 'expired') THEN delta < 0"
            " WHEN kind = 'clawed_back' THEN delta <= 0 ELSE delta <> 0 END",
            name="points_entries_direction",
        ),
        CheckConstraint("balance >= 0", name="points_entries_balance"),
        CheckConstraint(
            "(kind IN ('earned', 'spent', 'returned', 'clawed_back')) = (order_id IS NOT NULL)",
            name="points_entries_of_orders",
        ),
        _of_account(),
        Index("points_entries_by_user", "user_id", "number"),
        Index("points_entries_by_occasion", "occasion"),
    )

    number: int = counting()
    entry_id: str = identifier()
    user_id: str = identifier()
    kind: str = words()
    delta: int = whole()
    balance: int = whole()
    reference: str = identifier()
    occasion: str = identifier()
    order_id: str | None = identifier(nullable=True)
    refund_id: str | None = identifier(nullable=True)
    actor: str = words()
    why: str = words()
    at: datetime = moment()


class PointsLotTable(PointsTable, table=True):
    """Points that one entry brought and that expire together."""

    __tablename__ = "points_lots"
    __table_args__ = (
        UniqueConstraint("entry_id", name="points_lots_entry_key"),
        CheckConstraint("earned > 0", name="points_lots_earned"),
        CheckConstraint("remaining BETWEEN 0 AND earned", name="points_lots_remaining"),
        _of_account(),
        ForeignKeyConstraint(["entry_id"], ["points_entries.entry_id"]),
        Index("points_lots_open", "user_id", "expires_at", "lot_id", postgresql_where=text("remaining > 0")),
        Index("points_lots_due", "expires_at", postgresql_where=text("remaining > 0")),
    )

    lot_id: int = counting()
    user_id: str = identifier()
    entry_id: str = identifier()
    earned: int = whole()
    remaining: int = whole()
    expires_at: datetime = moment()


class PointsSpendTable(PointsTable, table=True):
    """What an order spent, and how much of that came back."""

    __tablename__ = "points_spends"
    __table_args__ = (
        CheckConstraint("points > 0", name="points_spends_points"),
        CheckConstraint("returned BETWEEN 0 AND points", name="points_spends_returned"),
        _of_account(),
        Index("points_spends_by_user", "user_id"),
    )

    order_id: str = identifier(key=True)
    user_id: str = identifier()
    points: int = whole()
    returned: int = whole()
    at: datetime = moment()


class PointsSpendLotTable(PointsTable, table=True):
    """From which lots an order took its points, so that they find back."""

    __tablename__ = "points_spend_lots"
    __table_args__ = (
        CheckConstraint("points > 0", name="points_spend_lots_points"),
        CheckConstraint("returned BETWEEN 0 AND points", name="points_spend_lots_returned"),
        ForeignKeyConstraint(["order_id"], ["points_spends.order_id"]),
        ForeignKeyConstraint(["lot_id"], ["points_lots.lot_id"]),
    )

    order_id: str = identifier(key=True)
    lot_id: int = whole(key=True)
    points: int = whole()
    returned: int = whole()


class PointsAwardTable(PointsTable, table=True):
    """What an order earned on what, and how much of that was taken back. `paid_minor` is without what had been refunded by
    then, `refunded_minor` counts from there."""

    __tablename__ = "points_awards"
    __table_args__ = (
        CheckConstraint("least(paid_minor, refunded_minor, points) >= 0", name="points_awards_amounts"),
        CheckConstraint("clawed BETWEEN 0 AND points", name="points_awards_clawed"),
        _of_account(),
        Index("points_awards_by_user", "user_id"),
    )

    order_id: str = identifier(key=True)
    user_id: str = identifier()
    paid_minor: int = whole()
    currency: str = words()
    points: int = whole()
    refunded_minor: int = whole()
    clawed: int = whole()
    at: datetime = moment()


class PointsRefundTable(PointsTable, table=True):
    """Every refund that was settled with points. One that comes before the award is subtracted from what the order earns on;
    one that comes after it takes points back; a repeat of either does nothing more."""

    __tablename__ = "points_refunds"
    __table_args__ = (
        CheckConstraint("least(refunded_minor, taken, missing) >= 0", name="points_refunds_amounts"),
        Index("points_refunds_by_order", "order_id"),
    )

    refund_id: str = identifier(key=True)
    order_id: str = identifier()
    refunded_minor: int = whole()
    currency: str = words()
    taken: int = whole()
    missing: int = whole()
    at: datetime = moment()
    whole: bool
