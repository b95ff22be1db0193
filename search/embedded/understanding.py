"""What the index knows about the words of a question: their stems, how common they are, what they may become, what they name."""

from hanse.database import Connection
from search.embedded.asking import Lexicon, Question, names_asked, plain_words, question, unfinished, words_asked
from search.embedded.stemming import Stemmer
from search.embedded.tables import LIVE
from search.language import Synonyms

_WORDS = """
SELECT word, products, names, false AS completes FROM {vocabulary} WHERE word = ANY($1)
UNION ALL
(SELECT word, products, names, true FROM {vocabulary} WHERE $2::text IS NOT NULL AND word ^@ $2 AND word <> $2
 ORDER BY products DESC, word LIMIT 3)
"""
_NAMED = """
SELECT id FROM {facet_values} WHERE facet IN ('brand', 'category') AND names && $1 AND products > 0
"""
_LONGEST_NAME = 4
"""Words of a brand's or a category's name."""


async def understood(tx: Connection, text: str, synonyms: Synonyms, stemmer: Stemmer) -> Question:
    """The text as a question."""
    normal, words = words_asked(text)
    if not words:
        return Question(normal, (), ())
    typed = unfinished(normal, words)
    rows = await tx.fetch(LIVE.sql(_WORDS), list(names_asked(words, synonyms)), typed.text if typed else None)
    products = {row["word"]: row["products"] for row in rows if not row["completes"]}
    known = typed is not None and (typed.text in products or bool(synonyms.of((typed,))))
    completions = () if known else tuple(row["word"] for row in rows if row["completes"])
    stems = await stemmer.stems(tx, plain_words(words, synonyms, completions))
    names = {row["word"]: row["names"] for row in rows}
    return question(normal, words, synonyms, Lexicon(stems, products, names, completions))


async def named(tx: Connection, asked: Question) -> list[int]:
    """The brands and categories that the question names."""
    texts = [word.text for word in asked.words]
    spans = [
        texts[start:end]
        for start in range(len(texts))
        for end in range(start + 1, min(start + _LONGEST_NAME, len(texts)) + 1)
    ]
    names = {joined for span in spans for joined in ("".join(span), " ".join(span))} | {asked.normal}
    return [row["id"] for row in await tx.fetch(LIVE.sql(_NAMED), list(names))]
