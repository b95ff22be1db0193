"""Facets are counted over the hits without the facet's own filter, in one statement for all that have none."""

from collections.abc import Sequence

from hanse.database import Connection
from search.embedded.filtering import Narrowing, Parameters, Wanted, where
from search.embedded.tables import LIVE
from search.query import MAX_WINDOW, FacetValue

_MOST_VALUES = 100
"""Of one facet; nobody chooses from more."""

_VALUES = """
SELECT facet, value, label, products FROM (
    SELECT f.facet, f.value, f.label, counted.products,
           row_number() OVER (PARTITION BY f.facet ORDER BY counted.products DESC, f.label, f.value) AS place
    FROM (SELECT id, count(*) AS products FROM (
              SELECT unnest({columns}) AS id FROM (
                  SELECT facets, variants FROM {{items}} WHERE {conditions} LIMIT {window}) AS hits) AS ids
          GROUP BY id) AS counted
    JOIN {{facet_values}} AS f ON f.id = counted.id
    WHERE f.facet = ANY({asked})) AS placed
WHERE place <= {most} ORDER BY facet, place
"""
_STOCK = """
SELECT in_stock, count(*) AS products FROM (SELECT in_stock FROM {{items}} WHERE {conditions} LIMIT {window}) AS hits
GROUP BY in_stock ORDER BY products DESC, in_stock DESC
"""

Facets = dict[str, tuple[FacetValue, ...]]


async def count_facets(tx: Connection, asked: Sequence[str], wanted: Wanted, narrowing: Narrowing) -> Facets:
    """The values of each facet that was asked, most frequent first. Beyond `MAX_WINDOW` hits only so many are counted."""
    found: Facets = dict.fromkeys(asked, ())
    for name in asked:
        if name in narrowing.own and name != "in_stock":
            found.update(await _values(tx, [name], wanted, narrowing, but=name))
    rest = [name for name in found if name not in narrowing.own and name != "in_stock"]
    if rest:
        found.update(await _values(tx, rest, wanted, narrowing, but=None))
    if "in_stock" in found:
        found["in_stock"] = await _stock(tx, wanted, narrowing)
    return found


async def _values(
    tx: Connection, asked: Sequence[str], wanted: Wanted, narrowing: Narrowing, *, but: str | None
) -> Facets:
    parameters = Parameters()
    options = any(name.startswith("option.") for name in asked)
    others = any(not name.startswith("option.") for name in asked)
    columns = "facets || variants" if options and others else "variants" if options else "facets"
    statement = _VALUES.format(
        columns=columns,
        conditions=where(wanted, narrowing, parameters, but=but),
        window=MAX_WINDOW,
        asked=parameters.add([name.replace("\x00", "\ufffd") for name in asked], "text[]"),
        most=_MOST_VALUES,
    )
    found: dict[str, list[FacetValue]] = {}
    for row in await tx.fetch(LIVE.sql(statement), *parameters.values):
        value = FacetValue(value=row["value"], label=row["label"], count=row["products"])
        found.setdefault(row["facet"], []).append(value)
    return {facet: tuple(values) for facet, values in found.items()}


async def _stock(tx: Connection, wanted: Wanted, narrowing: Narrowing) -> tuple[FacetValue, ...]:
    parameters = Parameters()
    statement = _STOCK.format(conditions=where(wanted, narrowing, parameters, but="in_stock"), window=MAX_WINDOW)
    rows = await tx.fetch(LIVE.sql(statement), *parameters.values)
    words = {True: "true", False: "false"}
    return tuple(
        FacetValue(value=words[row["in_stock"]], label=words[row["in_stock"]], count=row["products"]) for row in rows
    )
