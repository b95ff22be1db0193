"""Facet values have numbers: an item holds numbers, and what they stand for is told once."""

from collections.abc import Iterable

from hanse.database import Connection
from search.embedded.analysis import FacetValue, keys_of, names_in
from search.embedded.tables import Tables

_KNOWN = """
SELECT id, facet, value, label FROM {facet_values}
JOIN unnest($1::text[], $2::text[]) AS asked (facet, value) USING (facet, value)
"""
_TELL = """
INSERT INTO {facet_values} (facet, value, label, names)
SELECT $1, $2, $3, $4
ON CONFLICT (facet, value) DO UPDATE SET label = excluded.label, names = excluded.names
"""
_SUGGEST = """
INSERT INTO {suggestions} (kind, ref, key, text, weight) VALUES ($1, $2, $3, $4, 0) ON CONFLICT (kind, ref, key) DO UPDATE SET text = excluded.text
"""
_NAMED = ("brand", "category")
"""Facets that a buyer may ask for by name."""


async def ids_of(tx: Connection, tables: Tables, facets: Iterable[FacetValue]) -> dict[tuple[str, str], int]:
    """The number of each value by facet and value; new ones, and other names of known ones, are kept."""
    wanted = {(facet, value): label for facet, value, label in facets}
    known = await _known(tx, tables, wanted)
    new = sorted(
        (facet, value, label)
        for (facet, value), label in wanted.items()
        if known.get((facet, value), (0, None))[1] != label
    )
    if new:
        await tx.executemany(
            tables.sql(_TELL), [(f, value, label, names_in(label) if f in _NAMED else []) for f, value, label in new]
        )
        await _suggest(tx, tables, [facet for facet in new if facet[0] in _NAMED])
        known = await _known(tx, tables, wanted)
    return {key: number for key, (number, _) in known.items()}


async def _known(
    tx: Connection, tables: Tables, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, str]]:
    asked = list(wanted)
    rows = await tx.fetch(tables.sql(_KNOWN), [facet for facet, _ in asked], [value for _, value in asked])
    return {(row["facet"], row["value"]): (row["id"], row["label"]) for row in rows}


async def _suggest(tx: Connection, tables: Tables, named: list[FacetValue]) -> None:
    refs = [value for _, value, _ in named]
    await tx.execute(
        tables.sql("DELETE FROM {suggestions} WHERE kind IN ('brand', 'category') AND ref = ANY($1)"), refs
    )
    await tx.executemany(
        tables.sql(_SUGGEST), [(facet, value, key, label) for facet, value, label in named for key in keys_of(label)]
    )
