"""Facets are counted over the hits without the facet's own filter: all that have none with the page itself (`paging.py`), each of
the others in a statement of its own."""

from collections.abc import Iterable, Sequence

from hanse.database import Connection
from search.embedded.filtering import Narrowing, Parameters, Wanted, where
from search.embedded.tables import LIVE
from search.query import MAX_WINDOW, FacetValue

_MOST_VALUES = 100
"""Of one facet; nobody chooses from more."""

_VALUES = """
SELECT facet, value, label, products, place FROM (
    SELECT f.facet, f.value, f.label, counted.products,
           row_number() OVER (PARTITION BY f.facet ORDER BY counted.products DESC, f.label, f.value) AS place
    FROM (SELECT id, count(*) AS products FROM (
              SELECT unnest({columns}) AS id FROM (SELECT facets, variants FROM {hits} LIMIT {window}) AS hits) AS ids
          GROUP BY id) AS counted
    JOIN {{facet_values}} AS f ON f.id = counted.id
    WHERE f.facet = ANY({asked})) AS placed
WHERE place <= {most}
"""
_STOCK = """
SELECT 'in_stock' AS facet, in_stock::text AS value, in_stock::text AS label, count(*) AS products,
       row_number() OVER (ORDER BY count(*) DESC, in_stock DESC) AS place
FROM (SELECT in_stock FROM {hits} LIMIT {window}) AS hits GROUP BY in_stock
"""
_IN_ORDER = "SELECT facet, value, label, products FROM ({counts}) AS told ORDER BY facet, place"

Facets = dict[str, tuple[FacetValue, ...]]


async def count_facets(tx: Connection, asked: Sequence[str], wanted: Wanted, narrowing: Narrowing) -> Facets:
    """The values of each facet that was asked, most frequent first. Beyond `MAX_WINDOW` hits only so many are counted."""
    found: Facets = {}
    for name in asked:
        if name in narrowing.own:
            found |= await _count(tx, [name], wanted, narrowing, but=name)
    rest = without_filter(asked, narrowing)
    if rest:
        found |= await _count(tx, rest, wanted, narrowing, but=None)
    return {name: found.get(name, ()) for name in asked}


def without_filter(asked: Sequence[str], narrowing: Narrowing) -> list[str]:
    """Those that have no filter of their own: they are counted over the very hits of the page."""
    return [name for name in dict.fromkeys(asked) if name not in narrowing.own]


def counted_over(hits: str, asked: Sequence[str], parameters: Parameters) -> str:
    """The statement that counts these facets over what follows FROM; its rows are for `read`."""
    written: dict[str, object] = {"hits": hits, "window": MAX_WINDOW}
    parts = [_STOCK.format(**written)] if "in_stock" in asked else []
    named = [name for name in asked if name != "in_stock"]
    if named:
        options = any(name.startswith("option.") for name in named)
        others = any(not name.startswith("option.") for name in named)
        written["columns"] = "facets || variants" if options and others else "variants" if options else "facets"
        written["asked"] = parameters.add([name.replace("\x00", "\ufffd") for name in named], "text[]")
        parts.append(_VALUES.format(**written, most=_MOST_VALUES))
    return _IN_ORDER.format(counts=" UNION ALL ".join(parts))


def read(rows: Iterable[Sequence[object]]) -> Facets:
    """The values of each facet, from rows of facet, value, label, number."""
    found: dict[str, list[FacetValue]] = {}
    for facet, value, label, count in rows:
        found.setdefault(str(facet), []).append(
            FacetValue.model_validate({"value": value, "label": label, "count": count})
        )
    return {facet: tuple(values) for facet, values in found.items()}


async def _count(
    tx: Connection, asked: Sequence[str], wanted: Wanted, narrowing: Narrowing, *, but: str | None
) -> Facets:
    parameters = Parameters()
    hits = f"{{items}} WHERE {where(wanted, narrowing, parameters, but=but)}"
    statement = counted_over(hits, asked, parameters)
    return read(tuple(row) for row in await tx.fetch(LIVE.sql(statement), *parameters.values))
