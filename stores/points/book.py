"""One buyer's points under lock: the ledger, the balance and the lots change together or not at all.

Every function here runs in the caller's transaction. The account's row is the first lock that anything about points takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record

from hanse.database import Connection
from models.points.errors import PointsNotEnough
from models.points.types import EntryKind, PointsEntry
from models.shared import Instant
from models.shared.ids import OrderId, PointsEntryId, RefundId, UserId

SHOP = "shop"
"""The actor of what happens by itself."""


@dataclass(frozen=True)
class Line:
    """What an entry says, before it has its number and its balance."""

    kind: EntryKind
    delta: int
    reference: str
    """With the kind, what makes it happen once: the order, the refund, the lot, the operator's key."""
    order_id: OrderId | None = None
    refund_id: RefundId | None = None
    actor: str = SHOP
    why: str = ""


class Book:
    """The points of one buyer, locked until the transaction ends. All that expired until `at` is gone already."""

    def __init__(self, tx: Connection, user_id: UserId, balance: int, occasion: str, at: Instant) -> None:
        self._tx = tx
        self._occasion = occasion
        self.user_id = user_id
        self.balance = balance
        self.at = at

    async def write(self, line: Line) -> PointsEntry:
        """Add a line to the ledger and its delta to the balance; what it does to lots is the caller's."""
        self.balance += line.delta
        entry_id = PointsEntryId.derive(self.at, line.kind, line.reference)
        row = await self._tx.fetchrow(
            """
            WITH moved AS (UPDATE points_accounts SET balance = $4 WHERE user_id = $2)
            INSERT INTO points_entries
                (entry_id, user_id, delta, balance, kind, reference, occasion, order_id, refund_id, actor, why, at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            RETURNING *
            """,
            *(entry_id, self.user_id, line.delta, self.balance, line.kind, line.reference, self._occasion),
            *(line.order_id, line.refund_id, line.actor, line.why, self.at),
        )
        return to_entry(row)

    async def open_lot(self, entry: PointsEntry, points: int, expires_at: Instant) -> None:
        """Put points that an entry brought into a lot of their own."""
        await self._tx.execute(
            "INSERT INTO points_lots (user_id, entry_id, earned, remaining, expires_at) VALUES ($1, $2, $3, $3, $4)",
            *(self.user_id, entry.entry_id, points, expires_at),
        )

    async def take(self, points: int, *, first: PointsEntryId | None = None) -> list[tuple[int, int]]:
        """Take points out of lots, from the one that expires first (before all others from that which `first` opened), and
        say how many from which. `PointsNotEnough` if there are fewer; the ledger's line is the caller's."""
        if points > self.balance:
            raise PointsNotEnough(
                f"You have {self.balance} points; {points} were asked for. Use fewer.", balance=self.balance
            )
        rows = await self._tx.fetch(
            """
            SELECT lot_id, remaining FROM points_lots WHERE user_id = $1 AND remaining > 0
            ORDER BY entry_id IS NOT DISTINCT FROM $2 DESC, expires_at, lot_id
            """,
            *(self.user_id, first),
        )
        taken = _first_come(points, [(row["lot_id"], row["remaining"]) for row in rows])
        await self._tx.executemany("UPDATE points_lots SET remaining = remaining - $2 WHERE lot_id = $1", taken)
        return taken

    async def expire(self) -> None:
        """Write off every lot whose time has passed, a line each."""
        rows = await self._tx.fetch(
            """
            WITH due AS (
                SELECT lot_id, remaining, expires_at FROM points_lots
                WHERE user_id = $1 AND remaining > 0 AND expires_at <= $2
            ), emptied AS (
                UPDATE points_lots l SET remaining = 0 FROM due WHERE l.lot_id = due.lot_id
            )
            SELECT * FROM due ORDER BY expires_at, lot_id
            """,
            *(self.user_id, self.at),
        )
        for row in rows:
            await self.write(
                Line(
                    kind=EntryKind.EXPIRED,
                    delta=-row["remaining"],
                    reference=str(row["lot_id"]),
                    why=f"expired at {row['expires_at'].isoformat()}",
                )
            )


async def open_book(tx: Connection, user_id: UserId, occasion: str, at: Instant) -> Book:
    """Lock the buyer's account (made empty if there was none), and write off what has expired."""
    await tx.execute("INSERT INTO points_accounts (user_id, balance) VALUES ($1, 0) ON CONFLICT DO NOTHING", user_id)
    balance: int = await tx.fetchval(
        "SELECT balance FROM points_accounts WHERE user_id = $1 FOR NO KEY UPDATE", user_id
    )
    book = Book(tx, user_id, balance, occasion, at)
    await book.expire()
    return book


async def known_entry(tx: Connection, kind: EntryKind, reference: str) -> PointsEntry | None:
    """The line that this operation wrote before; None if it is new. Ask under the account's lock."""
    row = await tx.fetchrow("SELECT * FROM points_entries WHERE kind = $1 AND reference = $2", kind, reference)
    return to_entry(row) if row else None


async def entries_of(tx: Connection, occasion: str) -> tuple[PointsEntry, ...]:
    """Every line that was written on this occasion, what expired in passing with it, in order. Spending, returning and
    clawing back write on the occasion of their order (its id): announce these after them, again and again without harm."""
    return tuple(map(to_entry, await _on(tx, occasion)))


async def _on(tx: Connection, occasion: str) -> Sequence[Record]:
    rows: Sequence[Record] = await tx.fetch(
        "SELECT * FROM points_entries WHERE occasion = $1 ORDER BY number", occasion
    )
    return rows


def to_entry(row: Any) -> PointsEntry:
    """A row of `points_entries`."""
    return PointsEntry.model_validate({name: row[name] for name in PointsEntry.model_fields})


def _first_come(points: int, lots: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    taken: list[tuple[int, int]] = []
    for lot_id, has in lots:
        part = min(points, has)
        if part:
            taken.append((lot_id, part))
        points -= part
    return taken
