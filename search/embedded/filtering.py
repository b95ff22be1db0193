"""Filters as SQL conditions on items. Values travel as parameters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hanse.database import Connection
from search.embedded.tables import LIVE
from search.query import Filters

_NOWHERE = -1
"""The number of a facet value that no product ever had."""

_IDS = """
SELECT facet, value, id FROM {facet_values} JOIN unnest($1::text[], $2::text[]) AS asked (facet, value) USING (facet, value)
"""


@dataclass
class Parameters:
    """Values of a statement under construction."""

    values: list[Any] = field(default_factory=list)

    def add(self, value: Any, kind: str) -> str:
        """The placeholder that stands for this value."""
        self.values.append(value)
        return f"${len(self.values)}::{kind}"


@dataclass(frozen=True)
class Wanted:
    """What a text finds: products with the words, and any product with a SKU of that code or barcode."""

    matches: str
    """A tsquery; empty finds everything."""
    code: str

    def condition(self, parameters: Parameters) -> str:
        """True of every product that the text finds."""
        if not self.matches:
            return "true"
        matches, code = parameters.add(self.matches, "text"), parameters.add([self.code], "text[]")
        return f"(words @@ {matches}::tsquery OR codes && {code})"


@dataclass(frozen=True)
class Narrowing:
    """Filters with the numbers of their values; each part by the facet whose own filter it is."""

    parts: dict[str, tuple[str, list[int]]]
    """Facet to the column and the numbers of which an item must have one."""
    price_from: int | None
    price_to: int | None
    in_stock: bool

    def conditions(self, parameters: Parameters, *, but: str | None = None) -> Iterator[str]:
        """One condition a part, those of facet `but` left out."""
        yield "NOT gone"
        for facet, (column, ids) in self.parts.items():
            if facet != but:
                yield f"{column} && {parameters.add(ids, 'int[]')}"
        if self.in_stock and but != "in_stock":
            yield "in_stock"
        if self.price_from is not None or self.price_to is not None:
            low, high = _bounds(self.price_from, 0), _bounds(self.price_to, 2**62)
            least, most = parameters.add(low, "bigint"), parameters.add(high, "bigint")
            yield f"price_to >= {least} AND price_from <= {most}"
            yield f"EXISTS (SELECT FROM unnest(prices) AS price WHERE price BETWEEN {least} AND {most})"

    @property
    def own(self) -> set[str]:
        """The facets that have a filter of their own."""
        return {*self.parts, *(["in_stock"] if self.in_stock else [])}


def _bounds(asked: int | None, without: int) -> int:
    return without if asked is None else min(asked, 2**62)


async def narrowing(tx: Connection, filters: Filters) -> Narrowing:
    """The filters with the numbers that the index knows their values by. What it does not know finds nothing."""
    asked = {facet: part for facet, part in _asked(filters) if part[1]}
    pairs = [(facet, value) for facet, (_, values) in asked.items() for value in values]
    known: dict[tuple[str, str], int] = {}
    if pairs:
        rows = await tx.fetch(LIVE.sql(_IDS), [facet for facet, _ in pairs], [value for _, value in pairs])
        known = {(row["facet"], row["value"]): row["id"] for row in rows}
    parts = {
        facet: (column, [known.get((facet, value), _NOWHERE) for value in values])
        for facet, (column, values) in asked.items()
    }
    return Narrowing(parts, filters.price_from, filters.price_to, filters.in_stock)


def _asked(filters: Filters) -> Iterator[tuple[str, tuple[str, Sequence[str]]]]:
    if filters.category_id is not None:
        yield "category", ("facets", [filters.category_id])
    yield "brand", ("facets", filters.brand_ids)
    yield "merchant", ("facets", filters.merchant_ids)
    for code, values in filters.attributes.items():
        yield f"attribute.{_kept(code)}", ("facets", [_kept(value) for value in values])
    for label, values in filters.options.items():
        yield f"option.{_kept(label)}", ("variants", [_kept(value) for value in values])


def _kept(text: str) -> str:
    """PostgreSQL takes every character but NUL."""
    return text.replace("\x00", "\ufffd")


def where(wanted: Wanted, narrowing: Narrowing, parameters: Parameters, *, but: str | None = None) -> str:
    """The condition that hits fulfil: what the text wants, and every filter but that of facet `but`."""
    return " AND ".join([wanted.condition(parameters), *narrowing.conditions(parameters, but=but)])
