"""Documents go into an index and out of it: whole, by their offers, by their sales.

Two revisions are kept of a product: of its document, and of its offers, which patches move on alone. So a document that was read
before a patch and arrives after it brings its title and leaves the newer prices.

Lock order: the writer's turn (`writing`), facet values, items by product id, words.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hanse.database import Connection, Database
from search.documents import Gone, OfferPatch, ProductDocument, SalesPatch
from search.embedded import counting
from search.embedded.analysis import Analysed, Offers, analyse, offers_of, texts_of
from search.embedded.connecting import looking, writing
from search.embedded.lexemes import Stems
from search.embedded.naming import ids_of
from search.embedded.stemming import Stemmer
from search.embedded.tables import LIVE, Tables

_HELD = """
SELECT i.spu_id, i.revision, i.offers_revision, i.gone, i.variants, i.codes, i.prices, i.in_stock,
       CASE WHEN i.gone THEN '{{}}' ELSE i.facets END AS facets, coalesce(d.vocabulary, '{{}}') AS vocabulary,
       coalesce(d.names, '{{}}') AS names
FROM {items} AS i LEFT JOIN {documents} AS d USING (spu_id)
WHERE i.spu_id = ANY($1) ORDER BY i.spu_id FOR UPDATE OF i
"""
_PUT_ITEM = """
INSERT INTO {items} (spu_id, revision, offers_revision, gone, words, described, ranked, title, facets, variants, codes, prices,
    price_from, price_to, in_stock, sales, published_at)
