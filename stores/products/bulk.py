"""Whole catalogues in and out, in batches: memory stays the same however long the file is."""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

import asyncpg

from hanse.database import Connection, Database
from models.products.amounts import format_amount
from models.products.importing import CategoryFacts, Plan, Shelf, SkuState, SpuState, plan_batch
from models.products.lines import Consistency, ImportLine, LineFault, NumberedLine
from models.products.rules import is_published, options_key
from models.products.types import AttributeDefinition, CatalogueChange
from models.shared import Frozen, Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId
from stores.products.rows import PRICE_IN_FORCE, to_publication

BATCH = 1_000
"""Lines of one transaction."""


class BatchDone(Frozen):
    """What one batch of an import did."""

    lines: int
    """Read, good and bad."""
    products_created: int
    products_changed: int
    skus_created: int
    skus_changed: int
    prices_changed: int
    unchanged: int
    """Lines that say what already is."""
    faults: tuple[LineFault, ...]
    changes: tuple[CatalogueChange, ...]


class BulkStore:
    """Import and export of catalogue files."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def import_lines(
        self, lines: Iterable[NumberedLine | LineFault], *, now: datetime, decided_by: str
    ) -> AsyncIterator[BatchDone]:
        """Upsert by merchant code and SKU code; one transaction a batch, so a stopped import is finished by running it again.

        The same file twice changes nothing. Bad lines change nothing and are reported; the others of the batch are done.
        """
        seen, source = Consistency(), iter(lines)
        while batch := list(islice(source, BATCH)):
            faults = [one for one in batch if isinstance(one, LineFault)]
            good: list[NumberedLine] = []
            for one in batch:
                if isinstance(one, NumberedLine):
                    contradiction = seen.check(one)
                    if contradiction is None:
                        good.append(one)
                    else:
                        faults.append(contradiction)
            plan = await self._import_batch(good, now, decided_by)
            yield BatchDone(
                lines=len({one.line for one in batch}),
                products_created=len(plan.new_spus),
                products_changed=len(plan.changed_spus),
                skus_created=len(plan.new_skus),
                skus_changed=len(plan.changed_skus),
                prices_changed=len(plan.prices),
                unchanged=plan.unchanged,
                faults=tuple(sorted(faults + plan.faults, key=lambda one: one.line)),
                changes=tuple(plan.changes),
            )

    async def _import_batch(self, lines: list[NumberedLine], now: datetime, decided_by: str) -> Plan:
        """Atomic. Merchants' rows are locked first (by id), then the products that exist (by id): no one can add or change
        what the plan was made from."""
        async with self._db.transaction() as tx:
            plan = plan_batch(lines, await _read_shelf(tx, lines, now), now)
            await _write(tx, plan, now, decided_by)
        return plan

    async def export(self, now: datetime) -> AsyncIterator[list[ImportLine]]:
        """Every SKU as a line of a file, oldest first, a page at a time; each page is a snapshot of its own."""
        after = ""
        while True:
            async with self._db.reader() as connection:
                rows = await connection.fetch(
                    f"""
                    SELECT m.code AS merchant_code, s.code AS spu_code, k.code AS sku_code, s.title, s.description,
                           c.code AS category_code, b.code AS brand_code, s.attributes, k.options, k.barcode, k.weight_g,
                           k.max_per_order, k.listed, s.published_since, s.published_until, price.minor, price.currency, k.id
                    FROM skus k JOIN spus s ON s.id = k.spu_id JOIN merchants m ON m.id = s.merchant_id
                    JOIN categories c ON c.id = s.category_id LEFT JOIN brands b ON b.id = s.brand_id
                    LEFT JOIN {PRICE_IN_FORCE}
                    WHERE k.id > $1 ORDER BY k.id LIMIT $3
                    """,
                    after,
                    now,
                    BATCH,
                )
            if not rows:
                return
            after = rows[-1]["id"]
            yield [_to_line(row, now) for row in rows]


def _to_line(row: asyncpg.Record, now: datetime) -> ImportLine:
    price = None if row["minor"] is None else Money(minor=row["minor"], currency=row["currency"])
    fields = {name: row[name] for name in ImportLine.model_fields if name not in ("price", "currency", "published")}
    return ImportLine(
        **fields,
        price=None if price is None else format_amount(price),
        currency="CNY" if price is None else price.currency,
        published=is_published(to_publication(row), now),
    )


async def _read_shelf(tx: Connection, lines: list[NumberedLine], now: datetime) -> Shelf:
    values = [line.value for line in lines]
    merchant_codes = {value.merchant_code for value in values}
    rows = await tx.fetch(
        "SELECT id, code FROM merchants WHERE code = ANY($1) ORDER BY id FOR UPDATE", list(merchant_codes)
    )
    merchants = {row["code"]: MerchantId(row["id"]) for row in rows}
    brand_codes = list({value.brand_code for value in values if value.brand_code})
    brands = await tx.fetch("SELECT id, code FROM brands WHERE code = ANY($1)", brand_codes)
    known = [value for value in values if value.merchant_code in merchants]
    spus = await tx.fetch(
        """
        SELECT s.* FROM spus s JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS wanted (merchant_id, code)
        USING (merchant_id, code) ORDER BY s.id FOR NO KEY UPDATE OF s
        """,
        [merchants[value.merchant_code] for value in known],
        [value.spu_code for value in known],
    )
    skus = await tx.fetch(
        f"""
        SELECT k.*, price.minor, price.currency FROM skus k LEFT JOIN {PRICE_IN_FORCE}
        WHERE k.id IN (
            SELECT id FROM skus WHERE spu_id = ANY($1)
            UNION
            SELECT id FROM skus JOIN unnest($3::text[], $4::text[]) AS wanted (merchant_id, code) USING (merchant_id, code)
        )
        """,
        [row["id"] for row in spus],
        now,
        [merchants[value.merchant_code] for value in known],
        [value.sku_code for value in known],
    )
    return Shelf(
        merchants=merchants,
        categories=await _categories(tx, {value.category_code for value in values}),
        brands={row["code"]: BrandId(row["id"]) for row in brands},
        spus={(MerchantId(row["merchant_id"]), row["code"]): _spu_state(row) for row in spus},
        skus={(MerchantId(row["merchant_id"]), row["code"]): _sku_state(row) for row in skus},
        prices={
            SkuId(row["id"]): Money(minor=row["minor"], currency=row["currency"])
            for row in skus
            if row["minor"] is not None
        },
    )


async def _categories(tx: Connection, codes: set[str]) -> dict[str, CategoryFacts]:
    rows = await tx.fetch(
        """
        SELECT c.id, c.code, a.attributes FROM categories c JOIN categories a ON a.id = ANY(c.path)
        WHERE c.code = ANY($1) ORDER BY c.id, cardinality(a.path)
        """,
        list(codes),
    )
    definitions: dict[str, dict[str, AttributeDefinition]] = {}
    for row in rows:
        own = definitions.setdefault(row["code"], {})
        own.update({one["code"]: AttributeDefinition.model_validate(one) for one in row["attributes"]})
    return {row["code"]: CategoryFacts(CategoryId(row["id"]), definitions[row["code"]]) for row in rows}


def _spu_state(row: asyncpg.Record) -> SpuState:
    return SpuState(
        spu_id=SpuId(row["id"]),
        merchant_id=MerchantId(row["merchant_id"]),
        code=row["code"],
        title=row["title"],
        description=row["description"],
        category_id=CategoryId(row["category_id"]),
        brand_id=BrandId(row["brand_id"]) if row["brand_id"] else None,
        attributes=row["attributes"],
        publication=to_publication(row),
    )


def _sku_state(row: asyncpg.Record) -> SkuState:
    return SkuState(
        sku_id=SkuId(row["id"]),
        spu_id=SpuId(row["spu_id"]),
        merchant_id=MerchantId(row["merchant_id"]),
        code=row["code"],
        options=row["options"],
        barcode=row["barcode"],
        weight_g=row["weight_g"],
        max_per_order=row["max_per_order"],
        listed=row["listed"],
    )


async def _write(tx: Connection, plan: Plan, now: datetime, decided_by: str) -> None:
    spu_columns = """r (spu_id text, merchant_id text, code text, title text, description text, category_id text,
                        brand_id text, attributes jsonb, since timestamptz, until timestamptz)"""
    sku_columns = """r (sku_id text, spu_id text, merchant_id text, code text, options json, options_key text,
                        barcode text, weight_g bigint, max_per_order bigint, listed boolean)"""
    statements: list[tuple[str, list[dict[str, Any]]]] = [
        (
            f"""
            INSERT INTO spus (id, merchant_id, code, title, description, category_id, brand_id, attributes,
                              published_since, published_until, created_at, updated_at)
            SELECT r.*, $2, $2 FROM json_to_recordset($1) AS {spu_columns}
            """,
            [_spu_record(spu) for spu in plan.new_spus.values()],
        ),
        (
            f"""
            UPDATE spus SET title = r.title, description = r.description, category_id = r.category_id, updated_at = $2,
                brand_id = r.brand_id, attributes = r.attributes, published_since = r.since, published_until = r.until
            FROM json_to_recordset($1) AS {spu_columns} WHERE spus.id = r.spu_id
            """,
            [_spu_record(spu) for spu in plan.changed_spus.values()],
        ),
        (
            f"""
            UPDATE skus SET options = r.options, options_key = r.options_key, barcode = r.barcode, weight_g = r.weight_g,
                max_per_order = r.max_per_order, listed = r.listed
            FROM json_to_recordset($1) AS {sku_columns} WHERE skus.id = r.sku_id AND $2::timestamptz IS NOT NULL
            """,
            [_sku_record(sku) for sku in plan.changed_skus.values()],
        ),
        (
            f"""
            INSERT INTO skus (id, spu_id, merchant_id, code, options, options_key, barcode, weight_g, max_per_order,
                              listed, created_at)
            SELECT r.*, $2 FROM json_to_recordset($1) AS {sku_columns}
            """,
            [_sku_record(sku) for sku in plan.new_skus.values()],
        ),
        (
            "UPDATE spus SET version = version + 1, updated_at = $2"
            " FROM json_to_recordset($1) AS r (spu_id text) WHERE spus.id = r.spu_id",
            [{"spu_id": spu_id} for spu_id in sorted(plan.touched)],
        ),
    ]
    for statement, records in statements:
        if records:
            await tx.execute(statement, records, now)
    if plan.prices:
        await _append_prices(tx, plan.prices, now, decided_by)


async def _append_prices(tx: Connection, prices: Mapping[SkuId, Money], now: datetime, decided_by: str) -> None:
    await tx.execute(
        """
        INSERT INTO prices (sku_id, minor, currency, effective_at, decided_at, decided_by)
        SELECT r.*, $4, $4, $5 FROM unnest($1::text[], $2::bigint[], $3::text[]) AS r
        """,
        list(prices),
        [price.minor for price in prices.values()],
        [price.currency for price in prices.values()],
        now,
        decided_by,
    )


def _spu_record(spu: SpuState) -> dict[str, Any]:
    record = {name: value for name, value in vars(spu).items() if name != "publication"}
    return record | spu.publication.model_dump(mode="json")


def _sku_record(sku: SkuState) -> dict[str, Any]:
    return vars(sku) | {"options_key": options_key(sku.options)}
