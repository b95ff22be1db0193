"""Dictionaries of Chinese: words, simplified characters, how characters are read.

One of each a process, loaded by the first text that needs it: cutting takes 33 MB, simplifying 3, readings less than 1.
"""

import re
import unicodedata
from array import array
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_FIRST, _LAST = 0x3007, 0x323AF
"""The characters that can have a reading: from 〇 to the end of the last CJK extension."""
_READING = re.compile(r'"(\d+)": "([^",]+)')
_TONES = re.compile("[\u0300\u0301\u0304\u030c]")


def words(text: str, *, guess: bool = True) -> Sequence[str]:
    """The text cut by jieba's dictionary; `guess` also words that it does not know, by the characters they are made of."""
    from rjieba import cut  # the package's own instance: another one would be another 33 MB

    return cut(text, guess)


def finer_words(text: str) -> Sequence[str]:
    """The same with the words inside long words, too."""
    from rjieba import cut_for_search

    return cut_for_search(text)


def simplified(text: str) -> str:
    """Traditional characters as simplified ones."""
    changed: str = _to_simplified().convert(text)
    return changed


@cache
def _to_simplified() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def syllable(character: str) -> str | None:
    """A character's most usual reading without its tone, ü as v; None for what has none, as everything that is not Chinese."""
    code = ord(character)
    if not _FIRST <= code <= _LAST:
        return None
    places, syllables = _readings()
    place = places[code - _FIRST]
    return syllables[place] if place else None


@cache
def _readings() -> tuple["array[int]", list[str]]:
    """For each character where its syllable stands in the list; 0: it has none.

    Read from pypinyin's file: the library itself makes 13 MB of it, 56 with its phrases.
    """
    package = find_spec("pypinyin")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("the package pypinyin is not installed; run `make install`")
    places, syllables = array("H", bytes(2 * (_LAST - _FIRST + 1))), [""]
    place_of: dict[str, int] = {}
    with Path(package.submodule_search_locations[0], "pinyin_dict.json").open(encoding="utf-8") as lines:
        for line in filter(None, map(_READING.match, lines)):
            code, said = int(line[1]), line[2]
            if _FIRST <= code <= _LAST:
                if said not in place_of:
                    place_of[said] = len(syllables)
                    syllables.append(without_tone(said))
                places[code - _FIRST] = place_of[said]
    return places, syllables


def without_tone(said: str) -> str:
    """A syllable as it is typed: lǜ is lv."""
    plain = unicodedata.normalize("NFC", _TONES.sub("", unicodedata.normalize("NFD", said)))
    return plain.replace("ü", "v")
