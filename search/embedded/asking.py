"""A question as the index understands it: its words, what each of them may be found by, and how."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Self

from search.embedded import lexemes
from search.embedded.lexemes import Stems, all_of, any_of, quoted, stem_mark
from search.language import STOP_WORDS, Synonyms, Word, normalise, words_of

_MOST_WORDS = 12
"""Words of a question that count; each costs every candidate a comparison."""
_MOST_SYNONYMS = 12
_PURPOSE = " for "
"""What follows says what for, not what."""
_MOST_TO_CHOOSE_FROM = 6
"""Terms of which some may be missing."""


@dataclass(frozen=True)
class Lexicon:
    """What the index knows of a question's words."""

    stems: Stems
    products: Mapping[str, int]
    """How many have each of the words that the vocabulary knows."""
    names: Mapping[str, int]
    """How many are called by it."""
    completions: tuple[str, ...]
    """Words that its last word may become."""


@dataclass(frozen=True)
class Operands:
    """Lexemes as a tsquery that one of them fulfils; ranking counts how many do."""

    query: str
    count: int


@dataclass(frozen=True)
class Term:
    """A word of a question, or a phrase that has synonyms."""

    text: str
    matches: str
    """A tsquery: what a product must have to be found by this term."""
    exact: Operands
    """What makes it rank as what was asked."""
    similar: Operands | None
    """What makes it rank as a synonym or a longer word."""
    last: Operands | None
    """What makes it rank as the thing itself, by the asked name or a synonym."""
    products: int
    names_a_thing: bool
    """Whether goods are called by it, rather than described."""


