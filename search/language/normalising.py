"""One spelling for what looks alike: case, width, accents, traditional characters, control characters, emoji."""

import re
import unicodedata
from functools import lru_cache

from models.shared.chinese import simplified

_ACCENTS = re.compile("[\u0300-\u036f]")
_HAS_HAN = re.compile("[\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_SPACES = re.compile(r"\s+")
_ROUNDS = 4
"""One foldings's result may hold what another folds; the longest chain known to Unicode and OpenCC takes three."""


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    """A letter, digit, mark or punctuation as it is; what nobody types to find something becomes a space."""
    kind = unicodedata.category(character)
    return " " if kind[0] in "CZ" or kind in ("So", "Sk") else character


def normalise(text: str) -> str:
    """The text as it is compared: NFKC, lower case, no accents, simplified characters, single spaces.

    Any text is taken. Idempotent: what was normalised stays as it is.
    """
    for _ in range(_ROUNDS):
        folded = _fold(text)
        if folded == text:
            break
        text = folded
    return text


def _fold(text: str) -> str:
    shown = "".join(map(_shown, text))
    wide = unicodedata.normalize("NFKD", shown).casefold()
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", wide))
    if _HAS_HAN.search(plain):
        plain = simplified(plain)
    return _SPACES.sub(" ", plain).strip()
