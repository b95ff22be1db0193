"""What the index knows about the words of a question: their stems, how common they are, what they may become, what they name."""

from hanse.database import Connection
from search.embedded.asking import Lexicon, Question, names_asked, plain_words, question, unfinished, words_asked
from search.embedded.stemming import Stemmer
from search.embedded.tables import LIVE
from search.language import Synonyms, Word, cut_around, han_spans

_WORDS = """
SELECT word, products, names, false AS completes FROM {vocabulary} WHERE word = ANY($1)
UNION ALL
(SELECT word, products, names, true FROM {vocabulary} WHERE $2::text IS NOT NULL AND word ^@ $2 AND word <> $2
 ORDER BY products DESC, word LIMIT 3)
"""
_NAMED = """
SELECT id, facet, names FROM {facet_values} WHERE facet IN ('brand', 'category') AND names && $1 AND products > 0
"""
_LONGEST_NAME = 4
"""Words of a brand's or a category's name."""
_LONGEST_HAN_NAME = 6
"""Its characters."""


async def understood(tx: Connection, text: str, synonyms: Synonyms, stemmer: Stemmer) -> Question:
    """The text as a question."""
    normal, words = words_asked(text)
    if not words:
        return Question(normal, (), ())
    named, brands = await _named(tx, normal, words)
    words = cut_around(words, brands)
    typed = unfinished(normal, words)
    rows = await tx.fetch(LIVE.sql(_WORDS), list(names_asked(words, synonyms)), typed.text if typed else None)
    products = {row["word"]: row["products"] for row in rows if not row["completes"]}
    known = typed is not None and (typed.text in products or bool(synonyms.of((typed,))))
    completions = () if known else tuple(row["word"] for row in rows if row["completes"])
    stems = await stemmer.stems(tx, plain_words(words, synonyms, completions))
    things = {row["word"]: row["names"] for row in rows}
    return question(normal, words, synonyms, Lexicon(stems, products, things, completions), named)


async def _named(tx: Connection, normal: str, words: tuple[Word, ...]) -> tuple[tuple[int, ...], set[str]]:
    """The brands and categories that the question names, and how it calls the brands."""
    texts = [word.text for word in words]
    spans = [
        texts[start:end]
        for start in range(len(texts))
        for end in range(start + 1, min(start + _LONGEST_NAME, len(texts)) + 1)
    ]
    asked = {" ".join(span) for span in spans} | han_spans(words, _LONGEST_HAN_NAME) | {normal}
    rows = await tx.fetch(LIVE.sql(_NAMED), list(asked))
    return tuple(row["id"] for row in rows), {
        name for row in rows if row["facet"] == "brand" for name in row["names"] if name in asked
    }
