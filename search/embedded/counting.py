"""How many products have a word, a brand, a category: kept exact, so that nothing is completed or corrected to what finds nothing."""

from collections import Counter
from collections.abc import Iterable

from hanse.database import Connection
from search.embedded.analysis import heard
from search.embedded.tables import Tables

_WORDS = """
INSERT INTO {vocabulary} AS v (word, spelling, initials, sound, products)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[]) AS told (word, spelling, initials, sound, products)
ORDER BY word
ON CONFLICT (word) DO UPDATE SET products = v.products + excluded.products
"""
_UNUSED = """
DELETE FROM {vocabulary} WHERE word = ANY($1) AND products <= 0
"""
_FACETS = """
UPDATE {facet_values} AS f SET products = f.products + told.products
FROM unnest($1::int[], $2::int[]) AS told (id, products) WHERE f.id = told.id
"""


class Changes:
    """What some writes add to the counts and take from them."""

    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.facets: Counter[int] = Counter()

    def add(self, words: Iterable[str], facets: Iterable[int]) -> None:
        """One more product has these."""
        self.words.update(words)
        self.facets.update(facets)

    def take(self, words: Iterable[str], facets: Iterable[int]) -> None:
        """One product has these no longer."""
        self.words.subtract(words)
        self.facets.subtract(facets)


async def count(tx: Connection, tables: Tables, changes: Changes) -> None:
    """Keep the counts; the caller is this index's only writer."""
    words = {word: change for word, change in changes.words.items() if change}
    if words:
        spellings, firsts, sounds = zip(*map(heard, words), strict=True)
        await tx.execute(tables.sql(_WORDS), list(words), spellings, firsts, sounds, list(words.values()))
        await tx.execute(tables.sql(_UNUSED), [word for word, change in words.items() if change < 0])
    facets = {facet: change for facet, change in changes.facets.items() if change}
    await tx.execute(tables.sql(_FACETS), list(facets), list(facets.values()))
