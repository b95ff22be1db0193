"""What a buyer may be about to type, from one keystroke on."""

from collections.abc import Iterator, Sequence

from hanse.database import Database
from search.embedded.connecting import looking
from search.embedded.tables import LIVE
from search.language import normalise
from search.query import Suggestion

_INDEXED = 3
"""Characters up to which an index by first characters and weight answers without sorting."""

_NAMES = """
SELECT s.kind, s.ref, min(s.text) AS text, max(f.products) AS products
FROM {suggestions} AS s JOIN {facet_values} AS f ON f.facet = s.kind AND f.value = s.ref
WHERE s.kind IN ('brand', 'category') AND s.key ^@ $1 AND f.products > 0
GROUP BY s.kind, s.ref ORDER BY products DESC, s.ref LIMIT $2
"""
_WORDS = """
SELECT word FROM (
    SELECT word, products FROM {vocabulary} WHERE word ^@ $1
    UNION SELECT word, products FROM {vocabulary} WHERE spelling ^@ $1
    UNION SELECT word, products FROM {vocabulary} WHERE initials ^@ $1) AS found
ORDER BY products DESC, word LIMIT $2
"""
_PRODUCTS = """
SELECT ref, text FROM (
    SELECT ref, text, weight FROM {{suggestions}}
    WHERE kind = 'product' AND {begins} ORDER BY weight DESC LIMIT $2 * 4) AS found
GROUP BY ref, text, weight ORDER BY weight DESC, ref LIMIT $2
"""


async def suggestions(database: Database, typed: str, limit: int) -> Sequence[Suggestion]:
    """Categories and brands first, then words, then products; at most `limit`, of each kind its share."""
    key = normalise(typed)[:40]
    if not key or limit <= 0:
        return ()
    few = max(1, limit // 3)
    async with looking(database) as tx:
        names = await tx.fetch(LIVE.sql(_NAMES), key, few)
        words = await tx.fetch(LIVE.sql(_WORDS), key, limit)
        products = await tx.fetch(LIVE.sql(_PRODUCTS.format(begins=_begins(key))), key, limit)
    found = [Suggestion(text=row["text"], kind=row["kind"], id=row["ref"]) for row in names]
    found += [Suggestion(text=row["word"], kind="query") for row in words][
        : limit - len(found) - min(few, len(products))
    ]
    found += [Suggestion(text=row["text"], kind="product", id=row["ref"]) for row in products]
    return tuple(_distinct(found))[:limit]


def _begins(key: str) -> str:
    return f"left(key, {len(key)}) = $1" if len(key) <= _INDEXED else "key ^@ $1"


def _distinct(found: Sequence[Suggestion]) -> Iterator[Suggestion]:
    seen: set[str] = set()
    for suggestion in found:
        shown = normalise(suggestion.text)
        if shown not in seen:
            seen.add(shown)
            yield suggestion
