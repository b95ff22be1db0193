"""English stems by PostgreSQL's own Snowball dictionary, asked once a word."""

from collections.abc import Iterable

from hanse.database import Connection
from search.embedded.lexemes import Stems

_REMEMBERED = 50_000

_STEMS = """
SELECT word, (ts_lexize('english_stem', word))[1] AS stem FROM unnest($1::text[]) AS word
"""


class Stemmer:
    """Knows the stems of words it was asked before; at most 50,000."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    async def stems(self, connection: Connection, words: Iterable[str]) -> Stems:
        """The stems of these words. One that the dictionary takes for a stop word is its own stem."""
        asked = set(words)
        known = {word: self._known[word] for word in asked if word in self._known}
        unknown = list(asked - known.keys())
        if not unknown:
            return known
        found = {row["word"]: row["stem"] or row["word"] for row in await connection.fetch(_STEMS, unknown)}
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        self._known.update(found)
        return known | found
