"""A question as the index understands it: its words, what each of them may be found by, and how."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from search.embedded.lexemes import Stems, all_of, any_of, quoted, stem_mark
from search.language import STOP_WORDS, Synonyms, Word, normalise, pairs, words_of

_MOST_WORDS = 12
"""Words of a question that count; each costs every candidate a comparison."""
_MOST_SYNONYMS = 12


@dataclass(frozen=True)
class Term:
    """A word of a question, or a phrase that has synonyms; as tsqueries."""

    text: str
    matches: str
    """What a product must have to be found by this term."""
    exact: str
    """What makes it rank as the word that was asked."""
    similar: str
    """What makes it rank as a synonym or a longer word; may be empty."""
    similar_count: int


@dataclass(frozen=True)
class Question:
    """A question in terms. `normal` is its whole text, normalised."""

    normal: str
    words: tuple[Word, ...]
    terms: tuple[Term, ...]

    @property
    def matches(self) -> str:
        """What a product must have that answers all of it; empty if it says nothing."""
        return all_of(term.matches for term in self.terms)


def words_asked(text: str) -> tuple[str, tuple[Word, ...]]:
    """The normalised question and those of its words that say something."""
    normal = normalise(text)
    every = words_of(normal)
    telling = tuple(word for word in every if word.text not in STOP_WORDS)
    return normal, (telling or every)[:_MOST_WORDS]


def plain_words(words: Sequence[Word], synonyms: Synonyms) -> set[str]:
    """Every word whose stem a question about these needs."""
    others = (
        word for window in _windows(words, synonyms) for phrase in synonyms.of(window) for word in words_of(phrase)
    )
    return {
        part for word in (*words, *others) if not word.is_han for part in (word.text, *word.parts) if part.isalpha()
    }


def question(normal: str, words: Sequence[Word], synonyms: Synonyms, stems: Stems) -> Question:
    """The question that these words ask. Its last word may be one that is still being typed."""
    open_end = words[-1] if words and normal.endswith(words[-1].text) else None
    terms = tuple(_term(window, synonyms, stems, open_end) for window in _windows(words, synonyms))
    return Question(normal, tuple(words), terms)


def _windows(words: Sequence[Word], synonyms: Synonyms) -> Iterator[tuple[Word, ...]]:
    """The words, those together that are a phrase with synonyms."""
    at = 0
    while at < len(words):
        length = next(
            (n for n in range(min(synonyms.longest, len(words) - at), 1, -1) if synonyms.of(words[at : at + n])), 1
        )
        yield tuple(words[at : at + length])
        at += length


def _term(window: tuple[Word, ...], synonyms: Synonyms, stems: Stems, open_end: Word | None) -> Term:
    others = synonyms.of(window)[:_MOST_SYNONYMS]
    phrases = [words_of(phrase) for phrase in others]
    own = all_of(_match(word, stems, open_end) for word in window)
    similar = dict.fromkeys(_rank(word, stems) for phrase in phrases for word in phrase)
    if open_end in window and _may_go_on(open_end):
        similar[quoted(open_end.text) + ":*"] = None
    return Term(
        text=" ".join(word.text for word in window),
        matches=any_of([own, *(all_of(_match(word, stems, None) for word in phrase) for phrase in phrases)]),
        exact=any_of(_rank(word, stems) for word in window),
        similar=any_of(similar),
        similar_count=len(similar),
    )


def _match(word: Word, stems: Stems, open_end: Word | None) -> str:
    """Finds a product that has the word, its stem, all its parts, or a word that begins with it if it ends the question."""
    if word.is_han:
        return any_of(
            [quoted(word.text), all_of(map(quoted, pairs(word.text)))] if len(word.text) > 2 else [quoted(word.text)]
        )
    found = [quoted(word.text)]
    if word.text in stems:
        found.append(quoted(stem_mark(stems[word.text])))
    if word.parts:
        found.append(all_of(any_of([quoted(part), *_stem(part, stems)]) for part in word.parts))
    if word is open_end and _may_go_on(word):
        found.append(quoted(word.text) + ":*")
    return any_of(found)


def _rank(word: Word, stems: Stems) -> str:
    if word.is_han:
        return quoted(word.text)
    spelled = [quoted(word.text), *_stem(word.text, stems)]
    return any_of(spelled)


def _stem(word: str, stems: Stems) -> list[str]:
    return [quoted(stem_mark(stems[word]))] if word in stems else []


def _may_go_on(word: Word | None) -> TypeGuard[Word]:
    """Whether an unfinished word says enough to look for what it may become."""
    return word is not None and not word.is_han and len(word.text) > 1
