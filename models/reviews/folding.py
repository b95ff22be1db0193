"""Brings a text into the form in which words are looked for, each letter with its place in the text as it was written.

Seen through here: case, full width, accents, traditional characters, letters that look alike, digits and signs that stand for
letters, letters drawn out, and everything that is neither letter nor digit.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import compress, pairwise

from models.shared import chinese

_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ＠＄]")
_NARROW = {0xFF01 + n: 0x21 + n for n in range(94)}
_LOOKALIKES = dict(zip("аеорсхуіјкмтнвԁѕցαοερτικυνβ", "aeopcxyijkmthbdsgaoeptikuvb", strict=True))
"""Cyrillic and Greek letters as the Latin ones they are taken for."""
_STANDS_FOR = str.maketrans("0134578@$", "oieastbas")
_SIGN = re.compile(r"[0134578@$]")
_SIGNS = re.compile(r"(?<=[A-Za-z])[0134578@$]+|[0134578@$]+(?=[A-Za-z])|(?<=\b[A-Za-z] )[0134578@$](?= [A-Za-z]\b)")
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")


@dataclass(frozen=True)
class Folded:
    """The letters that are compared, and where each stood."""

    text: str
    at: list[int]

    def adjacent(self, index: int) -> bool:
        """Whether nothing stood between this letter and the one before it."""
        return self.at[index] - self.at[index - 1] <= 1


class _Letters(dict[int, str]):
    """What each character is compared as; nothing for one that is neither letter nor digit. Fills itself."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        bare = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
        plain = unicodedata.normalize("NFKC", bare).casefold()
        plain = "".join(_LOOKALIKES.get(c, c) for c in plain if c.isalnum())
        if plain and not plain.isascii():
            plain = chinese.simplified(plain)
        self[code] = plain
        return plain


_letters = _Letters()


def fold(text: str) -> Folded:
    """The text as words are looked for in it."""
    plain = text.translate(_NARROW) if _WIDE.search(text) else text
    if _SIGN.search(plain):
        plain = _SIGNS.sub(_spelled, plain)
    parts = list(map(_letters.__getitem__, map(ord, plain)))
    letters = "".join(parts)
    places = list(compress(range(len(parts)), parts))
    if len(places) != len(letters):  # a character of several letters, like ß
        places = [place for place, part in enumerate(parts) for _ in part]
    folded = Folded(letters, places)
    return _not_drawn_out(folded) if _DRAWN_OUT.search(folded.text) else folded


def _spelled(signs: re.Match[str]) -> str:
    """Digits and signs beside letters, read as the letters they stand for."""
    return signs.group().translate(_STANDS_FOR)


def _not_drawn_out(folded: Folded) -> Folded:
    """A letter that stands three times and more, once: no word is spelled so."""
    kept: list[int] = []
    end = 0
    for run in _DRAWN_OUT.finditer(folded.text):
        kept += range(end, run.start() + 1)
        end = run.end()
    kept += range(end, len(folded.text))
    return Folded("".join(folded.text[n] for n in kept), [folded.at[n] for n in kept])


class _Sounds(dict[int, str]):
    """Each Chinese character as one letter that stands for its syllable without the tone; others as they are. Fills itself."""

    def __init__(self) -> None:
        self._syllables: dict[str, str] = {}

    def __missing__(self, code: int) -> str:
        character = chr(code)
        said = syllable(character)
        sound = character if said is None else self._syllables.setdefault(said, chr(0xE000 + len(self._syllables)))
        self[code] = sound
        return sound


_sounds = _Sounds()


def syllable(character: str) -> str | None:
    """How a Chinese character is read, in its most usual reading and without the tone; None for anything else."""
    return chinese.syllable(character) if is_chinese(character) else None


def sound(folded: str) -> str:
    """The folded text by its sounds, letter for letter."""
    return folded.translate(_sounds)


def is_chinese(letter: str) -> bool:
    """Whether this is a Chinese character."""
    return "\u3400" <= letter <= "\u9fff" or "\U00020000" <= letter <= "\U0003ffff"


def gaps(folded: Folded, start: int, end: int) -> list[int]:
    """Before which of these letters, the first one aside, something else stood."""
    places = folded.at
    return [start + n for n, (a, b) in enumerate(pairwise(places[start:end]), 1) if b - a > 1]
