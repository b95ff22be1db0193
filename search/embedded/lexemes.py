"""Lexemes: the words of a text as the index keeps them, and text search vectors and queries written from them.

A word is kept as it stands; its stem behind `~`, so that a prefix of a word never meets a stem. Nothing here is quoted by hand
anywhere else: `quoted` is the one place where text becomes part of a tsvector or tsquery.
"""

from collections.abc import Iterable, Mapping, Sequence

from search.language import Word, finer_words, pairs

Stems = Mapping[str, str]
"""The English stem of each word that has one."""


def quoted(lexeme: str) -> str:
    """A lexeme as tsvector and tsquery read it, whatever it holds."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def stem_mark(stem: str) -> str:
    """How the index keeps a stem."""
    return "~" + stem


def of_word(word: Word, stems: Stems) -> tuple[str, ...]:
    """What the index keeps of a word that counts fully."""
    if word.is_han:
        return (word.text, *finer_words(word.text)) if len(word.text) > 2 else (word.text,)
    spelled = (word.text, *word.parts)
    return (*spelled, *(stem_mark(stems[part]) for part in spelled if part in stems))


def inside(words: Sequence[Word]) -> set[str]:
    """Characters and pairs of characters inside Chinese words and across them: found when a question is cut otherwise."""
    found: set[str] = set()
    run, end = "", -1
    for word in (*words, Word("", -2)):
        if word.text and word.is_han and word.start == end:
            run += word.text
        else:
            found.update(run, pairs(run))
            run = word.text if word.text and word.is_han else ""
        end = word.start + len(word.text)
    return found


def vector(lexemes: Iterable[str]) -> str:
    """A tsvector that says which lexemes there are."""
    return " ".join(map(quoted, sorted(set(lexemes))))


def weighted_vector(weights: Mapping[str, str]) -> str:
    """A tsvector that says how much each lexeme counts: A, B, C or D."""
    return " ".join(f"{quoted(lexeme)}:1{weight}" for lexeme, weight in sorted(weights.items()))


def any_of(parts: Iterable[str]) -> str:
    """A tsquery that one of these fulfils; empty if there are none."""
    return _joined(parts, " | ")


def all_of(parts: Iterable[str]) -> str:
    """A tsquery that all of these fulfil; empty if there are none."""
    return _joined(parts, " & ")


def _joined(parts: Iterable[str], sign: str) -> str:
    kept = tuple(dict.fromkeys(part for part in parts if part))
    return kept[0] if len(kept) == 1 else f"({sign.join(kept)})" if kept else ""
