"""Merchants, brands and the category tree."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from hanse.database import Connection, Database
from models.products.errors import (
    BrandUnknown,
    CategoryNotEmpty,
    CategoryTooDeep,
    CategoryUnknown,
    CodeTaken,
    MerchantUnknown,
)
from models.products.rules import MAX_DEPTH, check_new_parent
from models.products.types import AttributeDefinition, Brand, Category, Merchant
from models.shared.ids import BrandId, CategoryId, MerchantId
from stores.products.rows import check_version, to_category

_TREE_LOCK = 4_811_001
"""Advisory lock of the category tree: everything that changes its shape takes it first."""


class TaxonomyStore:
    """What products are sorted by, and who sells them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Merchants

    async def merchants(self) -> list[Merchant]:
        """Every merchant, by code."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT id AS merchant_id, code, name, city, region, version FROM merchants ORDER BY code"
            )
        return [Merchant.model_validate(dict(row)) for row in rows]

    async def create_merchant(self, merchant: Merchant) -> Merchant:
        """Insert once by code; `CodeTaken` if another merchant has it."""
        try:
            async with self._db.transaction() as tx:
                await tx.execute(
                    "INSERT INTO merchants (id, code, name, city, region) VALUES ($1, $2, $3, $4, $5)",
                    merchant.merchant_id,
                    merchant.code,
                    merchant.name,
                    merchant.city,
                    merchant.region,
                )
        except asyncpg.UniqueViolationError as error:
            raise _code_taken("merchant", merchant.code) from error
        return merchant.model_copy(update={"version": 1})

    async def change_merchant(
        self, merchant_id: MerchantId, version: int, name: str, *, city: str, region: str
    ) -> Merchant:
        """Set name and place, if its version is still `version`; the code stays. `MerchantUnknown`, `StaleVersion`."""
        async with self._db.transaction() as tx:
            current = await tx.fetchval("SELECT version FROM merchants WHERE id = $1 FOR NO KEY UPDATE", merchant_id)
            if current is None:
                raise MerchantUnknown(f"There is no merchant {merchant_id}; list the merchants first.")
            check_version(current, version)
            row = await tx.fetchrow(
                """
                UPDATE merchants SET name = $2, city = $3, region = $4, version = version + 1
                WHERE id = $1 RETURNING id AS merchant_id, code, name, city, region, version
                """,
                merchant_id,
                name,
                city,
                region,
            )
        assert row is not None
        return Merchant.model_validate(dict(row))

    # Brands

    async def brands(self) -> list[Brand]:
        """Every brand, by name."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT id AS brand_id, code, name, version FROM brands ORDER BY name, id")
        return [Brand.model_validate(dict(row)) for row in rows]

    async def create_brand(self, brand: Brand) -> Brand:
        """Insert once by code; `CodeTaken` if another brand has it."""
        try:
            async with self._db.transaction() as tx:
                await tx.execute(
                    "INSERT INTO brands (id, code, name) VALUES ($1, $2, $3)", brand.brand_id, brand.code, brand.name
                )
        except asyncpg.UniqueViolationError as error:
            raise _code_taken("brand", brand.code) from error
        return brand.model_copy(update={"version": 1})

    async def change_brand(self, brand_id: BrandId, version: int, name: str) -> Brand:
        """Set the name, if its version is still `version`; the code stays. `BrandUnknown`, `StaleVersion`."""
        async with self._db.transaction() as tx:
            current = await tx.fetchval("SELECT version FROM brands WHERE id = $1 FOR NO KEY UPDATE", brand_id)
            if current is None:
                raise BrandUnknown(f"There is no brand {brand_id}; list the brands first.")
            check_version(current, version)
            row = await tx.fetchrow(
                """
                UPDATE brands SET name = $2, version = version + 1 WHERE id = $1
                RETURNING id AS brand_id, code, name, version
                """,
                brand_id,
                name,
            )
        assert row is not None
        return Brand.model_validate(dict(row))

    # Categories

    async def categories(self) -> list[Category]:
        """The whole tree; parents before their children, siblings by position and name."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT * FROM categories ORDER BY cardinality(path), position, name, id")
        return [to_category(row) for row in rows]

    async def category(self, category_id: CategoryId) -> Category:
        """One category; `CategoryUnknown` if there is none."""
        async with self._db.reader() as connection:
            return to_category(await _category(connection, category_id))

    async def create_category(
        self,
        category_id: CategoryId,
        *,
        code: str,
        name: str,
        parent_id: CategoryId | None = None,
        position: int = 0,
        attributes: Sequence[AttributeDefinition] = (),
    ) -> Category:
        """A new leaf below `parent_id` (None: a root); under the tree lock. `CategoryUnknown`, `CategoryTooDeep`, `CodeTaken`."""
        try:
            async with self._db.transaction() as tx:
                await _lock_tree(tx)
                path = [] if parent_id is None else list((await _category(tx, parent_id))["path"])
                if len(path) >= MAX_DEPTH:
                    raise CategoryTooDeep(f"The tree may have {MAX_DEPTH} levels; choose a parent nearer to the root.")
                row = await tx.fetchrow(
                    """
                    INSERT INTO categories (id, parent_id, code, name, position, path, attributes)
                    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *
                    """,
                    category_id,
                    parent_id,
                    code,
                    name,
                    position,
                    [*path, category_id],
                    [definition.model_dump() for definition in attributes],
                )
        except asyncpg.UniqueViolationError as error:
            raise _code_taken("category", code) from error
        assert row is not None
        return to_category(row)

    async def change_category(
        self,
        category_id: CategoryId,
        version: int,
        *,
        name: str,
        position: int,
        attributes: Sequence[AttributeDefinition],
    ) -> Category:
        """Set what a category says, if its version is still `version`. Its products are checked against new attributes when they are next edited."""
        async with self._db.transaction() as tx:
            current = await _category(tx, category_id, lock=True)
            check_version(current["version"], version)
            row = await tx.fetchrow(
                """
                UPDATE categories SET name = $2, position = $3, attributes = $4, version = version + 1
                WHERE id = $1 RETURNING *
                """,
                category_id,
                name,
                position,
                [definition.model_dump() for definition in attributes],
            )
        assert row is not None
        return to_category(row)

    async def move_category(self, category_id: CategoryId, version: int, parent_id: CategoryId | None) -> Category:
        """Hang a category with everything below it under another parent; atomic for the whole subtree.

        Moves run one at a time (tree lock), so two of them cannot make a cycle together: `CategoryCycle`.
        """
        async with self._db.transaction() as tx:
            await _lock_tree(tx)
            current = await _category(tx, category_id, lock=True)
            check_version(current["version"], version)
            parent_path = [] if parent_id is None else list((await _category(tx, parent_id))["path"])
            deepest = await tx.fetchval(
                "SELECT max(cardinality(path)) FROM categories WHERE path @> ARRAY[$1]", category_id
            )
            old_depth = len(current["path"])
            check_new_parent(category_id, deepest - old_depth + 1, parent_path)
            await tx.execute(
                "UPDATE categories SET path = $2::text[] || path[$3:], version = version + 1 WHERE path @> ARRAY[$1]",
                category_id,
                parent_path,
                old_depth,
            )
            await tx.execute("UPDATE categories SET parent_id = $2 WHERE id = $1", category_id, parent_id)
            return to_category(await _category(tx, category_id))

    async def delete_category(self, category_id: CategoryId, version: int) -> None:
        """Delete a category that is empty, under the tree lock and its row's; `CategoryNotEmpty` otherwise, naming what is in it."""
        async with self._db.transaction() as tx:
            await _lock_tree(tx)
            current = await _category(tx, category_id, lock=True)
            check_version(current["version"], version)
            below = await tx.fetchval("SELECT count(*) FROM categories WHERE parent_id = $1", category_id)
            products = await tx.fetchval("SELECT count(*) FROM spus WHERE category_id = $1", category_id)
            if below or products:
                raise CategoryNotEmpty(
                    f"{current['name']} still has {below} categories and {products} products; move them away first.",
                    categories=below,
                    products=products,
                )
            await tx.execute("DELETE FROM categories WHERE id = $1", category_id)


async def _lock_tree(tx: Connection) -> None:
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _TREE_LOCK)


async def _category(connection: Connection, category_id: CategoryId, *, lock: bool = False) -> Any:
    query = "SELECT * FROM categories WHERE id = $1" + (" FOR UPDATE" if lock else "")
    row = await connection.fetchrow(query, category_id)
    if row is None:
        raise CategoryUnknown(
            f"There is no category {category_id}; list the categories first.", category_id=category_id
        )
    return row


def _code_taken(what: str, code: str) -> CodeTaken:
    return CodeTaken(f"Another {what} has the code {code}; choose a different one.", code_taken=code)
