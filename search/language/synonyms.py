"""Words that mean the same to a buyer, from a file that operators edit (`synonyms.txt` unless a setting names another)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from search.language.normalising import normalise
from search.language.words import Word, is_han, words_of

PACKAGED = Path(__file__).with_name("synonyms.txt")


class SynonymsUnreadable(ValueError):
    """A line of the file says nothing that can be followed; the message names it."""


class Synonyms:
    """Which phrases also find which others."""

    def __init__(self, others: Mapping[str, Sequence[str]]) -> None:
        self._others = {_key(words_of(phrase)): tuple(found) for phrase, found in others.items()}
        self._mapping = {phrase: tuple(found) for phrase, found in others.items()}
        self._plain = frozenset(phrase for phrase in others if not is_han(phrase) and " " not in phrase)
        self._longest = max((key.count(" ") + 1 for key in self._others), default=0)

    @property
    def mapping(self) -> Mapping[str, Sequence[str]]:
        """Every phrase, normalised, with those it also finds."""
        return self._mapping

    @property
    def longest(self) -> int:
        """Words of the longest phrase."""
        return self._longest

    @property
    def plain_words(self) -> frozenset[str]:
        """The single words among them that are not Chinese."""
        return self._plain

    def of(self, words: Sequence[Word]) -> tuple[str, ...]:
        """What these words together also find, normalised; empty if nothing."""
        return self._others.get(_key(words), ())


def read_synonyms(text: str) -> Synonyms:
    """The synonyms a file says. Errors: SynonymsUnreadable with the line."""
    others: dict[str, dict[str, None]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        said = line.split("#", 1)[0].strip()
        if not said:
            continue
        asked, arrow, found = said.partition("=>")
        phrases, targets = _phrases(asked), _phrases(found) if arrow else _phrases(asked)
        if not phrases or not targets or (not arrow and len(phrases) < 2) or "=>" in found:
            raise SynonymsUnreadable(f"line {number} of the synonyms is neither `a, b` nor `a => b`: {line[:80]!r}")
        for phrase in phrases:
            others.setdefault(phrase, {}).update((target, None) for target in targets if target != phrase)
    return Synonyms({phrase: tuple(found) for phrase, found in others.items()})


def load_synonyms() -> Synonyms:
    """The synonyms of the file that comes with the code. Errors: SynonymsUnreadable, OSError."""
    return read_synonyms(PACKAGED.read_text(encoding="utf-8"))


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase for phrase in map(normalise, text.replace("，", ",").split(",")) if words_of(phrase))


def _key(words: Sequence[Word]) -> str:
    return " ".join(_without_plural(word.text) for word in words)


def _without_plural(word: str) -> str:
    plural = not is_han(word) and len(word) > 3 and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if plural else word
