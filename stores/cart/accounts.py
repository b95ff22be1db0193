"""Carts of accounts: PostgreSQL judges."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from asyncpg import Record

from hanse.database import Connection, Database
from models.cart.merging import merge
from models.cart.rules import VISITOR_CART_LIFETIME, by_sku
from models.cart.types import Cap, Cart, CartLine, MergedLine, MergeReport
from models.shared import Money
from models.shared.ids import CartId, SkuId, UserId
from models.shared.refusals import NotFound
from stores.cart.copies import Copies

Change = Callable[[Cart], Cart]
"""A pure change of a cart (`models/cart/rules.py`); it may refuse. It may be tried several times."""


class AccountCarts:
    """One cart for each account. Changes of one cart happen one after another, however many devices make them."""

    def __init__(self, db: Database, copies: Copies) -> None:
        self._db = db
        self._copies = copies

    async def cart(self, user_id: UserId, now: datetime) -> Cart:
        """The account's cart, empty if it never had anything. May be a copy of up to 30 s ago if Redis missed a change."""
        known = await self._copies.get(user_id, now)
        if known is not None:
            return known
        async with self._db.reader() as connection:
            cart = await _read(connection, user_id)
        await self._copies.keep(user_id, cart, now)
        return cart

    async def change(self, user_id: UserId, change: Change, now: datetime) -> Cart:
        """Change the cart under its lock, in one transaction: no change by another device is lost.

        A refusal of `change` leaves the cart as it was; a change that changes nothing writes nothing.
        """
        async with self._db.transaction() as tx:
            before = await _locked(tx, user_id, now)
            after = await self._write(tx, user_id, before, change(before), now)
        await self._copies.keep(user_id, after, now)
        return after

    async def merge_once(
        self, user_id: UserId, cart_id: CartId, visitor: Cart, caps: Mapping[SkuId, Cap], now: datetime
    ) -> MergeReport:
        """Take the lines of a visitor's cart in, once for each `cart_id`: again is answered with the first report.

        One transaction under the cart's lock. Refuses `NotFound` when the visitor's cart went into another account.
        """
        async with self._db.transaction() as tx:
            before = await _locked(tx, user_id, now)
            known = await _report(tx, user_id, cart_id)
            if known is not None:
                return known
            merged, lines = merge(before, visitor, caps)
            await _forget_old_merges(tx, user_id, now)
            report = MergeReport(cart_id=cart_id, merged_at=now, lines=lines)
            await _remember(tx, user_id, report)
            after = await self._write(tx, user_id, before, merged, now)
        await self._copies.keep(user_id, after, now)
        return report

    async def merge_report(self, user_id: UserId, cart_id: CartId) -> MergeReport | None:
        """How that visitor's cart went into this account; None if it did not. `NotFound` if it went into another one."""
        async with self._db.reader() as connection:
            return await _report(connection, user_id, cart_id)

    async def _write(self, tx: Connection, user_id: UserId, before: Cart, after: Cart, now: datetime) -> Cart:
        if after == before:
            return before
        after = after.model_copy(update={"version": before.version + 1})
        await _write_lines(tx, user_id, False, before.lines, after.lines)
        await _write_lines(tx, user_id, True, before.saved, after.saved)
        await tx.execute(
            "UPDATE carts SET version = $2, updated_at = $3 WHERE user_id = $1", user_id, after.version, now
        )
        await self._copies.announce(user_id, after.version, now)
        return after


async def _locked(tx: Connection, user_id: UserId, now: datetime) -> Cart:
    """The cart, its row locked until the end of the transaction; made if this is the account's first."""
    await tx.execute(
        "INSERT INTO carts (user_id, version, updated_at) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING", user_id, now
    )
    await tx.execute("SELECT FROM carts WHERE user_id = $1 FOR NO KEY UPDATE", user_id)
    return await _read(tx, user_id)


async def _read(connection: Connection, user_id: UserId) -> Cart:
    rows = await connection.fetch(
        """
        SELECT c.version, l.* FROM carts c LEFT JOIN cart_lines l USING (user_id) WHERE c.user_id = $1
        ORDER BY l.added_at, l.sku_id COLLATE "C"
        """,
        user_id,
    )
    lines = [row for row in rows if row["sku_id"] is not None]
    return Cart(
        lines=tuple(_line(row) for row in lines if not row["saved"]),
        saved=tuple(_line(row) for row in lines if row["saved"]),
        version=rows[0]["version"] if rows else 0,
    )


def _line(row: Record) -> CartLine:
    return CartLine(
        sku_id=SkuId(row["sku_id"]),
        quantity=row["quantity"],
        selected=row["selected"],
        added_price=Money(minor=row["added_minor"], currency=row["added_currency"]),
        added_at=row["added_at"],
    )


async def _write_lines(
    tx: Connection, user_id: UserId, saved: bool, before: Iterable[CartLine], after: Iterable[CartLine]
) -> None:
    was, shall = by_sku(before), by_sku(after)
    gone = [sku_id for sku_id in was if sku_id not in shall]
    if gone:
        await tx.execute(
            "DELETE FROM cart_lines WHERE user_id = $1 AND saved = $2 AND sku_id = ANY($3)", user_id, saved, gone
        )
    await tx.executemany(
        """
        INSERT INTO cart_lines (user_id, saved, sku_id, quantity, selected, added_minor, added_currency, added_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (user_id, saved, sku_id) DO UPDATE
            SET quantity = excluded.quantity, selected = excluded.selected, added_minor = excluded.added_minor,
                added_currency = excluded.added_currency, added_at = excluded.added_at
        """,
        [
            (user_id, saved, sku_id, line.quantity, line.selected, price.minor, price.currency, line.added_at)
            for sku_id, line in shall.items()
            for price in [line.added_price]
            if was.get(sku_id) != line
        ],
    )


async def _report(connection: Connection, user_id: UserId, cart_id: CartId) -> MergeReport | None:
    row = await connection.fetchrow("SELECT user_id, merged_at, lines FROM cart_merges WHERE cart_id = $1", cart_id)
    if row is None:
        return None
    if row["user_id"] != user_id:
        raise NotFound("There is no cart by this id; it may have expired.")
    lines = tuple(MergedLine.model_validate(line) for line in row["lines"])
    return MergeReport(cart_id=cart_id, merged_at=row["merged_at"], lines=lines)


async def _remember(tx: Connection, user_id: UserId, report: MergeReport) -> None:
    await tx.execute(
        "INSERT INTO cart_merges (cart_id, user_id, merged_at, lines) VALUES ($1, $2, $3, $4)",
        report.cart_id,
        user_id,
        report.merged_at,
        [line.model_dump(mode="json") for line in report.lines],
    )


async def _forget_old_merges(tx: Connection, user_id: UserId, now: datetime) -> None:
    """Reports are needed while the visitor's cart may still be in Redis, and no longer."""
    await tx.execute(
        "DELETE FROM cart_merges WHERE user_id = $1 AND merged_at < $2", user_id, now - 2 * VISITOR_CART_LIFETIME
    )
