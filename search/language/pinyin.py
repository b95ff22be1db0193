"""How Chinese sounds, in Latin letters: in full, by initials, and with sounds that many speakers do not tell apart as one."""

import re
from functools import cache, lru_cache
from typing import Any

_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"), ("v", "u"))


@cache
def _library() -> Any:
    import pypinyin  # 56 MB with its phrases: loaded by who meets Chinese that has to be spelled

    return pypinyin


@lru_cache(maxsize=8192)
def syllables(han: str) -> tuple[str, ...]:
    """The syllables without tones, ü as v: 连衣裙 is lian, yi, qun. What is not Chinese stays, as one syllable."""
    return tuple(_library().lazy_pinyin(han))


def spelled(han: str) -> str:
    """In full, without spaces: lianyiqun."""
    return "".join(syllables(han))


def initials(han: str) -> str:
    """The first letter of each syllable: lyq."""
    return "".join(syllable[0] for syllable in syllables(han) if syllable)


def sound_of(spelling: str) -> str:
    """One spelling for what sounds alike to many: zh and z, ang and an, ü and u."""
    for one, other in _ALIKE:
        spelling = spelling.replace(one, other)
    return re.sub("[^a-z0-9]", "", spelling)