@dataclass(frozen=True)
class Question:
    """A question in terms. `normal` is its whole text, normalised."""

    normal: str
    words: tuple[Word, ...]
    terms: tuple[Term, ...]
    named: tuple[int, ...] = ()
    """The brands and categories that it names."""
    missing: int = 0
    """How many of its terms a product may lack."""
    one_thing_is_enough: bool = False
    """Whether of several terms that name a thing one is enough."""
    reads_descriptions: bool = False
    """Whether terms that name no thing may stand in the description alone."""

    @property
    def matches(self) -> str:
        """What a product must have that answers it; empty if it says nothing."""
        if not self.missing and not self.one_thing_is_enough:
            return all_of(term.matches for term in self.terms if term.names_a_thing or not self.reads_descriptions)
        free = sorted((term for term in self.terms if not term.names_a_thing), key=lambda term: term.products)
        free = free[:_MOST_TO_CHOOSE_FROM]
        named = [term.matches for term in self.terms if term.names_a_thing]
        things = any_of(named) if self.one_thing_is_enough else all_of(named)
        kept = max(0 if things else 1, len(free) - self.missing)
        others = any_of(all_of(term.matches for term in some) for some in combinations(free, kept))
        return all_of([things, others])

    @property
    def described(self) -> tuple[str, ...]:
        """What the description may say instead, a tsquery a term."""
        if not self.reads_descriptions:
            return ()
        return tuple(term.matches for term in self.terms if not term.names_a_thing)

    def in_descriptions(self) -> Self:
        """The same question, asked of descriptions too."""
        return replace(self, reads_descriptions=True)

    def relaxed(self) -> Iterator[Self]:
        """The same question asking for less and less: without some of what describes, at last for one of the things it names."""
        free = min(sum(not term.names_a_thing for term in self.terms), _MOST_TO_CHOOSE_FROM)
        things = sum(term.names_a_thing for term in self.terms)
        for missing in range(1, (free if things else free // 2) + 1):
            yield replace(self, reads_descriptions=False, missing=missing)
        if things > 1:
            yield replace(self, reads_descriptions=False, missing=max(1, free // 2), one_thing_is_enough=True)
            yield replace(self, reads_descriptions=False, missing=max(1, free), one_thing_is_enough=True)


def words_asked(text: str) -> tuple[str, tuple[Word, ...]]:
    """The normalised question and those of its words that say something."""
    normal = normalise(text)
    every = words_of(normal)
    telling = tuple(word for word in every if word.text not in STOP_WORDS)
    return normal, (telling or every)[:_MOST_WORDS]


def unfinished(normal: str, words: Sequence[Word]) -> Word | None:
    """The last word, if it may be one that is still being typed."""
    last = words[-1] if words else None
    return last if last and not last.is_han and len(last.text) > 1 and last.end == len(normal) else None


def plain_words(words: Sequence[Word], synonyms: Synonyms, completions: Sequence[str] = ()) -> set[str]:
    """Every word whose stem a question about these needs."""
    windows = [*_windows(words, synonyms), *(words_of(completion) for completion in completions)]
    others = [word for window in windows for phrase in synonyms.of(window) for word in words_of(phrase)]
    others += [word for completion in completions for word in words_of(completion)]
    return {
        part for word in (*words, *others) if not word.is_han for part in (word.text, *word.parts) if part.isalpha()
    }


def names_asked(words: Sequence[Word], synonyms: Synonyms) -> set[str]:
    """Every word and phrase that the vocabulary is asked about."""
    windows = list(_windows(words, synonyms))
    others = [words_of(phrase) for window in windows for phrase in synonyms.of(window)[:_MOST_SYNONYMS]]
    return {word.text for word in words} | {name for phrase in (*windows, *others) for name in names_of(phrase)}


def question(
    normal: str, words: Sequence[Word], synonyms: Synonyms, lexicon: Lexicon, named: tuple[int, ...]
) -> Question:
    """The question that these words ask."""
    open_end = unfinished(normal, words)
    purpose = normal.find(_PURPOSE) if _PURPOSE in normal else len(normal)
    terms = tuple(
        term if window[0].start < purpose else replace(term, names_a_thing=False)
        for window in _windows(words, synonyms)
        for term in (_term(window, synonyms, lexicon, open_end),)
    )
    return Question(normal, tuple(words), terms, named)


def _windows(words: Sequence[Word], synonyms: Synonyms) -> Iterator[tuple[Word, ...]]:
    """The words, those together that are a phrase with synonyms."""
    at = 0
    while at < len(words):
        most = min(synonyms.longest, len(words) - at)
        length = next((n for n in range(most, 1, -1) if synonyms.of(words[at : at + n])), 1)
        yield tuple(words[at : at + length])
        at += length


def _term(window: tuple[Word, ...], synonyms: Synonyms, lexicon: Lexicon, open_end: Word | None) -> Term:
    open_end = open_end if window[-1] is open_end else None
    others = [words_of(phrase) for phrase in synonyms.of(window)[:_MOST_SYNONYMS]]
    if open_end is not None and len(window) == 1:
        completed = [words_of(completion) for completion in lexicon.completions]
        others += [
            words_of(phrase) for words in completed for phrase in synonyms.of(words)[:_MOST_SYNONYMS]
        ] + completed
    stems = lexicon.stems
    own = all_of(_match(word, stems, open_end) for word in window)
    exact = dict.fromkeys([*_phrase(window, stems), *(word.text for word in window)])
    similar = [quoted(lexeme) for lexeme in dict.fromkeys(part for phrase in others for part in _phrase(phrase, stems))]
    if open_end is not None:
        similar.append(quoted(open_end.text) + ":*")
    last = dict.fromkeys(name for phrase in (window, *others) if (name := lexemes.asked_as_last(phrase, stems)))
    products = min(lexicon.products.get(word.text, 0) for word in window)
    return Term(
        text=" ".join(word.text for word in window),
        matches=any_of(
            [own, *(all_of(_match(word, stems, None, asked=False) for word in phrase) for phrase in others)]
        ),
        exact=Operands(any_of(map(quoted, exact)), len(exact)),
        similar=Operands(any_of(similar), len(similar)) if similar else None,
        last=Operands(any_of(map(quoted, last)), len(last)) if last else None,
        products=products,
        names_a_thing=any(_names_a_thing(phrase, lexicon) for phrase in (window, *others)),
    )


def names_of(words: Sequence[Word]) -> tuple[str, str]:
    """How the vocabulary may spell a name of these words."""
    return "".join(word.text for word in words), " ".join(word.text for word in words)


def _names_a_thing(words: Sequence[Word], lexicon: Lexicon) -> bool:
    """Whether at least a quarter of what has the word is called by it."""
    return any(4 * lexicon.names.get(name, 0) >= max(1, lexicon.products.get(name, 0)) for name in names_of(words))


def _match(word: Word, stems: Stems, open_end: Word | None, *, asked: bool = True) -> str:
    """Finds a product that has the word, its stem, all its parts, or a word that begins with it if it ends the question.

    A synonym of one or two characters must stand there as a word: 米 is rice, but not in 米色.
    """
    if word.is_han:
        fragments = word.parts or ((word.text,) if asked else ())
        return any_of([quoted(word.text), all_of(quoted(lexemes.fragment(part)) for part in fragments)])
    found = [*map(quoted, lexemes.of_word(word, stems))]
    if word.parts:
        found.append(all_of(any_of([quoted(part), *_stem(part, stems)]) for part in word.parts))
    if word is open_end:
        found.append(quoted(word.text) + ":*")
    return any_of(found)


def _phrase(words: Sequence[Word], stems: Stems) -> Iterator[str]:
    """The lexemes of a product whose texts say this."""
    if len(words) > 1:
        yield from lexemes.side_by_side(words, stems)
        return
    yield words[0].text
    if words[0].text in stems:
        yield stem_mark(stems[words[0].text])


def _stem(word: str, stems: Stems) -> list[str]:
    return [quoted(stem_mark(stems[word]))] if word in stems else []