VALUES ($1, $2, $3, false, $4::text::tsvector, $5::text::tsvector, $6::text::tsvector, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (spu_id) DO UPDATE SET revision = excluded.revision, offers_revision = excluded.offers_revision, gone = false,
    words = excluded.words, described = excluded.described, ranked = excluded.ranked, title = excluded.title, facets = excluded.facets,
    variants = excluded.variants, codes = excluded.codes, prices = excluded.prices, price_from = excluded.price_from,
    price_to = excluded.price_to, in_stock = excluded.in_stock, sales = excluded.sales, published_at = excluded.published_at
"""
_PUT_DOCUMENT = """
INSERT INTO {documents} (spu_id, shown, vocabulary, names) VALUES ($1, $2, $3, $4)
ON CONFLICT (spu_id) DO UPDATE SET shown = excluded.shown, vocabulary = excluded.vocabulary, names = excluded.names
"""
_PUT_SUGGESTION = """
INSERT INTO {suggestions} (kind, ref, key, text, weight)
SELECT 'product', ref, key, text, weight
FROM unnest($1::text[], $2::text[], $3::text[], $4::int[]) AS told (ref, key, text, weight)
"""
_BURY = """
INSERT INTO {items} (spu_id, revision, offers_revision, gone, words, described, ranked, title, facets, variants, codes, prices,
    price_from, price_to, in_stock, sales, published_at)
SELECT spu_id, revision, -1, true, '', '', '', '', '{{}}', '{{}}', '{{}}', '{{}}', 0, 0, false, 0, $3
FROM unnest($1::text[], $2::bigint[]) AS dead (spu_id, revision) ORDER BY spu_id
ON CONFLICT (spu_id) DO UPDATE SET revision = excluded.revision, gone = true, words = '', described = '', ranked = '', facets = '{{}}'
"""
_PATCH_OFFERS = """
UPDATE {items} SET offers_revision = $2, variants = $3, codes = $4, prices = $5, price_from = $6, price_to = $7, in_stock = $8
WHERE spu_id = $1 AND offers_revision < $2 AND NOT gone
"""
_PATCH_SALES = """
WITH told AS (SELECT * FROM unnest($1::text[], $2::int[]) AS told (spu_id, sales)),
held AS (SELECT spu_id, told.sales FROM {items} JOIN told USING (spu_id) WHERE items.sales <> told.sales ORDER BY spu_id FOR UPDATE OF items),
shown AS (UPDATE {suggestions} AS s SET weight = held.sales FROM held WHERE s.kind = 'product' AND s.ref = held.spu_id)
UPDATE {items} AS i SET sales = held.sales FROM held WHERE i.spu_id = held.spu_id
"""
_LARGEST = 2**31 - 1
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Row:
    document: ProductDocument
    analysed: Analysed
    offers: Offers


class Writer:
    """The write half of the engine."""

    def __init__(self, database: Database, stemmer: Stemmer) -> None:
        self._database = database
        self._stemmer = stemmer

    async def put(self, documents: Sequence[ProductDocument], tables: Tables) -> None:
        """Hold each document that is newer than what is held of its product. One transaction, idempotent."""
        rows = await self._analysed(_newest(documents))
        async with writing(self._database, tables.ending) as tx:
            facets = (value for row in rows for value in (*row.analysed.facets, *row.offers.variants))
            ids = await ids_of(tx, tables, facets)
            held = {row["spu_id"]: row for row in await tx.fetch(tables.sql(_HELD), [r.document.spu_id for r in rows])}
            newer = [row for row in rows if _is_newer(row.document.revision, held.get(row.document.spu_id))]
            changes = counting.Changes()
            for row in newer:
                before = held.get(row.document.spu_id)
                changes.add(
                    row.analysed.vocabulary, row.analysed.names, [ids[facet[:2]] for facet in row.analysed.facets]
                )
                if before is not None:
                    changes.take(before["vocabulary"], before["names"], before["facets"])
            await self._write(tx, tables, newer, held, ids)
            await counting.count(tx, tables, changes)

    async def _analysed(self, documents: Sequence[ProductDocument]) -> list[_Row]:
        texts = [texts_of(document) for document in documents]
        plain = {word for text in texts for word in text.plain_words}
        async with looking(self._database) as tx:
            stems = await self._stemmer.stems(tx, plain)

        def rows(stems: Stems) -> list[_Row]:
            return [
                _Row(document, analyse(document, text, stems), offers_of(document))
                for document, text in zip(documents, texts, strict=True)
            ]

        return await asyncio.to_thread(rows, stems)

    async def _write(
        self,
        tx: Connection,
        tables: Tables,
        rows: Sequence[_Row],
        held: dict[str, Any],
        ids: dict[tuple[str, str], int],
    ) -> None:
        await tx.execute(
            tables.sql("DELETE FROM {suggestions} WHERE kind = 'product' AND ref = ANY($1)"),
            [row.document.spu_id for row in rows if row.document.spu_id in held],
        )
        await tx.executemany(tables.sql(_PUT_ITEM), [_item(row, held.get(row.document.spu_id), ids) for row in rows])
        await tx.executemany(
            tables.sql(_PUT_DOCUMENT),
            [
                (r.document.spu_id, _shown(r.document), list(r.analysed.vocabulary), list(r.analysed.names))
                for r in rows
            ],
        )
        told = [
            (row.document.spu_id, key, text, min(row.document.sales, _LARGEST))
            for row in rows
            for key, text in row.analysed.suggestions
        ]
        await tx.execute(
            tables.sql(_PUT_SUGGESTION), *([list(column) for column in zip(*told, strict=True)] or [[]] * 4)
        )

    async def remove(self, products: Sequence[Gone], tables: Tables) -> None:
        """Remember each product as gone that is not held at this or a higher revision. One transaction, idempotent."""
        latest = {gone.spu_id: gone.revision for gone in sorted(products, key=lambda gone: gone.revision)}
        async with writing(self._database, tables.ending) as tx:
            held = {row["spu_id"]: row for row in await tx.fetch(tables.sql(_HELD), list(latest))}
            dead = [spu_id for spu_id, revision in latest.items() if _is_newer(revision, held.get(spu_id))]
            changes = counting.Changes()
            for spu_id in dead:
                if spu_id in held:
                    changes.take(held[spu_id]["vocabulary"], held[spu_id]["names"], held[spu_id]["facets"])
            await tx.execute(tables.sql("DELETE FROM {suggestions} WHERE kind = 'product' AND ref = ANY($1)"), dead)
            await tx.execute(tables.sql("DELETE FROM {documents} WHERE spu_id = ANY($1)"), dead)
            await tx.execute(tables.sql(_BURY), dead, [latest[spu_id] for spu_id in dead], _LONG_AGO)
            await counting.count(tx, tables, changes)

    async def patch_offers(self, patches: Sequence[OfferPatch]) -> None:
        """Change the offers of each product that is held with older ones. One transaction, idempotent."""
        offers = {patch.spu_id: (patch.revision, offers_of(patch)) for patch in _newest(patches)}
        async with looking(self._database) as tx:
            ids = await ids_of(tx, LIVE, (value for _, offer in offers.values() for value in offer.variants))
            await tx.executemany(
                LIVE.sql(_PATCH_OFFERS),
                [
                    (spu_id, revision, [ids[v[:2]] for v in offer.variants], offer.codes, offer.prices,
                     offer.prices[0], offer.prices[-1], offer.in_stock)
                    for spu_id, (revision, offer) in sorted(offers.items())
                ],
            )  # fmt: skip

    async def patch_sales(self, patches: Sequence[SalesPatch]) -> None:
        """Change the sales of each product that is held. One transaction, idempotent."""
        latest = {patch.spu_id: min(patch.sales, _LARGEST) for patch in patches}
        async with looking(self._database) as tx:
            await tx.execute(LIVE.sql(_PATCH_SALES), list(latest), list(latest.values()))


def _is_newer(revision: int, held: Any) -> bool:
    return held is None or revision > held["revision"]


def _newest(documents: Iterable[Any]) -> list[Any]:
    """One a product, the one with the highest revision, in the order of their ids."""
    latest = {document.spu_id: document for document in sorted(documents, key=lambda document: document.revision)}
    return [latest[spu_id] for spu_id in sorted(latest)]


def _item(row: _Row, held: Any, ids: dict[tuple[str, str], int]) -> tuple[Any, ...]:
    document, analysed, offers = row.document, row.analysed, row.offers
    facets = [ids[facet[:2]] for facet in analysed.facets]
    start = (document.spu_id, document.revision)
    if held is not None and held["offers_revision"] > document.revision:
        kept = (held["variants"], held["codes"], held["prices"])
        offers_revision, prices, in_stock = held["offers_revision"], held["prices"], held["in_stock"]
    else:
        kept = ([ids[variant[:2]] for variant in offers.variants], offers.codes, offers.prices)
        offers_revision, prices, in_stock = document.revision, offers.prices, offers.in_stock
    return (
        *start, offers_revision, analysed.words, analysed.described, analysed.ranked, analysed.title, facets, *kept, prices[0], prices[-1], in_stock,
        min(document.sales, _LARGEST), document.published_at,
    )  # fmt: skip


def _shown(document: ProductDocument) -> dict[str, Any]:
    return {
        "title": document.title,
        "merchant_id": document.merchant_id,
        "merchant_name": document.merchant_name,
        "brand_id": document.brand_id,
        "brand_name": document.brand_name,
        "category_id": document.category_ids[-1],
        "image_url": document.image_url,
        "currency": document.price_from.currency,
    }
