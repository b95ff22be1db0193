"""Lexemes: the words of a text as the index keeps them, and text search vectors and queries written from them.

| lexeme | says |
|---|---|
| `shoes`, 跑鞋 | the word stands there |
| `~shoe` | a word with this stem does; the mark keeps a stem from being met by a prefix |
| `run shoe`, 手机壳 | these two words do, side by side (by their stems) |
| `_衣`, `_衣裙` | a character, two neighbours, inside Chinese words or across them: for questions that are cut otherwise |
| `$shoe`, `$run shoe`, `$手机壳` | the name ends so: what stands last in a name says what the thing is, and a 手机壳 is no 手机 |

Nothing is quoted by hand anywhere else: `quoted` is the one place where text becomes part of a tsvector or tsquery.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from search.language import Word, finer_words, is_han, pairs

Stems = Mapping[str, str]
"""The English stem of each word that has one."""

_LAST = "$"
_LONGEST_HAN_NAME = 6
_GOES_ON = frozenset(("for", "with", "in", "of", "and"))
"""What follows these in an English name says for whom it is, not what it is."""


def quoted(lexeme: str) -> str:
    """A lexeme as tsvector and tsquery read it, whatever it holds."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def stem_mark(stem: str) -> str:
    """How the index keeps a stem."""
    return "~" + stem


def fragment(han: str) -> str:
    """How the index keeps one or two Chinese characters, whatever words they belong to."""
    return "_" + han


def of_word(word: Word, stems: Stems) -> tuple[str, ...]:
    """The word itself and its stem; of a Chinese one also the words inside."""
    if word.is_han:
        return (word.text, *finer_words(word.text)) if len(word.text) > 2 else (word.text,)
    return (word.text, stem_mark(stems[word.text])) if word.text in stems else (word.text,)


def of_parts(word: Word, stems: Stems) -> tuple[str, ...]:
    """The pieces of a compound that is not Chinese, and their stems."""
    if word.is_han:
        return ()
    return (*word.parts, *(stem_mark(stems[part]) for part in word.parts if part in stems))


def side_by_side(words: Sequence[Word], stems: Stems) -> Iterator[str]:
    """Two neighbours as one lexeme, for each two of one script."""
    for one, other in pairwise(words):
        if one.is_han and other.is_han and one.end == other.start and len(one.text + other.text) <= _LONGEST_HAN_NAME:
            yield one.text + other.text
        elif not one.is_han and not other.is_han:
            yield f"{stems.get(one.text, one.text)} {stems.get(other.text, other.text)}"


def last_of_name(words: Sequence[Word], stems: Stems) -> Iterator[str]:
    """What a name of one script ends with, from the last word or character on."""
    if not words:
        return
    if words[-1].is_han:
        run = "".join(word.text for word in words)
        yield from (_LAST + run[-length:] for length in range(1, min(len(run), _LONGEST_HAN_NAME) + 1))
    else:
        tail = english_name(words)[-2:]
        if tail:
            yield _LAST + stems.get(tail[-1].text, tail[-1].text)
        if len(tail) == 2:
            yield _LAST + next(side_by_side(tail, stems))


def english_name(words: Sequence[Word]) -> Sequence[Word]:
    """The words of an English name that say what it is: without model numbers at its end, and up to the first `for`."""
    cut = next((place for place, word in enumerate(words) if place and word.text in _GOES_ON), len(words))
    while cut and any(letter.isdigit() for letter in words[cut - 1].text):
        cut -= 1
    return words[:cut]


def asked_as_last(words: Sequence[Word], stems: Stems) -> str | None:
    """The lexeme of a name that ends with these words."""
    if all(word.is_han for word in words):
        run = "".join(word.text for word in words)
        return _LAST + run if len(run) <= _LONGEST_HAN_NAME else None
    if any(word.is_han for word in words):
        return None
    return _LAST + " ".join(stems.get(word.text, word.text) for word in words[-2:])


def only_ranks(lexeme: str) -> bool:
    """Whether nothing is found by it: names' ends and English neighbours."""
    return lexeme.startswith(_LAST) or " " in lexeme


def inside(words: Sequence[Word]) -> set[str]:
    """Characters and pairs of characters inside Chinese words and across them."""
    found: set[str] = set()
    run, end = "", -1
    for word in (*words, Word("", -2, -2)):
        if word.text and word.is_han and word.start == end:
            run += word.text
        else:
            found.update(map(fragment, (*run, *pairs(run))))
            run = word.text if word.text and word.is_han else ""
        end = word.end
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


def scripts_of(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """The words in groups of one script: a title in two languages is two names."""
    group: list[Word] = []
    for word in words:
        if group and is_han(group[-1].text) != word.is_han:
            yield tuple(group)
            group = []
        group.append(word)
    if group:
        yield tuple(group)
