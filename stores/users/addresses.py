"""Address books."""

from datetime import datetime

import asyncpg

from hanse.database import Connection, Database
from models.shared.ids import AddressId, UserId
from models.shared.refusals import NotFound
from models.users.errors import AddressBookFull
from models.users.rules import ADDRESS_BOOK_SIZE
from models.users.types import Address, PostalAddress


class Addresses:
    """Each user's addresses. Another user's address is `NotFound`, like one that does not exist.

    Writers lock the owner's row first, so a book has at most one default, and one exactly when it is not empty.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(
        self, address_id: AddressId, user_id: UserId, postal: PostalAddress, *, default: bool, now: datetime
    ) -> Address:
        """A new entry; the first of a book is its default. Refuses with `AddressBookFull`."""
        async with self._db.transaction() as tx:
            count = await _lock_book(tx, user_id)
            if count >= ADDRESS_BOOK_SIZE:
                raise AddressBookFull(
                    f"An address book holds {ADDRESS_BOOK_SIZE} entries. Delete one first.", limit=ADDRESS_BOOK_SIZE
                )
            default = default or count == 0
            if default:
                await _clear_default(tx, user_id)
            row = await tx.fetchrow(
                """
                INSERT INTO addresses (id, user_id, recipient, phone, country, region, city, line, postal_code, is_default,
                    created_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) RETURNING *
                """,
                address_id,
                user_id,
                *_values(postal),
                default,
                now,
            )
        return _address(row)

    async def get(self, user_id: UserId, address_id: AddressId) -> Address:
        """One entry of this user's book."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(
                "SELECT * FROM addresses WHERE id = $2 AND user_id = $1", user_id, address_id
            )
        return _address(row)

    async def of_user(self, user_id: UserId) -> list[Address]:
        """The whole book (it is short by rule), the default first, then the newest."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT * FROM addresses WHERE user_id = $1 ORDER BY is_default DESC, id DESC", user_id
            )
        return [_address(row) for row in rows]

    async def replace(
        self, user_id: UserId, address_id: AddressId, postal: PostalAddress, *, default: bool, now: datetime
    ) -> Address:
        """Put new words into an entry. `default` makes it the default; the default stays one until another takes its place."""
        async with self._db.transaction() as tx:
            await _lock_book(tx, user_id)
            if default and await _owns(tx, user_id, address_id):
                await _clear_default(tx, user_id)
            row = await tx.fetchrow(
                """
                UPDATE addresses SET recipient = $3, phone = $4, country = $5, region = $6, city = $7, line = $8, postal_code = $9,
                    is_default = is_default OR $10, updated_at = $11
                WHERE id = $2 AND user_id = $1 RETURNING *
                """,
                user_id,
                address_id,
                *_values(postal),
                default,
                now,
            )
        return _address(row)

    async def remove(self, user_id: UserId, address_id: AddressId) -> None:
        """Delete an entry; orders keep their own copy. After the default goes, the newest entry is the default."""
        async with self._db.transaction() as tx:
            await _lock_book(tx, user_id)
            gone = await tx.fetchrow(
                "DELETE FROM addresses WHERE id = $2 AND user_id = $1 RETURNING *", user_id, address_id
            )
            if _address(gone).is_default:
                await tx.execute(
                    """
                    UPDATE addresses SET is_default = true
                    WHERE id = (SELECT id FROM addresses WHERE user_id = $1 ORDER BY id DESC LIMIT 1)
                    """,
                    user_id,
                )


async def _lock_book(tx: Connection, user_id: UserId) -> int:
    """Lock the owner's row; returns how many entries the book has."""
    await tx.execute("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
    count: int = await tx.fetchval("SELECT count(*) FROM addresses WHERE user_id = $1", user_id)
    return count


async def _owns(tx: Connection, user_id: UserId, address_id: AddressId) -> bool:
    return bool(await tx.fetchval("SELECT true FROM addresses WHERE id = $2 AND user_id = $1", user_id, address_id))


async def _clear_default(tx: Connection, user_id: UserId) -> None:
    await tx.execute("UPDATE addresses SET is_default = false WHERE user_id = $1 AND is_default", user_id)


def _values(postal: PostalAddress) -> tuple[str, ...]:
    return postal.recipient, postal.phone, postal.country, postal.region, postal.city, postal.line, postal.postal_code


def _address(row: asyncpg.Record | None) -> Address:
    if row is None:
        raise NotFound("There is no address by this id in your address book; list it to see what there is.")
    return Address(
        id=AddressId(row["id"]),
        postal=PostalAddress(
            recipient=row["recipient"],
            phone=row["phone"],
            country=row["country"],
            region=row["region"],
            city=row["city"],
            line=row["line"],
            postal_code=row["postal_code"],
        ),
        is_default=row["is_default"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
